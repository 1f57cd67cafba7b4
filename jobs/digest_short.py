"""Saying a frozen digest in the few lines that a chat group reads, in one group's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from jobs import digest_figure_wording as figure_wording
from jobs import digest_loop_wording as loop_words
from jobs import digest_wording as wording
from jobs.robot_message import Message, plain
from models.digest_version import current_shape
from models.organisation import Locale

# Of what needs the department; the mail, and the panel, tell of the others.
NEEDS_MOST = 5
# Of the subjects, those with a customer's words beneath.
QUOTED_MOST = 3


def short_digest(payload: Mapping[str, Any], locale: Locale, panel: str, digest_id: int) -> Message:
    """Return what a group is told of a digest: counts, what is owed, subjects, figures and parts.

    It has no links in which somebody acts: in a group everybody would act in the same name.
    """
    shaped = current_shape(payload)
    with force_locale(locale.value):
        lines = [
            f"{wording.period(shaped)} · {_('data as of %(at)s', at=wording.cut(shaped))}",
            *_lines(shaped, panel),
        ]
        return Message(wording.subject_line(shaped), lines, f"{panel}/digest/details/?id={digest_id}")


def _lines(payload: Mapping[str, Any], panel: str) -> Iterator[str]:
    if payload["is_calm"]:
        yield plain(_("A calm week: no new complaint and no part fault that concerns this department."))
        yield plain(_("Nothing is open, nothing is unanswered."))
        return
    yield from _counts(payload)
    yield from _needs(payload, panel)
    yield from _subjects(payload)
    yield from _figures(payload)
    yield from _closed_loop(payload)
    yield from _parts(payload)


def _counts(payload: Mapping[str, Any]) -> Iterator[str]:
    new = payload["new"]
    compared = wording.comparison(new, payload["history_weeks"])
    yield f"**{_('New complaints')}** {new['this_week']} ({plain(compared)})"
    still_open = _("Still open: %(count)s", count=payload["open"]["total"])
    yield plain(f"{_('Severe or about safety')}: {new['grave']} · {still_open}")


def _needs(payload: Mapping[str, Any], panel: str) -> Iterator[str]:
    needs = payload["needs_you"]
    if not needs["items"]:
        yield plain(_("Nothing is overdue, no severe complaint is open, none is unanswered."))
        return
    yield ""
    yield f"**{_('Needs you')}** {plain(' · '.join(wording.needs_counts(payload)))}"
    for item in needs["items"][:NEEDS_MOST]:
        yield f"- [{plain(item['number'])}]({wording.address_of(item, panel)}) {plain(_need(item))}"
    more = needs["total"] - len(needs["items"][:NEEDS_MOST])
    if more > 0:
        yield plain(_("And %(count)s more: see the panel.", count=more))


def _need(item: Mapping[str, Any]) -> str:
    owner = item.get("owner") or _("nobody responsible")
    if item["kind"] in ("measure", "task"):
        kind = _("Measure") if item["kind"] == "measure" else _("Task")
        return f"{kind} · {wording.days_late(item)} · {item['text']} · {owner}"
    waiting = _("waiting %(time)s", time=wording.waiting(item))
    name = wording.name_of(item["subject"])
    if item["kind"] == "decision":
        return f"{_('Decision waiting')} · {name} · {waiting}"
    return " · ".join([*wording.marks(item), name, waiting, owner])


def _subjects(payload: Mapping[str, Any]) -> Iterator[str]:
    top = payload["subjects"]["top"]
    if not top:
        return
    yield ""
    yield f"**{_('What customers complained about most')}**"
    for place, row in enumerate(top, 1):
        compared = wording.comparison(row, payload["history_weeks"])
        yield plain(f"{place}. {wording.name_of(row)}: {row['this_week']} ({compared})")
        if row["quotation"] and place <= QUOTED_MOST:
            yield plain(f"“{row['quotation']['text']}”")


def _figures(payload: Mapping[str, Any]) -> Iterator[str]:
    shown = figure_wording.shown(payload)
    quiet = figure_wording.quiet(payload)
    if shown or quiet:
        yield ""
        yield f"**{_('Figures')}**"
    for figure in shown:
        said = (
            f"{figure_wording.name(figure)}: {figure_wording.value(figure)}, {figure_wording.verdict(figure)}"
        )
        yield f"- {plain(said)}"
    if quiet:
        yield plain(f"{_('on target')}: {figure_wording.in_one_line(quiet)}")


def _closed_loop(payload: Mapping[str, Any]) -> Iterator[str]:
    found = payload["closed_loop"]
    if not found or not found["rows"]:
        return
    yield ""
    yield f"**{_('Did measures help?')}**"
    for row in found["rows"][:NEEDS_MOST]:
        said = f"{loop_words.verdict(row)}: {row['text']}"
        yield f"- {plain(said)}"


def _parts(payload: Mapping[str, Any]) -> Iterator[str]:
    found = payload["parts"]
    if not found or not found["rows"]:
        return
    compared = wording.comparison(found["total"], found["history_weeks"])
    yield ""
    yield f"**{_('Parts quality')}** {found['total']['this_week']} ({plain(compared)})"
    for row in found["rows"][:NEEDS_MOST]:
        supplier = row["supplier"] or _("supplier unknown")
        said = f"{wording.name_of(row['part'])}, {supplier}: {row['this_week']}"
        yield f"- {plain(said)}"
