"""The office calendar: a year at a glance, the notice from which it is filled, and the hours of the week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import format_date, gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from models import Holiday, current_actor, db
from models.holiday_notice import TEXT_MOST, Misread, Notice, NoticeDay, read_notice
from models.office_calendar import is_provisional, provisional_years, set_working_hours, working_calendar
from models.permissions import allows
from views.clock import today
from views.days import EARLIEST_YEAR, LATEST_YEAR
from views.fields import coerce_id
from views.menu import Area
from views.page import Page
from views.typed_hours import parse_hours, show_hours
from views.year_calendar import breaks_of, dated_day, months_of, special_days

_MISREAD = {
    Misread.NO_NAME: _("It does not say for which holiday."),
    Misread.NO_SUCH_DAY: _("It names a day that can't be meant."),
    Misread.WEEKDAY: _("A day of the week does not fit its date. Is it the notice of another year?"),
    Misread.COUNT: _("The number of days does not fit the dates."),
    Misread.NOT_UNDERSTOOD: _("It could not be understood."),
}
# A Monday, to name the days of the week by.
_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Found:
    """A day that a notice names, and what the calendar says of it now; None where that is nothing."""

    day: NoticeDay
    shown: str
    before: str | None
    is_known: bool


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day of the week with its hours as typed, and what is wrong with them."""

    number: int
    name: str
    text: str
    error: str = ""


class OfficeCalendarView(Page):
    """Show the year to everyone; who keeps the calendar fills it from a notice."""

    permission = "holiday"
    actions: ClassVar[Mapping[str, str]] = {"index": "list", "notice": "create", "take": "create"}
    area, icon, title = Area.ORGANISATION, "calendar", _("Office calendar")

    def __init__(self) -> None:
        super().__init__(name="office_calendar", endpoint="office_calendar", url="/office-calendar")

    def is_accessible(self) -> bool:
        """Tell whether the menu shows the page: to all who may list the days."""
        return self.is_allowed("list")

    @expose("/")
    def index(self) -> str:
        """Show a year."""
        year, working = _year_asked(), working_calendar()
        special = special_days(year)
        return self.render(
            "office_calendar.html",
            year=year,
            years=(EARLIEST_YEAR, LATEST_YEAR),
            today=today(),
            weekdays=[format_date(date(2024, 1, n), "EEEEE") for n in range(1, 8)],
            months=months_of(year, working, special),
            breaks=breaks_of(special),
            hours=_hours_in_words(),
            is_provisional=is_provisional(working, year) and year >= today().year,
            sets_hours=allows(current_actor(), "centre", "edit"),
        )

    @expose("/notice")
    def notice(self) -> str:
        """Ask for a notice."""
        return self._notice_page("", None)

    @expose("/notice", methods=("POST",))
    def take(self) -> ResponseReturnValue:
        """Show what a notice says, or take its days into the calendar once that is confirmed."""
        text = request.form.get("text", "")
        if not text.strip():
            return self._notice_page("", None, gettext("Paste the notice here.")), 422
        if len(text) > TEXT_MOST:
            return self._notice_page(text[:TEXT_MOST], None, gettext("This is too long for a notice.")), 422
        notice = read_notice(text, _year_asked())
        if not notice.days:
            wrong = gettext("No day could be read. Paste the whole text of the notice.")
            return self._notice_page(text, notice, wrong), 422
        if "confirm" not in request.form:
            return self._notice_page(text, notice)
        try:
            number = _take(notice)
            db.session.commit()
        except (IntegrityError, StaleDataError):
            # Somebody else entered the same days just now.
            db.session.rollback()
            return self._notice_page(text, notice), 409
        flash(
            ngettext("%(num)d day was entered or changed.", "%(num)d days were entered or changed.", number),
            "success",
        )
        return redirect(url_for(".index", year=notice.days[-1].day.year))

    def _notice_page(self, text: str, notice: Notice | None, wrong: str = "") -> str:
        return self.render(
            "holiday_notice.html",
            text=text,
            text_most=TEXT_MOST,
            year=_year_asked(),
            notice=notice,
            found=_found(notice) if notice else [],
            why=_MISREAD,
            wrong=wrong,
        )


