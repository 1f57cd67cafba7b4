from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.iso_week import IsoWeek, starts_at

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Whole and half hours, clock changes at 1, 2 and 3, and one at midnight itself.
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago")

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))


@pytest.mark.parametrize(
    ("written", "monday"),
    [
        ("2024-W10", date(2024, 3, 4)),
        ("2020-W53", date(2020, 12, 28)),
        ("2025-W01", date(2024, 12, 30)),
        ("2021W01", date(2021, 1, 4)),
        (" 2026-w09 ", date(2026, 2, 23)),
    ],
)
def test_a_written_week_is_read(written: str, monday: date) -> None:
    week = IsoWeek.parse(written)
    assert (week.monday, week.sunday) == (monday, monday + timedelta(days=6))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2024",
        "2024-W00",
        "2024-W53",
        "2024-W54",
        "W10-2024",
        "0000-W01",
        "9999-W52",
        "２０２４-W10",
        "2024-W1",
    ],
)
def test_what_is_no_week_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        IsoWeek.parse(written)


@given(days)
def test_a_week_is_written_as_it_is_read(day: date) -> None:
    week = IsoWeek.of(day)
    assert IsoWeek.parse(str(week)) == week
    assert week.monday <= day <= week.sunday


@given(days, st.integers(-600, 600))
def test_moving_by_weeks_keeps_order_and_comes_back(day: date, weeks: int) -> None:
    week = IsoWeek.of(day)
    moved = week.shifted(weeks)
    assert moved.shifted(-weeks) == week
    assert (moved > week) == (weeks > 0)
    assert moved.monday - week.monday == timedelta(weeks=weeks)


@pytest.mark.parametrize("name", ZONES)
def test_520_weeks_follow_each_other_without_gap_or_overlap(name: str) -> None:
    zone = ZoneInfo(name)
    first = IsoWeek(2019, 1)
    weeks = list(first.up_to(first.shifted(519)))
    assert len(weeks) == len(set(weeks)) == 520
    for week in weeks:
        start, end = week.bounds(zone)
        assert end == week.shifted(1).bounds(zone)[0]
        assert start.tzinfo is UTC
        assert timedelta(days=6, hours=22) <= end - start <= timedelta(days=7, hours=2)
        assert start.astimezone(zone).date() == week.monday
        # The last instant belongs to the week; with the next one it is closed.
        assert IsoWeek.last_closed(end - timedelta(microseconds=1), zone) == week.previous
        assert IsoWeek.last_closed(end, zone) == week
        assert not week.has_ended(end - timedelta(microseconds=1), zone)
        assert week.has_ended(end, zone)


def test_a_week_with_a_clock_change_is_an_hour_shorter_or_longer() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    lengths = {
        week: week.bounds(berlin)[1] - week.bounds(berlin)[0]
        for week in IsoWeek(2024, 1).up_to(IsoWeek(2024, 52))
    }
    assert lengths[IsoWeek(2024, 13)] == timedelta(days=7, hours=-1)
    assert lengths[IsoWeek(2024, 43)] == timedelta(days=7, hours=1)
    assert sum(length != timedelta(days=7) for length in lengths.values()) == 2


def test_the_hour_that_a_clock_change_skips_is_the_change_itself() -> None:
    # On 2024-03-31 the clocks of Berlin go from 02:00 to 03:00.
    assert starts_at(date(2024, 3, 31), ZoneInfo("Europe/Berlin"), 2) == datetime(2024, 3, 31, 1, tzinfo=UTC)
    # In Santiago there is no midnight on 2024-09-08.
    assert starts_at(date(2024, 9, 8), ZoneInfo("America/Santiago")) == datetime(2024, 9, 8, 4, tzinfo=UTC)


def test_monday_morning_in_shanghai_is_still_sunday_in_utc() -> None:
    assert IsoWeek.last_closed(datetime(2024, 3, 10, 16, 0, tzinfo=UTC), SHANGHAI) == IsoWeek(2024, 10)
    assert IsoWeek.last_closed(datetime(2024, 3, 10, 15, 59, tzinfo=UTC), SHANGHAI) == IsoWeek(2024, 9)
