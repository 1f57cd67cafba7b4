"""Saying a digest's figures in words: the current language's, for the mail's text and HTML alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_interval, format_skeleton
from flask_babel import get_locale, gettext, ngettext

from jobs import digest_figure_wording as figures
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


def colon() -> str:
    """Return what stands between a name and its value."""
    return _(": ")


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
    return _(
        "%(department)s · week %(week)s of %(year)s",
        department=name_of(payload["department"]),
        week=week.week,
        year=week.year,
    )


def subject_line(payload: Payload) -> str:
    """Return the mail's subject, which carries the numbers; what is invented says so first."""
    parts = [*_owed(payload)[:2], _new_in_words(payload["new"])]
    satisfied = figure_of(payload, "satisfaction")
    if satisfied is not None and satisfied["total"]:
        parts.append(_("satisfied %(value)s", value=figures.value(satisfied)))
    said = _(
        "[Weekly digest W%(week)s · %(department)s] %(numbers)s",
        week=f"{IsoWeek.parse(payload['week']).week:02d}",
        department=name_of(payload["department"]),
        numbers=" / ".join(parts),
    )
    return f"[{_('Demo data')}] {said}" if payload["is_demo"] else said


def _owed(payload: Payload) -> list[str]:
    """Return what is overdue or waits for a decision, as counts."""
    needs, late, warnings = payload["needs_you"], payload["open"]["late"], len(payload["warnings"])
    measures, tasks, decisions = needs["measures_late"], needs["tasks_late"], needs["decisions"]
    counted = (
        (warnings, ngettext("%(num)d warning", "%(num)d warnings", warnings)),
        (measures, ngettext("%(num)d measure overdue", "%(num)d measures overdue", measures)),
        (tasks, ngettext("%(num)d task overdue", "%(num)d tasks overdue", tasks)),
        (decisions, ngettext("%(num)d decision waiting", "%(num)d decisions waiting", decisions)),
        (late, ngettext("%(num)d unanswered", "%(num)d unanswered", late)),
    )
    return [str(said) for count, said in counted if count]


def _new_in_words(new: Payload) -> str:
    if new["grave"]:
        return _("%(new)s new (%(grave)s severe)", new=new["this_week"], grave=new["grave"])
    return _("%(new)s new", new=new["this_week"])


def needs_counts(payload: Payload) -> list[str]:
    """Return how much of each kind a department has to see to; nothing where it is none."""
    needs = payload["needs_you"]
    measures = needs["measures_open"] - needs["measures_late"]
    waiting = needs["tasks_open"] - needs["tasks_late"]
    found = _owed(payload)
    if payload["new"]["grave"]:
        found.append(_("%(count)s severe or about safety", count=payload["new"]["grave"]))
    if measures:
        found.append(str(ngettext("%(num)d measure to come", "%(num)d measures to come", measures)))
    if waiting:
        found.append(str(ngettext("%(num)d task to come", "%(num)d tasks to come", waiting)))
    return found


def tiles(payload: Payload) -> list[dict[str, Any]]:
    """Return the four numbers at the head of the mail, each with its name and whether it is an alarm."""
    needs, new, open_now = payload["needs_you"], payload["new"], payload["open"]
    overdue = needs["measures_late"] + needs["tasks_late"] + open_now["late"]
    satisfied = figure_of(payload, "satisfaction")
    found = [
        {"text": overdue, "label": _("Overdue or unanswered"), "is_alarm": bool(overdue)},
        {"text": new["this_week"], "label": _("New complaints"), "is_alarm": False},
        {"text": new["grave"], "label": _("Severe or about safety"), "is_alarm": bool(new["grave"])},
    ]
    if satisfied is not None and satisfied["total"]:
        met, total = satisfied["met"], satisfied["total"]
        if figures.is_of_few(satisfied):
            return [*found, {"text": f"{met}/{total}", "label": _("Satisfied"), "is_alarm": False}]
        label = _("Satisfied (%(met)s/%(total)s)", met=met, total=total)
        text = f"{100 * met / total:.0f}%"
        return [*found, {"text": text, "label": label, "is_alarm": figures.is_alarm(satisfied)}]
    return [*found, {"text": open_now["total"], "label": _("Still open"), "is_alarm": False}]


def figure_of(payload: Payload, key: str) -> Payload | None:
    """Return a figure of the digest, None where it tells of another ones."""
    return next((figure for figure in payload["figures"] if figure["key"] == key), None)


def open_by_age(payload: Payload) -> str:
    """Return how many complaints are open and how long, empty where none is."""
    rows = [row for row in payload["open"]["by_age"] if row["open"]]
    return " · ".join(f"{age(row)} {row['open']}" for row in rows)


def days_late(item: Payload) -> str:
    """Return how many days something is overdue, or by when it is due."""
    late = item["days_late"]
    if late:
        return str(ngettext("%(num)d day late", "%(num)d days late", late))
    return _("due on %(day)s", day=_date("MMMd", date.fromisoformat(item["due_on"])))


def address_of(item: Payload, panel: str) -> str:
    """Return where in the panel somebody sees to what an item names."""
    if item["kind"] == "measure":
        return f"{panel}/measure/details/?id={item['measure_id']}"
    if item["kind"] == "task":
        return f"{panel}/department-task/details/?id={item['task_id']}"
    return f"{panel}/complaint/details/?id={item['complaint_id']}"


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


def workbook(payload: Payload) -> str:
    """Say where the complaints behind the counts stand."""
    if payload["workbook"] == "too_long":
        return _("The week's complaints are more than a workbook takes.")
    return _("The week's complaints come along as a workbook.")


def list_url(payload: Payload, panel: str) -> str:
    """Return the address of the week's complaints in the panel."""
    first, last = payload["starts_on"], payload["ends_on"]
    return f"{panel}/complaint/?flt_registered_at_from={first}&flt_registered_at_to={last}"


def silent(payload: Payload) -> str:
    """Return in one line what there was nothing of this week, empty where there was something of each."""
    parts, shipped, spoken = payload["parts"], payload["shipments"], payload["calls"]
    known = (
        (_("new complaints"), not payload["subjects"]["top"]),
        (_("faulty parts"), parts and not parts["rows"]),
        (_("shipments of parts"), shipped and not shipped["lines"]),
        (_("calls with customers"), spoken and not spoken["total"]),
    )
    names = [name for name, is_silent in known if is_silent]
    return _("None this week: %(names)s", names=_(", ").join(names)) if names else ""


def shipments(shipped: Payload) -> str:
    """Say how many lines of parts went out, and how many of them were wrong."""
    return _(
        "%(lines)s lines shipped, %(wrong)s of them wrong.", lines=shipped["lines"], wrong=shipped["wrong"]
    )


def calls(spoken: Payload) -> str:
    """Say how many calls there were, and in how many customers praised or wished for something."""
    return _(
        "%(total)s calls: praise in %(praise)s, wishes in %(wishes)s.",
        total=spoken["total"],
        praise=spoken["praise"]["count"],
        wishes=spoken["wishes"]["count"],
    )


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
    if found["silent"]:
        lines.append(_("The largest that sent nothing: %(dealers)s.", dealers=_(", ").join(found["silent"])))
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
        _(
            "Red: missed beyond what chance explains (95% interval). Figures tell of the whole centre; first "
            "answers and complaints of this department's subjects."
        ),
        _("Above or below the usual: more than chance explains, against the weeks before."),
        _("Changes in percent only where both weeks count 5 or more. Quotations are masked."),
    ]