class WorkingHoursView(Page):
    """Let administrators say when the office works on each day of the week."""

    permission = "centre"
    actions: ClassVar[Mapping[str, str]] = dict.fromkeys(("index", "save"), "edit")
    icon, title = "clock", _("Working hours of the week")

    def __init__(self) -> None:
        super().__init__(name="working_hours", endpoint="working_hours", url="/working-hours")

    def is_accessible(self) -> bool:
        """Tell whether the page may be opened: by administrators."""
        return self.is_allowed("edit")

    @expose("/")
    def index(self) -> str:
        """Show the hours of each weekday."""
        return self._page([show_hours(intervals) for intervals in working_calendar().hours], {})

    @expose("/save", methods=("POST",))
    def save(self) -> ResponseReturnValue:
        """Set the hours of the week, all of them or none."""
        typed = [request.form.get(f"day-{number}", "") for number in range(1, 8)]
        week, errors = [], {}
        for number, text in enumerate(typed, 1):
            try:
                week.append(parse_hours(text))
            except ValueError as error:
                errors[number] = str(error)
        if not errors and not any(week):
            errors[1] = gettext("Somebody works on one day at least.")
        if errors:
            return self._page(typed, errors), 422
        set_working_hours(tuple(week))
        db.session.commit()
        flash(gettext("Saved. What is due in working time follows these hours."), "success")
        return redirect(url_for("office_calendar.index"))

    def _page(self, texts: list[str], errors: Mapping[int, str]) -> str:
        days = [
            Weekday(number, _weekday_name(number), text, errors.get(number, ""))
            for number, text in enumerate(texts, 1)
        ]
        return self.render("working_hours.html", days=days)


def calendar_warnings() -> list[int]:
    """Return the years that who keeps the centre should fill; empty for everybody else."""
    return provisional_years(today()) if allows(current_actor(), "centre", "edit") else []


def _year_asked() -> int:
    year = coerce_id(request.values.get("year", "")) or 0
    return year if EARLIEST_YEAR <= year <= LATEST_YEAR else today().year


def _weekday_name(number: int) -> str:
    return str(format_date(_MONDAY.replace(day=number), "EEEE"))


def _hours_in_words() -> list[tuple[str, str]]:
    """Return the hours with the weekdays that have them, those alike and side by side together."""
    groups: list[tuple[list[int], str]] = []
    for number, intervals in enumerate(working_calendar().hours, 1):
        text = show_hours(intervals)
        if groups and groups[-1][1] == text:
            groups[-1][0].append(number)
        else:
            groups.append(([number], text))
    return [
        (" – ".join(dict.fromkeys(_weekday_name(number) for number in (days[0], days[-1]))), text)
        for days, text in groups
    ]


def _found(notice: Notice) -> list[Found]:
    stored = {year: special_days(year) for year in {each.day.year for each in notice.days}}
    found = []
    for each in notice.days:
        row = stored[each.day.year].get(each.day)
        is_known = row is not None and (row.kind, row.name) == (each.kind, each.name)
        before = f"{row.name} · {row.kind.label}" if row is not None and not is_known else None
        found.append(Found(each, dated_day(each.day), before, is_known))
    return found


def _take(notice: Notice) -> int:
    """Enter the days of a notice, and return how many are new or other than before; flushes."""
    changed = 0
    stored = {year: special_days(year) for year in {each.day.year for each in notice.days}}
    for each in notice.days:
        row = stored[each.day.year].get(each.day)
        if row is None:
            db.session.add(Holiday(falls_on=each.day, kind=each.kind, name=each.name))
        elif (row.kind, row.name) != (each.kind, each.name):
            row.kind, row.name = each.kind, each.name
        else:
            continue
        changed += 1
    db.session.flush()
    return changed
