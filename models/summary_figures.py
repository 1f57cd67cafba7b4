"""What a month or year comes to: the work of people, and the centre's figures against their targets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from models.absence import Absence
from models.actor import acting_as, system_actor
from models.base import db, now
from models.centre import centre_facts, site_zone
from models.complaint import Complaint
from models.daily_close import DailyClose
from models.day_figures import done
from models.demo_record import has_demo_records
from models.digest_counts import subject_tree
from models.digest_figures import judged
from models.digest_needs import names_of
from models.figure_counts import counts_by_person, counts_of
from models.figure_kind import FigureKind, target_of
from models.letter import Letter
from models.masking import mask, plain_text
from models.office_calendar import working_calendar
from models.organisation import Staff
from models.proportion import Proportion
from models.span import Span
from models.step_taken import Move, StepTaken
from models.summary import PASSED_ON, Summary
from models.summary_period import SummaryPeriod

VERSION = 1
TOP_SUBJECTS = 5
# Of a person, by the name under which a summary keeps them, in the order in which people read them.
PERSON_FIGURES: dict[str, LazyString] = {
    "registered": _("Complaints registered"),
    "closed": _("Complaints closed"),
    "answered": _("First answer in time"),
    "solved": _("Solved in time"),
    "satisfied": _("Satisfied"),
    "calls": _("Calls"),
    "reached": _("Of these, reached"),
    "followed_up": _("Follow-ups in time"),
    "receipts": _("Receipts entered"),
    "letters": _("Letters entered"),
    "days_closed": _("Days closed"),
}
# Of these the shares, which are kept as [met, total].
SHARES = frozenset({"answered", "solved", "satisfied", "followed_up", "days_closed"})
_NONE = Proportion(0, 0)
_DAY = timedelta(days=1)
Figures = dict[str, Any]


def person_figures(period: SummaryPeriod, people: Collection[Staff]) -> dict[int, Figures]:
    """Return the figures of a period by person: numbers, and shares as [met, total]. Thirteen statements.

    As the panel counts them, whoever asks: a person's own page and the team's say the same.
    """
    keys = sorted(each.id for each in people)
    found: dict[int, Figures] = {
        key: {name: [0, 0] if name in SHARES else 0 for name in PERSON_FIGURES} for key in keys
    }
    if not keys:
        return found
    with acting_as(system_actor("summary")):
        span = period.span
        counted = [*done(keys, span.first_on, span.last_on), *_closed_and_written(keys, span)]
        for names, statement in counted:
            for staff_id, *numbers in db.session.execute(statement):
                known = dict(zip(names, numbers, strict=True))
                found[staff_id].update((name, known[name]) for name in known if name in PERSON_FIGURES)
        for name, by_person in counts_by_person(span, keys).items():
            for staff_id, share in by_person.items():
                found[staff_id][name] = [share.met, share.total]
        for staff_id, share in days_closed(people, span).items():
            found[staff_id]["days_closed"] = [share.met, share.total]
    return found


def _closed_and_written(people: list[int], span: Span) -> list[tuple[tuple[str, ...], Any]]:
    number, letter = func.count(), Letter
    return [
        (
            ("closed",),
            select(Complaint.responsible_id, func.count(Complaint.id.distinct()))
            .join(StepTaken, StepTaken.complaint_id == Complaint.id)
            .where(
                StepTaken.move == Move.CONFIRM,
                span.has_instant(StepTaken.taken_at),
                Complaint.responsible_id.in_(people),
            )
            .group_by(Complaint.responsible_id),
        ),
        (
            ("letters",),
            select(letter.created_by_id, number)
            .where(span.has_instant(letter.created_at), letter.created_by_id.in_(people))
            .group_by(letter.created_by_id),
        ),
    ]


def days_closed(people: Collection[Staff], span: Span) -> dict[int, Proportion]:
    """Return how many of the working days on which they were there people have closed; three statements.

    Nobody owes a day from before the centre began to close days, or before the own account, nor today.
    """
    keys = sorted(each.id for each in people)
    began = db.session.scalar(select(func.min(DailyClose.day)))
    if began is None:
        return {}
    closed: dict[int, set[date]] = {}
    for staff_id, day in db.session.execute(
        select(DailyClose.staff_id, DailyClose.day).where(
            DailyClose.staff_id.in_(keys),
            span.has_day(DailyClose.day),
            DailyClose.closed_at.is_not(None),
        )
    ):
        closed.setdefault(staff_id, set()).add(day)
    away: dict[int, list[tuple[date, date]]] = {}
    for staff_id, starts_on, ends_on in db.session.execute(
        select(Absence.staff_id, Absence.starts_on, Absence.ends_on).where(
            Absence.staff_id.in_(keys), Absence.ends_on >= span.first_on, Absence.starts_on <= span.last_on
        )
    ):
        away.setdefault(staff_id, []).append((starts_on, ends_on))
    yesterday = now().astimezone(site_zone()).date() - _DAY
    days = _working_days(max(span.first_on, began), min(span.last_on, yesterday))
    found = {}
    for each in people:
        since = each.created_at.astimezone(site_zone()).date()
        owed = {
            day
            for day in days
            if day >= since and not any(one <= day <= last for one, last in away.get(each.id, ()))
        }
        found[each.id] = Proportion(len(owed & closed.get(each.id, set())), len(owed))
    return found


def _working_days(first: date, last: date) -> list[date]:
    calendar = working_calendar()
    days = (first + number * _DAY for number in range((last - first).days + 1))
    return [day for day in days if calendar.is_working_day(day)]


def centre_figures(period: SummaryPeriod) -> Figures:
    """Return what a period came to for the centre, beside the one before and the same a year before.

    As data that JSON can hold, without any language in it. The number of statements is the same for any
    number of cases, and larger for a month, whose year before lies apart.
    """
    with acting_as(system_actor("summary")):
        spans = _compared(period)
        counts: dict[FigureKind, dict[date, Proportion]] = {kind: {} for kind in FigureKind}
        subjects: dict[date, dict[int, int]] = {}
        for span in spans:
            for kind, by_unit in counts_of(span, list(FigureKind)).items():
                counts[kind].update(by_unit)
            for first_on, number in _by_subject(span).items():
                subjects.setdefault(first_on, {}).update(number)
        targets = centre_facts().figure_targets
        return {
            "version": VERSION,
            "period": str(period),
            "cut_at": now().isoformat(),
            "timezone": site_zone().key,
            # While anything here is invented, no figure is free of it.
            "is_demo": has_demo_records(),
            "figures": [_figure(kind, counts[kind], period, targets) for kind in FigureKind],
            "complaints": _beside(period, {first: sum(each.values()) for first, each in subjects.items()}),
            "subjects": _top(period, subjects),
        }


def _compared(period: SummaryPeriod) -> list[Span]:
    """Return the spans that are counted: the period, the one before, and that of a year before.

    While the period goes on, those before are counted as far as it has come.
    """
    span, before, year_before = period.span, period.previous, period.year_before
    compared = [before] if year_before == before else [before, year_before]
    if span.last_on == period.last_on:
        # The one before lies next to it: both in one.
        both = Span(span.unit, before.first_on, span.last_on, span.zone)
        return [both, *(each.span for each in compared[1:])]
    return [span, *(each.until_as_far(span) for each in compared)]


def _figure(
    kind: FigureKind,
    by_unit: Mapping[date, Proportion],
    period: SummaryPeriod,
    targets: Mapping[str, float],
) -> Figures:
    def counted(of: SummaryPeriod) -> dict[str, int]:
        share = by_unit.get(of.first_on, _NONE)
        return {"met": share.met, "total": share.total}

    return {
        "key": kind.value,
        **judged(kind, by_unit.get(period.first_on, _NONE), target_of(kind, targets)),
        "before": counted(period.previous),
        "year_before": counted(period.year_before),
    }


def _by_subject(span: Span) -> dict[date, dict[int, int]]:
    """Return the complaints registered, by unit and subject; one statement."""
    unit, counts = span.unit_of(Complaint.registered_at), dict[date, dict[int, int]]()
    found = select(unit, Complaint.subject_id, func.count(Complaint.id)).where(
        span.has_instant(Complaint.registered_at)
    )
    for first, subject_id, number in db.session.execute(found.group_by(unit, Complaint.subject_id)):
        counts.setdefault(first.date(), {})[subject_id] = number
    return counts


def _beside(period: SummaryPeriod, counts: Mapping[date, int]) -> dict[str, int]:
    return {
        "now": counts.get(period.first_on, 0),
        "before": counts.get(period.previous.first_on, 0),
        "year_before": counts.get(period.year_before.first_on, 0),
    }


def _top(period: SummaryPeriod, counts: Mapping[date, Mapping[int, int]]) -> list[Figures]:
    """Return the subjects most complained about in the period, each beside the one before."""
    present = counts.get(period.first_on, {})
    top = sorted(present, key=lambda key: (-present[key], key))[:TOP_SUBJECTS]
    tree = subject_tree() if top else {}
    return [
        {
            "id": key,
            **names_of(tree[key]),
            **_beside(period, {first: each.get(key, 0) for first, each in counts.items()}),
        }
        for key in top
    ]


def sent_payload(figures: Figures, centre: Summary, gathered: Iterable[tuple[Staff, Summary]]) -> Figures:
    """Return what leaves the centre: its figures, what it says, and what people suggest and have heard.

    Texts are masked, as a digest's quotations are.
    """
    return {
        **figures,
        "said": {name: masked(text) for name, text in centre.said().items()},
        "passed_on": {
            name: [
                {"by": person.name, "text": masked(text)}
                for person, summary in gathered
                if (text := summary.said().get(name))
            ]
            for name in PASSED_ON
        },
    }


def masked(text: str) -> str:
    """Return a text without what names a customer or a vehicle; other lines stay as they are."""
    lines = [(line, mask(line)) for line in text.splitlines()]
    return "\n".join(line if found == plain_text(line) else found for line, found in lines)
