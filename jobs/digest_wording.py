"""Saying a digest's figures in words: the current language's, for the mail's text and HTML alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_interval, format_skeleton
from flask_babel import get_locale, gettext, ngettext

from models.complaint import Step
from models.iso_week import IsoWeek

Payload = Mapping[str, Any]


def _(message: str, **values: Any) -> str:
    return str(gettext(message, **values))


def _date(skeleton: str, value: date) -> str:
    return str(format_skeleton(skeleton, value, locale=get_locale()))


def name_of(named: Payload) -> str:
    """Return a name in the current language, the Chinese one where there is no other."""
    language = getattr(get_locale(), "language", "zh")
    return str((named.get("name_en") if language == "en" else None) or named["name"])


def day(iso: str, year: int) -> str:
    """Return a date as day and month, with its year where that is not `year`."""
    found = date.fromisoformat(iso)
    return _date("MMMd" if found.year == year else "yMMMd", found)


def period(payload: Payload) -> str:
    """Return the days of the week, the year once where one is enough."""
    first, last = date.fromisoformat(payload["starts_on"]), date.fromisoformat(payload["ends_on"])
    return str(format_interval(first, last, "yMMMd", locale=get_locale()))


def cut(payload: Payload) -> str:
    """Return the moment of the data cut, in the site's time zone."""
    at = datetime.fromisoformat(payload["cut_at"]).astimezone(ZoneInfo(payload["timezone"]))
    return f"{_date('yMMMd', at.date())} {at:%H:%M}"


def title(payload: Payload) -> str:
    """Return department and week."""
    week = IsoWeek.parse(payload["week"])
    said = _(
        "%(department)s · week %(week)s of %(year)s",
        department=name_of(payload["department"]),
        week=week.week,
        year=week.year,
    )
    # Digests made before there was this mark have none.
    return f"{said} · {_('Demo data')}" if payload.get("is_demo") else said


def subject_line(payload: Payload) -> str:
    """Return the mail's subject, which carries the numbers; what is invented says so first."""
    said = _(
        "[Weekly digest W%(week)s · %(department)s] %(new)s new / %(grave)s severe / %(late)s unanswered",
        week=f"{IsoWeek.parse(payload['week']).week:02d}",
        department=name_of(payload["department"]),
        new=payload["new"]["this_week"],
        grave=payload["new"]["grave"],
        late=payload["open"]["late"],
    )
    return f"[{_('Demo data')}] {said}" if payload.get("is_demo") else said


def number(value: float) -> str:
    """Return a count or a median without a useless decimal."""
    return f"{value:.1f}".removesuffix(".0")


def change(trend: Payload) -> str:
    """Return how much more or less than last week: in percent only where both counts carry one."""
    if trend["last_week"] is None:
        return ""
    if trend["percent"] is not None:
        return _signed(trend["percent"], "%")
    return _signed(trend["this_week"] - trend["last_week"], "")


def _signed(value: int, unit: str) -> str:
    return f"+{value}{unit}" if value > 0 else f"−{-value}{unit}" if value else "±0"


def comparison(trend: Payload, history_weeks: int) -> str:
    """Return what a count is compared with: last week, and the median of the weeks there are."""
    if trend["last_week"] is None:
        return _("no earlier week to compare with")
    parts = [_("last week %(count)s", count=trend["last_week"])]
    if trend["median"] is not None:
        parts.append(
            _("median of %(weeks)s weeks %(median)s", weeks=history_weeks, median=number(trend["median"]))
        )
    return " · ".join(parts)


def direction(trend: Payload) -> str:
    """Say that a count is out of the usual; empty where it may be chance."""
    return {"up": _("above the usual"), "down": _("below the usual")}.get(trend["direction"] or "", "")


def age(bracket: Payload) -> str:
    """Return a bracket of days."""
    if bracket["to"] is None:
        return _("over %(days)s days", days=bracket["from"] - 1)
    return _("%(first)s–%(last)s days", first=bracket["from"], last=bracket["to"])


