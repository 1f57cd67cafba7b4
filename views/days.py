"""Dates and times of day as people type them; what the calendar of the browser picks comes the same way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _

from views.clock import instant_of, show_instant, today
from views.fields import RecordField, clean_line

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
_DAYS_AWAY_MOST = 3660
_NEAR: Mapping[str, int] = {
    "今天": 0, "今日": 0, "today": 0,
    "昨天": -1, "昨日": -1, "yesterday": -1, "前天": -2,
    "明天": 1, "明日": 1, "tomorrow": 1, "后天": 2,
}  # fmt: skip
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|sept|{'|'.join(name[:3] for name in _MONTHS)})\.?"
# What a person may type, in plain digits and small letters. Day before month in figures alone, such as
# 5/3/2024, is no date here: half of the world reads the other day.
_SPELLINGS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
        r"(?P<year>\d{4})\s?[-/.年]\s?(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})\s?[日号]?",
        r"(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})\s?[日号]?",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -]?{_MONTH}[ ,-]{{0,2}}(?P<year>\d{{4}})?",
        rf"{_MONTH}[ -]?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ ,]{{0,2}}(?P<year>\d{{4}})?",
    )
)
_AWAY = re.compile(r"([+-])\s?(\d{1,4})\s?(?:d|days?|天|日)?")
_TIME = re.compile(
    r"(?P<day>.*?)(?:(?<=\d)t|\s|(?<=[日号天])|^)\s*"
    r"(?P<hour>\d{1,2})\s?(?:[点时]|:(?=\s?\d))\s?(?:(?P<minute>\d{1,2})\s?分?(?::(?P<second>\d\d))?)?"
)


def plain(raw: str) -> str:
    """Return what was typed in plain digits, signs and small letters, whatever the input method gave."""
    return unicodedata.normalize("NFKC", clean_line(raw)).replace("−", "-").replace("。", ".").lower()


def parse_day(raw: str) -> date | None:
    """Return the date that a person typed, None for nothing; raise ValueError with a sentence.

    A date without a year is one of this year; +7 is seven days from today.
    """
    text = plain(raw)
    if not text:
        return None
    found = _read_day(text)
    if found is None or not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        raise ValueError(_("Give a date such as 2024-03-05, 3-5, today or +7."))
    return found


def parse_instant(raw: str) -> datetime | None:
    """Return the UTC instant that a person typed in the site's time, None for nothing.

    A date alone is its midnight, a time alone is today's. Raises ValueError with a sentence.
    """
    text = plain(raw)
    if not text:
        return None
    if text in ("now", "现在"):
        return instant_of(*_now())
    day, clock = _split_instant(text)
    if day is None or clock is None or not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(_("Give a date and time such as 2024-03-05 14:30, 3-5 14:30, today 9:00 or now."))
    return instant_of(day, clock)


def _now() -> tuple[date, time]:
    text = show_instant(datetime.now().astimezone())
    return date.fromisoformat(text[:10]), time.fromisoformat(text[11:])


def _split_instant(text: str) -> tuple[date | None, time | None]:
    parts = _TIME.fullmatch(text)
    if parts is None:
        return _read_day(text), time.min
    day = _read_day(parts["day"].strip()) if parts["day"].strip() else today()
    try:
        return day, time(int(parts["hour"]), int(parts["minute"] or 0), int(parts["second"] or 0))
    except ValueError:
        return day, None


def _read_day(text: str) -> date | None:
    """Return the date that a plain text stands for; None where it is none."""
    if text in _NEAR:
        return today() + timedelta(days=_NEAR[text])
    away = _AWAY.fullmatch(text)
    if away is not None:
        days = int(away[2])
        return (
            today() + timedelta(days=-days if away[1] == "-" else days) if days <= _DAYS_AWAY_MOST else None
        )
    for spelling in _SPELLINGS:
        parts = spelling.fullmatch(text)
        if parts is not None:
            return _calendar_day(**parts.groupdict())
    return None


def _calendar_day(month: str, day: str, year: str | None = None) -> date | None:
    number = int(month) if month.isdigit() else 1 + [name[:3] for name in _MONTHS].index(month[:3])
    try:
        return date(int(year) if year else today().year, number, int(day))
    except ValueError:
        return None


class DayField(RecordField):
    """A date."""

    drawn_as = "day"

    def parse(self, raw: str) -> date | None:
        """Read a date."""
        return parse_day(raw)


class InstantField(RecordField):
    """A date with time of day in the site's time zone, kept as an instant in UTC."""

    drawn_as = "instant"

    def parse(self, raw: str) -> datetime | None:
        """Read date and time; an unchanged minute keeps the seconds that are stored."""
        stored = self.object_data
        found = parse_instant(raw)
        if isinstance(stored, datetime) and found and show_instant(found) == show_instant(stored):
            return stored if not found.second else found
        return found

    def as_text(self, value: datetime) -> str:
        """Return the instant in the site's time zone, to the minute."""
        return show_instant(value)
