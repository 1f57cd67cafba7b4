"""All there is about one complaint in the order of its procedure, as its archive shows and prints it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select

from models import (
    CallRecord,
    Complaint,
    Deadline,
    DeadlineRule,
    DepartmentTask,
    Letter,
    Notice,
    Proposal,
    StepTaken,
    db,
)
from models.agreement import missing_agreement
from models.base import now, reads_english
from models.centre import centre_facts
from models.complaint import Step
from models.deadline_rule import all_rules
from models.need_to_know import readable
from models.step_taken import Move
from views.archive_papers import NotedEntry, Paper
from views.archive_parts import ANSWERED, HANDLING, OF_VEHICLE, PARTS, PROPOSED, Line, Parts, view_for
from views.clock import show_instant
from views.complaint_stages import Stage, stages_of
from views.deadline_words import rule_in_words

if TYPE_CHECKING:
    from views.base import RecordView


@dataclass(frozen=True, slots=True)
class Entry:
    """One of several things of a kind: what it is, when and by whom, and what was written."""

    title: str
    about: str
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the archive; `about` says when and by whom, `nothing` what to say where it is empty.

    What is alike in every row stands in a table of `columns` and `rows`.
    """

    title: str
    about: str = ""
    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    nothing: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing stands in it."""
        return not (self.lines or self.entries or self.rows)


@dataclass(frozen=True, slots=True)
class Archive:
    """A complaint whole, in the reader's language and as far as the reader may see it.

    `withheld` are the kinds of records that are not open to the reader.
    """

    number: str
    title: str
    state: str
    is_closed: bool
    centre: str
    made: str
    head: list[Line]
    chapters: list[Chapter]
    papers: list[Paper]
    withheld: list[str]


def archive_of(view: RecordView, row: Complaint) -> Archive:
    """Return a complaint with all that belongs to it; a fixed number of queries, however much that is."""
    parts = Parts(view, row)
    is_closed = row.step is Step.CONFIRMED
    return Archive(
        number=row.number,
        title=str(_("Complaint file %(number)s", number=row.number)),
        state=_state(row),
        is_closed=is_closed,
        centre=centre_facts().shown_name(is_english=reads_english()) or str(_("Huisheng")),
        made=str(_("Made by %(name)s, %(at)s", name=current_user.name, at=show_instant(now()))),
        head=parts.lines(row, ("customer_name", "phone", "subject_id", "severity", "is_safety_relevant"))
        + parts.lines(row, ("region_id", "responsible_id", "registered_at", "confirmed_at")),
        chapters=[*_steps(parts), *_rest(parts)],
        papers=parts.papers,
        withheld=parts.withheld,
    )


def _state(row: Complaint) -> str:
    """Return whether this is final, and what it was made from."""
    if row.step is not Step.CONFIRMED or row.confirmed_at is None:
        return str(
            _(
                "Not closed: this is the course so far, made from version %(version)s of the complaint. It"
                " stands at the step “%(step)s”.",
                version=row.version,
                step=row.step.label,
            )
        )
    return str(
        _(
            "Closed on %(at)s and read-only since. Made from version %(version)s of the complaint.",
            at=show_instant(row.confirmed_at),
            version=row.version,
        )
    )


def _steps(parts: Parts) -> Iterator[Chapter]:
    """Yield a chapter for each of the seven steps, with what was written there."""
    row, sections = parts.row, parts.view.form_sections
    written = {
        Step.REGISTERED: parts.lines(row, sections[0].names),
        Step.VERIFIED: parts.lines(row, sections[1].names),
        Step.ANALYSED: parts.lines(row, sections[2].names),
        Step.AGREED: _agreement(parts),
        Step.CARRIED_OUT: parts.lines(row, ("spot_answer",)),
        Step.CONFIRMED: parts.lines(row, ("confirmed_by", "satisfaction", "confirmation"))
        if row.step is Step.CONFIRMED
        else [],
    }
    entries = {
        Step.PROPOSED: [_proposal(parts, each) for each in parts.rows[Proposal]],
        Step.AGREED: [_answer(parts, each) for each in parts.rows[Proposal] if each.told_at],
        Step.CARRIED_OUT: [_task(parts, each) for each in parts.rows[DepartmentTask]],
    }
    is_on_the_spot = any(each.move is Move.ANSWER_ON_THE_SPOT for each in parts.rows[StepTaken])
    for number, stage in enumerate(stages_of(row), start=1):
        passed_over = is_on_the_spot and stage.step in (Step.PROPOSED, Step.AGREED)
        yield Chapter(
            title=f"{number}. {stage.step.label}",
            about=_who_and_when(stage),
            lines=written.get(stage.step, []),
            entries=entries.get(stage.step, []),
            nothing=str(_("Answered on the spot: not needed.") if passed_over else _nothing(stage)),
        )


def _who_and_when(stage: Stage) -> str:
    return _joined(stage.who, show_instant(stage.at) if stage.at else None)


def _nothing(stage: Stage) -> str:
    return str(_("Nothing was written.") if stage.is_reached else _("Not reached yet."))


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _proposal(parts: Parts, row: Proposal) -> Entry:
    lines = parts.lines(row, PROPOSED)
    return Entry(_joined(row.number, str(row.state.label)), show_instant(row.created_at), lines)


def _answer(parts: Parts, row: Proposal) -> Entry:
    return Entry(_joined(row.number, str(row.state.label)), "", parts.lines(row, ANSWERED))


def _task(parts: Parts, row: DepartmentTask) -> Entry:
    lines = parts.lines(row, PARTS[DepartmentTask][1])
    return Entry(_joined(row.number, str(row.state.label)), "", [*lines, *parts.of_papers(row)])


def _agreement(parts: Parts) -> list[Line]:
    signed = [str(each.number) for each in parts.papers if each.is_agreement]
    if signed:
        numbers = str(_(", ")).join(signed)
        return [Line(str(_("Signed agreement")), str(_("Paper %(numbers)s", numbers=numbers)))]
    unsigned = missing_agreement(parts.row)
    if unsigned is None:
        return []
    why = readable(Proposal, "no_agreement_because", unsigned.no_agreement_because or "")
    return [Line(str(_("Signed agreement")), _joined(str(_("Still missing")), why))]


def _rest(parts: Parts) -> Iterator[Chapter]:
    """Yield what belongs to no step alone: the whole course, and all that was said and written."""
    handling = [name for name in HANDLING if getattr(parts.row, name)]
    yield Chapter(str(_("Handling")), lines=parts.lines(parts.row, handling))
    if parts.vehicle is not None:
        yield Chapter(str(_("Vehicle")), lines=parts.lines(parts.vehicle, OF_VEHICLE))
    yield _course(parts)
    yield _deadlines(parts.row)
    for model in (Notice, CallRecord, Letter):
        view = view_for(model)
        if str(view.plural) not in parts.withheld:
            entries = [_record(parts, each) for each in parts.rows[model]]
            yield Chapter(str(view.plural), entries=entries, nothing=str(_("None.")))
    notes = [_note(each) for each in parts.noted if each.body]
    yield Chapter(str(_("Notes")), entries=notes, nothing=str(_("None.")))


def _course(parts: Parts) -> Chapter:
    columns = [str(_("When")), str(_("Step")), str(_("Who")), str(_("Remark"))]
    rows = [
        [
            show_instant(each.taken_at),
            str(each.move.label),
            parts.text(each, "created_by_id") or str(_("The panel")),
            parts.text(each, "remark"),
        ]
        for each in parts.rows[StepTaken]
    ]
    return Chapter(str(_("Course")), columns=columns, rows=rows, nothing=str(_("No step is on record.")))


def _record(parts: Parts, row: Any) -> Entry:
    happened, names = PARTS[type(row)]
    title = _joined(row.number, row.name if isinstance(row, Notice) else None)
    return Entry(
        title,
        parts.text(row, happened) or str(_("Not sent yet")),
        [*parts.lines(row, names), *parts.of_papers(row)],
    )


def _note(noted: NotedEntry) -> Entry:
    return Entry(noted.who, _joined(show_instant(noted.at), noted.owner_label), [Line("", noted.body)])


def _deadlines(row: Complaint) -> Chapter:
    """Return what was due by when, and whether it was kept; two queries."""
    found = select(Deadline).where(Deadline.complaint_id == row.id).order_by(Deadline.started_at, Deadline.id)
    rules = {rule.id: rule for rule in all_rules()}
    names = (_("Deadline"), _("Given"), _("Began"), _("Due"), _("Settled"), _("Kept in time"))
    at = now()
    rows = [_deadline(each, rules.get(each.rule_id), at) for each in db.session.scalars(found)]
    return Chapter(
        str(_("Deadlines")), columns=[str(name) for name in names], rows=rows, nothing=str(_("None."))
    )


def _deadline(each: Deadline, rule: DeadlineRule | None, at: datetime) -> list[str]:
    is_late = each.is_late(at)
    if each.settled_at is not None:
        kept = _("Too late") if is_late else _("Yes")
    else:
        kept = _("Not settled, late") if is_late else _("Not settled")
    days = round(each.paused_seconds / 86400)
    stood = ngettext("stood still for %(num)d day", "stood still for %(num)d days", days) if days else ""
    return [
        str(each.kind.label),
        rule_in_words(rule) if rule is not None else "",
        show_instant(each.started_at),
        show_instant(each.due_at),
        show_instant(each.settled_at) if each.settled_at is not None else "",
        _joined(str(kept), str(stood)),
    ]
