"""Saying in words what a month or year came to, for the centre and for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from babel.dates import format_skeleton
from flask_babel import get_locale, gettext

from jobs import digest_figure_wording as figures
from models.summary import TEXTS
from models.summary_figures import PERSON_FIGURES, SHARES
from models.summary_period import SummaryPeriod

Payload = Mapping[str, Any]


def _(message: str, **values: Any) -> str:
    return str(gettext(message, **values))


def period_name(period: SummaryPeriod) -> str:
    """Return a month with its year, or a year, as people say it."""
    skeleton = "yMMMM" if period.is_month else "y"
    return str(format_skeleton(skeleton, period.first_on, locale=get_locale()))


def title(period: SummaryPeriod) -> str:
    """Return what a summary of the period is called."""
    if period.is_month:
        return _("Monthly summary %(period)s", period=period_name(period))
    return _("Yearly summary %(period)s", period=period_name(period))


def period_of(payload: Payload) -> SummaryPeriod:
    """Return the period that a payload is about."""
    return SummaryPeriod.parse(payload["period"])


def subject_line(payload: Payload) -> str:
    """Return the mail's subject, which carries the numbers; what is invented says so first."""
    numbers = [_("%(count)s complaints", count=payload["complaints"]["now"])]
    satisfied = next((each for each in payload["figures"] if each["key"] == "satisfaction"), None)
    if satisfied is not None and satisfied["total"]:
        numbers.append(_("satisfied %(value)s", value=figures.value(satisfied)))
    said = f"[{title(period_of(payload))}] {' / '.join(numbers)}"
    return f"[{_('Demo data')}] {said}" if payload["is_demo"] else said


def days(payload: Payload) -> str:
    """Return the first and the last day of the period."""
    period = period_of(payload)
    return f"{period.first_on.isoformat()} – {period.last_on.isoformat()}"


def columns(period: SummaryPeriod) -> list[tuple[str, str]]:
    """Return what the figures of a period stand beside, each with its heading; for a year that is one."""
    if not period.is_month:
        return [("before", _("Year before"))]
    return [("before", _("Month before")), ("year_before", _("Same month last year"))]


def value(counted: Mapping[str, Any]) -> str:
    """Return a share with n of N, of few cases n/N alone; a dash where there was no case."""
    return figures.value(counted) if counted["total"] else "—"


def target(figure: Payload) -> str:
    """Return what a figure has to reach, or not to pass."""
    share = f"{100 * figure['target']:g}%"
    return _("at most %(share)s", share=share) if figure["is_ceiling"] else _("target %(share)s", share=share)


def interval(figure: Payload) -> str:
    """Return within what the true share lies; empty of few cases, which bear none."""
    if not figure["interval"] or figures.is_of_few(figure):
        return ""
    low, high = figure["interval"]
    return _("95%% interval %(low).1f–%(high).1f%%", low=100 * low, high=100 * high)


def beside(figure: Payload, period: SummaryPeriod) -> str:
    """Return target and interval of a figure, and what it stands beside, in one line."""
    earlier = [f"{heading} {value(figure[key])}" for key, heading in columns(period) if figure[key]["total"]]
    return " · ".join(part for part in (target(figure), interval(figure), *earlier) if part)


def shown(payload: Payload) -> list[Payload]:
    """Return the figures of which there was a case now or before."""
    return [
        each
        for each in payload["figures"]
        if each["total"] or each["before"]["total"] or each["year_before"]["total"]
    ]


def said(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what is written under its headings, in the order in which it is read."""
    return [(str(label), texts[name]) for name, label in TEXTS.items() if texts.get(name)]


def heading(name: str) -> str:
    """Return under what a part is read."""
    return str(TEXTS[name])


def person_value(name: str, kept: int | Sequence[int] | None) -> tuple[str, str]:
    """Return a figure of a person, and what it rests on; a share of few cases is n/N alone."""
    if name not in SHARES:
        return str(kept or 0), ""
    met, total = kept if isinstance(kept, Sequence) else (0, 0)
    if not total:
        return "—", ""
    counts = f"{met}/{total}"
    return (counts, "") if figures.is_of_few({"total": total}) else (figures.share(met, total), counts)


def person_figures(kept: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return name, label, value and ground of a person's figures; one that was not kept yet is 0."""
    return [(name, str(label), *person_value(name, kept.get(name))) for name, label in PERSON_FIGURES.items()]
