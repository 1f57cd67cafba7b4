"""Dates and times of day in every spelling that people use; nonsense is refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from views import days
from views.days import parse_day, parse_instant

TODAY = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def in_english(in_app: Flask) -> Iterator[None]:
    with force_locale("en"):
        yield


@pytest.fixture
def on_the_last_of_march(monkeypatch: pytest.MonkeyPatch, in_app: Flask) -> Flask:
    monkeypatch.setattr(days, "today", lambda: TODAY)
    return in_app


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_date_in_any_spelling_is_the_same_date(day: date) -> None:
    for typed in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year} 年 {day.month} 月 {day.day} 号",
        f"{day.year}．{day.month}．{day.day}",
        f"{day:%d %B %Y}",
        f"{day:%b} {day.day}, {day.year}",
    ):
        assert parse_day(typed) == day, typed


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("3-5", date(2026, 3, 5)),
        ("12/31", date(2026, 12, 31)),
        ("3月5日", date(2026, 3, 5)),
        ("３月５号", date(2026, 3, 5)),
        ("5 March", date(2026, 3, 5)),
        ("5th Sept", date(2026, 9, 5)),
        ("may 1st", date(2026, 5, 1)),
        ("今天", TODAY),
        ("Today ", TODAY),
        ("昨天", TODAY - timedelta(days=1)),
        ("后天", TODAY + timedelta(days=2)),
        ("+7", date(2026, 4, 7)),
        ("＋７天", date(2026, 4, 7)),
        ("- 31 days", date(2026, 2, 28)),
        ("", None),
        ("\u3000", None),
    ],
)
def test_a_short_date_is_read_from_today(typed: str, day: date | None, on_the_last_of_march: Flask) -> None:
    assert parse_day(typed) == day


@pytest.mark.parametrize(
    "typed",
    ["2024-02-30", "2-29", "1899-12-31", "22010101", "24-1-1", "5/3/2024", "x", "2024-3", "13月1日", "7", "+",
     "+9999", "32 march", "maybe 1", "1" * 5000],
)  # fmt: skip
def test_a_date_that_is_none_is_refused(typed: str, on_the_last_of_march: Flask) -> None:
    for read in (parse_day, parse_instant):
        with pytest.raises(ValueError, match=r"^Give a date"):
            read(typed)


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("2024-03-05 14:30", datetime(2024, 3, 5, 6, 30, tzinfo=UTC)),
        ("2024-03-05T14:30:41", datetime(2024, 3, 5, 6, 30, 41, tzinfo=UTC)),
        ("２０２４／３／５　１４：３０", datetime(2024, 3, 5, 6, 30, tzinfo=UTC)),
        ("3月5日14点", datetime(2026, 3, 5, 6, 0, tzinfo=UTC)),
        ("3-5 9时5分", datetime(2026, 3, 5, 1, 5, tzinfo=UTC)),
        ("5 March 2024 9:05", datetime(2024, 3, 5, 1, 5, tzinfo=UTC)),
        ("今天8:00", datetime(2026, 3, 31, 0, 0, tzinfo=UTC)),
        ("8:00", datetime(2026, 3, 31, 0, 0, tzinfo=UTC)),
        ("+1 8:00", datetime(2026, 4, 1, 0, 0, tzinfo=UTC)),
        ("2024-03-05", datetime(2024, 3, 4, 16, 0, tzinfo=UTC)),
        (" ", None),
    ],
)
def test_date_and_time_are_those_of_the_site(
    typed: str, instant: datetime | None, on_the_last_of_march: Flask
) -> None:
    assert parse_instant(typed) == instant


@pytest.mark.parametrize(
    "typed", ["2024-03-05 24:00", "2024-03-05 9:61", "9:", "3-5 x", "2200-13-01 8:00", "25点"]
)
def test_a_time_of_day_that_is_none_is_refused(typed: str, on_the_last_of_march: Flask) -> None:
    with pytest.raises(ValueError, match="date and time"):
        parse_instant(typed)


def test_now_is_this_minute(in_app: Flask) -> None:
    found = parse_instant("现在")
    assert found is not None
    assert timedelta() <= datetime.now(UTC) - found < timedelta(seconds=90)
    assert parse_instant("now") is not None


def read_as(parse: Callable[[str], date | None], kind: type[date], typed: str) -> bool:
    """Tell whether `typed` is read as nothing or as a `kind`, or refused in a sentence for people."""
    try:
        found = parse(typed)
    except ValueError as refusal:
        return str(refusal).endswith(".")
    return found is None or type(found) is kind


def test_whatever_is_typed_is_a_date_or_a_sentence(in_app: Flask) -> None:
    @given(st.one_of(st.text(), st.text("0123456789年月日点:-+/. ")))
    def read(typed: str) -> None:
        for parse, kind in ((parse_day, date), (parse_instant, datetime)):
            assert read_as(parse, kind, typed), typed

    read()
