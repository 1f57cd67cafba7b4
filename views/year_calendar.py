"""A year of the office calendar as twelve months of days, and its holidays in words."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select

from models import Holiday, db
from models.holiday import HolidayKind
from models.working_time import WorkingCalendar

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day in a month's sheet; `mark` is the sign of a day that differs, `tone` how it is drawn."""

    day: date
    tone: str
    mark: str
    words: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month: its name, weeks of seven places (None outside the month), and how many days are worked."""

    name: str
    weeks: list[list[CalendarDay | None]]
    working_days: int


@dataclass(frozen=True, slots=True)
class Break:
    """Holidays that follow each other under one name, and the days worked for them."""

    name: str
    days: int
    when: str
    worked: list[str]


def months_of(year: int, working: WorkingCalendar, special: Mapping[date, Holiday]) -> list[Month]:
    """Return the sheets of a year; weeks begin on Monday."""
    sheets = calendar.Calendar()
    months = []
    for number in range(1, 13):
        weeks = [
            [_day(day, working, special.get(day)) if day.month == number else None for day in week]
            for week in sheets.monthdatescalendar(year, number)
        ]
        worked = sum(working.is_working_day(each.day) for week in weeks for each in week if each)
        months.append(Month(format_date(date(year, number, 1), "LLLL"), weeks, worked))
    return months


def _day(day: date, working: WorkingCalendar, special: Holiday | None) -> CalendarDay:
    if special is None:
        tone = "" if working.is_working_day(day) else "free"
        return CalendarDay(day, tone, "", "")
    words = f"{special.name} · {special.kind.label}"
    if special.kind is HolidayKind.PUBLIC_HOLIDAY:
        # Signs of printed calendars: 休 and 班.
        return CalendarDay(day, "holiday", str(_("off")), words)
    return CalendarDay(day, "make-up", str(_("work")), words)


def special_days(year: int) -> dict[date, Holiday]:
    """Return the days of a year that differ from the rule of the week."""
    in_year = (Holiday.falls_on >= date(year, 1, 1)) & (Holiday.falls_on <= date(year, 12, 31))
    return {row.falls_on: row for row in db.session.scalars(select(Holiday).where(in_year))}


def breaks_of(special: Mapping[date, Holiday]) -> list[Break]:
    """Return the holidays of a year in words, in their order."""
    worked: dict[str, list[str]] = {}
    for day in sorted(special):
        if special[day].kind is HolidayKind.WORKING_DAY:
            worked.setdefault(special[day].name, []).append(short_day(day))
    breaks = []
    for name, first, last in _runs(special):
        when = short_day(first) if first == last else f"{short_day(first)} – {short_day(last)}"
        breaks.append(Break(name, (last - first).days + 1, when, worked.pop(name, [])))
    # What is worked without a holiday of that name.
    return breaks + [Break(name, 0, "", days) for name, days in worked.items()]


def _runs(special: Mapping[date, Holiday]) -> Iterator[tuple[str, date, date]]:
    """Yield name, first and last day of holidays that follow each other."""
    run: tuple[str, date, date] | None = None
    for day in sorted(day for day in special if special[day].kind is HolidayKind.PUBLIC_HOLIDAY):
        name = special[day].name
        if run is not None and (name, day - _DAY) == (run[0], run[2]):
            run = (name, run[1], day)
            continue
        if run is not None:
            yield run
        run = (name, day, day)
    if run is not None:
        yield run


def short_day(day: date) -> str:
    """Return a day of the year at hand with its day of the week, as the reader writes it."""
    return _with_weekday(day, format_date(day, str(_("d MMM"))))


def dated_day(day: date) -> str:
    """Return a day of any year with its day of the week."""
    return _with_weekday(day, day.isoformat())


def _with_weekday(day: date, written: str) -> str:
    return str(_("%(weekday)s %(day)s", day=written, weekday=format_date(day, "EEE")))
