"""The office calendar as it is kept: working hours, holidays and make-up days, loaded at once."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session, SessionTransaction

from models.actor import acting_as, system_actor
from models.announced_holidays import CHINESE_ZONES
from models.base import db
from models.centre import Centre, find_centre, site_zone
from models.holiday import Holiday, HolidayKind
from models.working_time import DAYS_A_WEEK, DEFAULT_HOURS, MINUTES_A_DAY, Interval, WorkingCalendar

_KNOWN = "working_calendar"
# The State Council announces the next year in October or November.
ANNOUNCED_FROM_MONTH = 9
Week = tuple[tuple[Interval, ...], ...]


def working_calendar() -> WorkingCalendar:
    """Return when the office works, read once in each transaction: two queries beside those of the centre."""
    session = db.session()
    if _KNOWN not in session.info:
        # The same for everybody, and also while a form that can't be saved yet lies in the session.
        with acting_as(system_actor("calendar")), session.no_autoflush:
            stored = session.scalar(select(Centre.working_hours))
            days = session.execute(select(Holiday.falls_on, Holiday.kind)).all()
        session.info[_KNOWN] = WorkingCalendar(
            site_zone(),
            read_hours(stored or {}),
            frozenset(day for day, kind in days if kind is HolidayKind.PUBLIC_HOLIDAY),
            frozenset(day for day, kind in days if kind is HolidayKind.WORKING_DAY),
        )
    calendar: WorkingCalendar = session.info[_KNOWN]
    return calendar


def set_working_hours(week: Week) -> None:
    """Set the hours of each weekday, from Monday.

    Raises:
        ValueError: for hours that overlap, run backwards, or are none in the whole week.
    """
    WorkingCalendar(site_zone(), week)
    find_centre().working_hours = {} if week == DEFAULT_HOURS else _written(week)


def read_hours(stored: dict[str, list[str]]) -> Week:
    """Return the hours of each weekday from what the centre stores; the default where it stores none."""
    if not stored:
        return DEFAULT_HOURS
    return tuple(
        tuple(_read_interval(text) for text in stored.get(str(weekday), []))
        for weekday in range(1, DAYS_A_WEEK + 1)
    )


def _written(week: Week) -> dict[str, list[str]]:
    """Return hours as the centre stores them: by ISO weekday, readable in the history."""
    return {
        str(weekday): [f"{clock(begin)}-{clock(end)}" for begin, end in intervals]
        for weekday, intervals in enumerate(week, 1)
    }


def clock(minutes: int) -> str:
    """Return minutes since midnight as clocks show them; 24:00 for the end of the day."""
    assert 0 <= minutes <= MINUTES_A_DAY
    return "{:02}:{:02}".format(*divmod(minutes, 60))


def _read_interval(text: str) -> Interval:
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return begin, end


def provisional_years(today: date) -> list[int]:
    """Return the years of which not all is known, of this one and, from autumn on, the next.

    Where days at weekends are worked for holidays, a year without any is not announced yet.
    """
    calendar = working_calendar()
    years = [today.year, today.year + 1] if today.month >= ANNOUNCED_FROM_MONTH else [today.year]
    return [year for year in years if is_provisional(calendar, year)]


def is_provisional(calendar: WorkingCalendar, year: int) -> bool:
    """Tell whether the holidays of a year, or the days worked for them, are still to come."""
    known = calendar.make_up_days if calendar.zone.key in CHINESE_ZONES else calendar.holidays
    return not any(day.year == year for day in known)


@event.listens_for(Session, "after_transaction_end")
def _forget_at_end(session: Session, _transaction: SessionTransaction) -> None:
    session.info.pop(_KNOWN, None)


@event.listens_for(Session, "after_flush")
def _forget_at_change(session: Session, _flush_context: Any) -> None:
    if any(isinstance(row, Centre | Holiday) for row in (*session.dirty, *session.new, *session.deleted)):
        session.info.pop(_KNOWN, None)
