"""Working time over holidays, make-up Saturdays, midnight, the end of a year and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.working_time import DEFAULT_HOURS, MINUTES_A_DAY, WorkingCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def days(first: str, last: str) -> frozenset[date]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return frozenset(begin + n * DAY for n in range((end - begin).days + 1))


# As announced for 2026: the Spring Festival of nine days, two Saturdays worked for it, one for May.
YEAR_2026 = WorkingCalendar(
    SHANGHAI,
    holidays=days("2026-02-15", "2026-02-23") | days("2026-05-01", "2026-05-05"),
    make_up_days=frozenset(map(date.fromisoformat, ("2026-02-14", "2026-02-28", "2026-05-09"))),
)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def shown(instant: datetime, zone: ZoneInfo = SHANGHAI) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-04-30 16:30", 1, "2026-04-30 17:30:00"),  # up to the end of the day, not the next begin
        ("2026-04-30 16:30", 2, "2026-05-06 09:30:00"),  # over the holiday of May
        ("2026-05-08 17:00", 1, "2026-05-09 09:00:00"),  # a Saturday that is worked
        ("2026-05-15 17:00", 1, "2026-05-18 09:00:00"),  # one that is not
        ("2026-03-02 11:00", 2, "2026-03-02 14:30:00"),  # over noon
        ("2026-03-02 23:59", 1, "2026-03-03 09:30:00"),  # shortly before midnight
        ("2026-03-03 00:00", 1, "2026-03-03 09:30:00"),
        ("2026-12-31 17:00", 8, "2027-01-01 17:30:00"),  # 2027 is not announced yet
    ],
)
def test_working_hours_run_while_the_office_works(start: str, hours: int, due: str) -> None:
    assert shown(YEAR_2026.add_working_time(at(start), hours * HOUR)) == due


@pytest.mark.parametrize(
    ("start", "working", "due"),
    [
        ("2026-04-30 10:00", 2, "2026-05-07"),
        ("2026-05-07 10:00", 2, "2026-05-09"),
        ("2026-02-13 23:59", 2, "2026-02-24"),  # Saturday 14 counts, then nothing up to Tuesday 24
        ("2026-02-18 10:00", 1, "2026-02-24"),  # begun on a holiday
        ("2026-03-02 10:00", 0, "2026-03-02"),
        ("2026-02-18 10:00", 0, "2026-02-24"),
        ("2026-12-31 23:59", 1, "2027-01-01"),
    ],
)
def test_working_days_end_with_the_last_second_of_their_day(start: str, working: int, due: str) -> None:
    assert shown(YEAR_2026.add_working_days(at(start), working)) == f"{due} 23:59:59"


@pytest.mark.parametrize(
    ("start", "calendar", "due"),
    [
        ("2026-03-02 00:00", 0, "2026-03-02"),
        ("2026-03-02 23:59", 0, "2026-03-02"),
        ("2026-04-30 10:00", 2, "2026-05-02"),
        ("2026-12-30 10:00", 2, "2027-01-01"),
        ("2028-02-27 10:00", 2, "2028-02-29"),
    ],
)
def test_calendar_days_run_over_holidays_too(start: str, calendar: int, due: str) -> None:
    assert shown(YEAR_2026.add_calendar_days(at(start), calendar)) == f"{due} 23:59:59"


def test_a_day_is_that_of_the_site_wherever_the_instant_was_written() -> None:
    late_in_utc = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # 00:30 of the third in Shanghai
    assert shown(YEAR_2026.add_calendar_days(late_in_utc, 0)) == "2026-03-03 23:59:59"


def test_a_make_up_day_is_worked_like_the_first_weekday() -> None:
    saturday = date(2026, 5, 9)
    assert YEAR_2026.hours_on(saturday) == DEFAULT_HOURS[0]
    own = WorkingCalendar(
        SHANGHAI, (*DEFAULT_HOURS[:5], ((9 * 60, 11 * 60),), ()), make_up_days=frozenset({saturday})
    )
    assert own.hours_on(saturday) == ((9 * 60, 11 * 60),)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        # On 29 March clocks go from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.
        ("2026-03-28 23:00", 4, "2026-03-29 04:00:00"),
        ("2026-10-24 23:00", 4, "2026-10-25 02:00:00"),
        ("2026-03-29 00:00", 23, "2026-03-30 00:00:00"),
        ("2026-10-25 00:00", 25, "2026-10-26 00:00:00"),
    ],
)
def test_hours_are_those_that_really_pass_when_clocks_change(start: str, hours: int, due: str) -> None:
    always = WorkingCalendar(BERLIN, (((0, MINUTES_A_DAY),),) * 7)
    assert shown(always.add_working_time(at(start, BERLIN), hours * HOUR), BERLIN) == due


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_ends_with_its_last_second_when_clocks_change(day: str) -> None:
    calendar = WorkingCalendar(BERLIN)
    assert shown(calendar.add_calendar_days(at(f"{day} 12:00", BERLIN), 0), BERLIN) == f"{day} 23:59:59"


def test_hours_within_the_one_left_out_are_none() -> None:
    night = WorkingCalendar(BERLIN, (((1 * 60, 2 * 60 + 30), (2 * 60 + 30, 3 * 60 + 15)),) * 7)
    worked = night.working_time_between(at("2026-03-29 00:00", BERLIN), at("2026-03-29 12:00", BERLIN))
    assert worked <= 2 * HOUR
    assert night.add_working_time(at("2026-03-29 00:00", BERLIN), worked) < at("2026-03-29 12:00", BERLIN)


@pytest.mark.parametrize(
    "hours",
    [
        ((),) * 7,
        (((540, 540),),) * 7,
        (((600, 540),),) * 7,
        (((540, 720), (660, 780)),) * 7,
        (((0, MINUTES_A_DAY + 1),),) * 7,
        (((0, 60),),) * 6,
    ],
)
def test_a_week_in_which_nothing_could_fall_due_is_refused(
    hours: tuple[tuple[tuple[int, int], ...], ...],
) -> None:
    with pytest.raises(ValueError, match="hours|week"):
        WorkingCalendar(SHANGHAI, hours)


FIRST, LAST = date(2025, 12, 1), date(2027, 2, 1)
instants = st.integers(0, (LAST - FIRST).days * 86400).map(
    lambda seconds: datetime(2025, 12, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
zones = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    edges = st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).map(sorted)
    week = []
    for _weekday in range(7):
        quarters = draw(edges)
        week.append(tuple((a * 15, b * 15) for a, b in zip(quarters[::2], quarters[1::2], strict=False)))
    off = draw(st.frozensets(st.dates(FIRST, LAST), max_size=30))
    return WorkingCalendar(ZoneInfo(draw(zones)), tuple(week), off)


@given(calendars(), instants, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_what_is_added_lies_between(calendar: WorkingCalendar, start: datetime, amount: timedelta) -> None:
    due = calendar.add_working_time(start, amount)
    assert due >= start
    assert calendar.working_time_between(start, due) == amount


@given(calendars(), instants, instants, st.timedeltas(timedelta(0), timedelta(days=5)))
def test_who_begins_later_is_due_no_earlier(
    calendar: WorkingCalendar, one: datetime, other: datetime, amount: timedelta
) -> None:
    early, late = sorted((one, other))
    assert calendar.add_working_time(early, amount) <= calendar.add_working_time(late, amount)
    assert calendar.add_working_days(early, 3) <= calendar.add_working_days(late, 3)
    assert calendar.add_calendar_days(early, 3) <= calendar.add_working_days(early, 3)


@given(calendars(), instants, instants, instants)
def test_working_time_adds_up(
    calendar: WorkingCalendar, one: datetime, other: datetime, third: datetime
) -> None:
    first, middle, last = sorted((one, other, third))
    between = calendar.working_time_between
    assert between(first, middle) + between(middle, last) == between(first, last)
    assert between(last, first) == timedelta(0)


@given(calendars(), st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.integers(1, 30))
def test_so_many_working_days_lie_after_the_first(calendar: WorkingCalendar, day: date, count: int) -> None:
    last = calendar.working_day_after(day, count)
    assert calendar.is_working_day(last)
    assert calendar.working_days_between(day, last) == count
