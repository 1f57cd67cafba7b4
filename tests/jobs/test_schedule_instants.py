"""The very instants at which digests are due: at clock changes, ends of years, and for new departments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from factories import Factory
from jobs.schedule import DueDigest, due_digests, due_week, due_weeks
from models import Department, db
from models.iso_week import IsoWeek
from models.organisation import Weekday
from models.working_time import WorkingCalendar

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
TICK = timedelta(seconds=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def department(weekday: Weekday, hour: int, created_at: datetime = LONG_AGO) -> Department:
    return Department(
        id=1, code="d", name="d", digest_weekday=weekday, digest_hour=hour, created_at=created_at
    )


@pytest.mark.parametrize(
    ("zone", "weekday", "hour", "week", "due_at"),
    [
        # An ordinary Monday at eight, in three zones.
        ("Asia/Shanghai", Weekday.MONDAY, 8, "2024-W10", "2024-03-11 00:00"),
        ("Europe/Berlin", Weekday.MONDAY, 8, "2024-W10", "2024-03-11 07:00"),
        ("America/New_York", Weekday.MONDAY, 8, "2024-W10", "2024-03-11 12:00"),
        # Clocks go forward: the hour that is left out is the change itself, a later one is nearer.
        ("Europe/Berlin", Weekday.SUNDAY, 2, "2024-W12", "2024-03-31 01:00"),
        ("Europe/Berlin", Weekday.SUNDAY, 3, "2024-W12", "2024-03-31 01:00"),
        ("Europe/Berlin", Weekday.SUNDAY, 8, "2024-W12", "2024-03-31 06:00"),
        ("America/New_York", Weekday.SUNDAY, 2, "2024-W09", "2024-03-10 07:00"),
        # Clocks go back: an hour that comes twice counts at its first coming.
        ("Europe/Berlin", Weekday.SUNDAY, 2, "2024-W42", "2024-10-27 00:00"),
        ("Europe/Berlin", Weekday.SUNDAY, 3, "2024-W42", "2024-10-27 02:00"),
        ("America/New_York", Weekday.SUNDAY, 1, "2024-W43", "2024-11-03 05:00"),
        # Ends of years: week 53 where there is one, week 1 that begins in December.
        ("Asia/Shanghai", Weekday.MONDAY, 0, "2020-W53", "2021-01-03 16:00"),
        ("Europe/Berlin", Weekday.MONDAY, 0, "2026-W53", "2027-01-03 23:00"),
        ("America/New_York", Weekday.MONDAY, 0, "2026-W53", "2027-01-04 05:00"),
        ("Asia/Shanghai", Weekday.TUESDAY, 8, "2024-W52", "2024-12-31 00:00"),
        ("America/New_York", Weekday.WEDNESDAY, 0, "2024-W52", "2025-01-01 05:00"),
        ("Europe/Berlin", Weekday.SUNDAY, 23, "2025-W01", "2025-01-12 22:00"),
    ],
)
def test_a_digest_is_due_at_its_instant_and_no_second_before(
    zone: str, weekday: Weekday, hour: int, week: str, due_at: str
) -> None:
    place, who = ZoneInfo(zone), department(weekday, hour)
    instant = datetime.fromisoformat(due_at).replace(tzinfo=UTC)
    before, at = due_week(who, instant - TICK, place), due_week(who, instant, place)
    assert (str(before), str(at)) == (str(IsoWeek.parse(week).previous), week)


def test_the_second_coming_of_an_hour_makes_nothing_again() -> None:
    place, who = ZoneInfo("Europe/Berlin"), department(Weekday.SUNDAY, 2)
    first, second = (datetime(2024, 10, 27, hour, tzinfo=UTC) for hour in (0, 1))
    assert first.astimezone(place).hour == second.astimezone(place).hour == 2
    assert due_week(who, first, place) == due_week(who, second, place)


@pytest.mark.parametrize(
    ("created", "week"),
    [
        ("2024-03-11 00:00:00", "2024-W10"),
        # One second too late for the digest of that Monday.
        ("2024-03-11 00:00:01", None),
        ("2024-03-15 12:00:00", None),
    ],
)
def test_a_new_department_gets_what_was_due_since_it_was_made(created: str, week: str | None) -> None:
    made = datetime.fromisoformat(created).replace(tzinfo=UTC)
    found = due_week(department(Weekday.MONDAY, 8, made), datetime(2024, 3, 16, tzinfo=UTC), SHANGHAI)
    assert (str(found) if found else None) == week


@pytest.mark.parametrize(
    ("weekday", "holidays", "due_at"),
    [
        # A Monday off: the Tuesday. National holidays over the whole week: the Monday that ends them.
        (Weekday.MONDAY, ("2024-03-11",), "2024-03-12 00:00"),
        (Weekday.MONDAY, tuple(f"2024-03-{day}" for day in range(11, 16)), "2024-03-18 00:00"),
        # A day that the office is closed anyway was chosen so.
        (Weekday.SATURDAY, ("2024-03-15",), "2024-03-16 00:00"),
        (Weekday.SATURDAY, ("2024-03-16",), "2024-03-18 00:00"),
    ],
)
def test_a_holiday_moves_the_digest_to_the_first_working_day(
    weekday: Weekday, holidays: tuple[str, ...], due_at: str
) -> None:
    calendar = WorkingCalendar(SHANGHAI, holidays=frozenset(map(date.fromisoformat, holidays)))
    instant, who = datetime.fromisoformat(due_at).replace(tzinfo=UTC), department(weekday, 8)
    assert IsoWeek(2024, 10) not in due_weeks(who, instant - TICK, SHANGHAI, calendar)
    assert IsoWeek(2024, 10) in due_weeks(who, instant, SHANGHAI, calendar)


def test_a_holiday_that_puts_a_digest_off_to_the_day_of_the_next_drops_neither() -> None:
    holidays = frozenset(date(2024, 3, day) for day in range(11, 19))
    calendar, who = WorkingCalendar(SHANGHAI, holidays=holidays), department(Weekday.MONDAY, 8)
    found = due_weeks(who, datetime(2024, 3, 19, tzinfo=UTC), SHANGHAI, calendar)
    assert found == [IsoWeek(2024, 11), IsoWeek(2024, 10)]


@pytest.fixture
def make(in_app: Flask) -> Factory:
    return Factory(db.session)


def due(at: str) -> list[tuple[int, str]]:
    now = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    return [(item.department_id, str(item.week)) for item in due_digests(now, SHANGHAI)]


def test_each_department_is_due_at_its_own_day_and_hour(make: Factory) -> None:
    monday = make.department(created_at=LONG_AGO).id
    friday = make.department(created_at=LONG_AGO, digest_weekday=Weekday.FRIDAY, digest_hour=17).id
    assert due("2024-03-11 08:00") == [(monday, "2024-W10"), (friday, "2024-W09")]
    assert due("2024-03-15 17:00") == [(monday, "2024-W10"), (friday, "2024-W10")]


def test_what_is_made_is_not_due_and_another_week_s_digest_does_not_stand_for_it(make: Factory) -> None:
    first, second = make.department(created_at=LONG_AGO), make.department(created_at=LONG_AGO)
    make.digest(first)
    make.digest(second, iso_week=9)
    make.digest(second, iso_year=2023)
    assert due("2024-03-12 12:00") == [(second.id, "2024-W10")]


def test_a_department_that_wants_its_digest_again_gets_the_last_one_only(make: Factory) -> None:
    department = make.department(created_at=LONG_AGO, gets_digest=False)
    assert due("2024-03-12 12:00") == []
    department.gets_digest = True
    db.session.commit()
    assert due("2024-03-12 12:00") == [(department.id, "2024-W10")]


def test_a_changed_day_takes_effect_at_once_and_makes_no_week_twice(make: Factory) -> None:
    department = make.department(created_at=LONG_AGO)
    make.digest(department)
    department.digest_weekday = Weekday.FRIDAY
    db.session.commit()
    # Made on Monday already; on Friday there is nothing left to make.
    assert due("2024-03-13 12:00") == [(department.id, "2024-W09")]
    assert due("2024-03-15 12:00") == []


def test_without_departments_nothing_is_due(make: Factory) -> None:
    assert list(due_digests(datetime(2024, 3, 12, tzinfo=UTC), SHANGHAI)) == []


def test_what_is_due_is_told_by_department_and_week(make: Factory) -> None:
    key = make.department(created_at=LONG_AGO).id
    (found,) = due_digests(datetime(2024, 3, 12, tzinfo=UTC), SHANGHAI)
    assert found == DueDigest(key, IsoWeek(2024, 10))