def step(value: str) -> str:
    """Return the label of a step."""
    return next((str(known.label) for known in Step if known.value == value), value)


def marks(item: Payload) -> list[str]:
    """Return why a complaint stands among those that need somebody."""
    found = []
    if item["is_safety_relevant"]:
        found.append(_("Safety"))
    if item["is_severe"]:
        found.append(_("Severe"))
    if item["is_late"]:
        found.append(_("Unanswered"))
    return found


def waiting(item: Payload) -> str:
    """Return how long a complaint has waited at the end of the week."""
    days = item["waiting_days"]
    return str(ngettext("%(num)s day", "%(num)s days", days)) if days else _("under a day")


def context(item: Payload, payload: Payload) -> str:
    """Return product, dealer and day of a complaint or quotation, as far as known."""
    on = day(item["on"], date.fromisoformat(payload["ends_on"]).year)
    return " · ".join(part for part in (_product(item["product"]), item["dealer"], on) if part)


def _product(name: str | None) -> str | None:
    """Return a product without its brand said twice, as in "Acme Acme 150"."""
    brand, _space, rest = (name or "").partition(" ")
    return rest if rest.startswith(brand) else name


def share(met: int, total: int) -> str:
    """Return a share in percent."""
    return f"{100 * met / total:.1f}%"


def figure_name(figure: Payload) -> str:
    """Return what a figure counts."""
    return {"first_answer_in_24_hours": _("First answer in time")}[figure["key"]]


def figure_value(figure: Payload) -> str:
    """Return a figure as share with n of N; where nothing was due, that."""
    if not figure["total"]:
        return _("none was due this week")
    return f"{share(figure['met'], figure['total'])} ({figure['met']}/{figure['total']})"


def figure_verdict(figure: Payload) -> str:
    """Say how the figure stands to its target: missed only where chance can't explain it."""
    if not figure["total"]:
        return ""
    if figure["is_missed"]:
        return _("below the target")
    return (
        _("on target")
        if figure["met"] >= figure["target"] * figure["total"]
        else _("below target, few cases")
    )


def figure_details(figure: Payload) -> str:
    """Return target, interval, last week and median of a figure."""
    parts = [_("target %(share)s", share=f"{100 * figure['target']:.0f}%")]
    if figure["interval"]:
        low, high = figure["interval"]
        parts.append(_("95%% interval %(low).1f–%(high).1f%%", low=100 * low, high=100 * high))
    last = figure["last_week"]
    if last["total"]:
        parts.append(
            _("last week %(share)s (%(met)s/%(total)s)", share=share(last["met"], last["total"]), **last)
        )
    if figure["median"] is not None:
        parts.append(_("median %(share)s", share=f"{100 * figure['median']:.1f}%"))
    return " · ".join(parts)


def coverage(payload: Payload) -> list[str]:
    """Say how much of what there is to hear is in the digest."""
    found, new = payload["coverage"], payload["new"]["this_week"]
    lines = []
    if found["dealers"]:
        lines.append(
            _(
                "In the week %(heard)s of %(dealers)s dealers were heard of; the others sent nothing.",
                heard=found["dealers_heard"],
                dealers=found["dealers"],
            )
        )
    if new:
        lines.append(
            _(
                "Of %(new)s new complaints %(dealer)s name no dealer and %(text)s have no description.",
                new=new,
                dealer=found["complaints_without_dealer"],
                text=found["complaints_without_text"],
            )
        )
    return lines


def definitions(payload: Payload) -> list[str]:
    """Say how the figures are counted."""
    return [
        _("New: registered Monday 00:00 to Sunday 24:00, %(zone)s.", zone=payload["timezone"]),
        _("Open: registered by the end of the week, not closed at the data cut; age at the week's end."),
        _("Unanswered: the first answer was due by the end of the week and is still owed."),
        _("Above or below the usual: more than chance explains, against the weeks before."),
        _("Changes in percent only where both weeks count 5 or more. Quotations are masked."),
    ]
