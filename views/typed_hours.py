"""Working hours of a day as people type them, such as 8:30-12:00, 13:30-17:30."""

from __future__ import annotations

import re

from flask_babel import gettext as _

from models.office_calendar import clock
from models.working_time import Interval, check_intervals
from views.days import plain

TYPED_MOST = 200
_TIME = r"(\d{1,2})(?:[:.点时](\d{2})?分?)?"
_INTERVAL = re.compile(rf"{_TIME}(?:-|–|—|~|至|到|to){_TIME}")
_FREE = frozenset({"", "-", "休", "休息", "free", "off"})


def parse_hours(raw: str) -> tuple[Interval, ...]:
    """Return the intervals that a person typed, none for a free day; raise ValueError with a sentence."""
    text = re.sub(r"\s+", "", plain(raw[:TYPED_MOST]))
    if text in _FREE:
        return ()
    intervals = tuple(_read_interval(part) for part in re.split(r"[,;、/和]", text) if part)
    try:
        check_intervals(intervals)
    except ValueError:
        raise ValueError(_("These hours overlap, or end before they begin.")) from None
    return intervals


def show_hours(intervals: tuple[Interval, ...]) -> str:
    """Return intervals as the field shows them, nothing for a free day."""
    return ", ".join(f"{clock(begin)}-{clock(end)}" for begin, end in intervals)


def _read_interval(text: str) -> Interval:
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise ValueError(_("Give hours such as 8:30-12:00, 13:30-17:30."))
    begin_hour, begin_minute, end_hour, end_minute = (int(part or 0) for part in found.groups())
    if max(begin_hour, end_hour) > 24 or max(begin_minute, end_minute) > 59:
        raise ValueError(_("Give hours such as 8:30-12:00, 13:30-17:30."))
    return begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
