"""Working time: when the office works, and instants counted in working hours, working days and calendar days.

Pure computation. Days are those of the site's zone; instants go in aware and come out in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Begin and end in minutes since midnight; the end of a day is MINUTES_A_DAY.
Interval = tuple[int, int]
MINUTES_A_DAY = 24 * 60
DAYS_A_WEEK = 7
_DAY = timedelta(days=1)
_OFFICE_DAY: tuple[Interval, ...] = ((8 * 60 + 30, 12 * 60), (13 * 60 + 30, 17 * 60 + 30))
# From Monday to Sunday.
DEFAULT_HOURS: tuple[tuple[Interval, ...], ...] = (*(_OFFICE_DAY,) * 5, (), ())


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When the office works: the hours of each weekday from Monday, and the days that differ from the rule.

    Raises:
        ValueError: for hours that overlap, run backwards, or are none in the whole week.
    """

    zone: ZoneInfo
    hours: tuple[tuple[Interval, ...], ...] = DEFAULT_HOURS
    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a week in which nothing could ever fall due."""
        if len(self.hours) != DAYS_A_WEEK or not any(self.hours):
            raise ValueError("a week has seven days, and somebody works on one of them")
        for intervals in self.hours:
            check_intervals(intervals)

    def day_of(self, instant: datetime) -> date:
        """Return the day on which an instant falls for the site's people."""
        return instant.astimezone(self.zone).date()

    def end_of_day(self, day: date) -> datetime:
        """Return the last second of a day, so that what is due then still bears its date."""
        return _instant(day + _DAY, 0, self.zone) - timedelta(seconds=1)

    def is_working_day(self, day: date) -> bool:
        """Tell whether the office works on a day at all."""
        return bool(self.hours_on(day))

    def hours_on(self, day: date) -> tuple[Interval, ...]:
        """Return the hours of a day; a make-up day at a free weekday has those of the first that works."""
        if day in self.holidays:
            return ()
        own = self.hours[day.weekday()]
        if not own and day in self.make_up_days:
            return next(intervals for intervals in self.hours if intervals)
        return own

    def add_calendar_days(self, start: datetime, days: int) -> datetime:
        """Return the end of the day that lies so many days after that of `start`; 0 is the same day."""
        return self.end_of_day(self.day_of(start) + days * _DAY)

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Return the end of the working day that is the so-manieth after the day of `start`.

        0 is the same day, or where the office is closed then, the next one on which it works.
        """
        return self.end_of_day(self.working_day_after(self.day_of(start), days))

    def working_day_after(self, day: date, days: int) -> date:
        """Return the so-manieth working day after `day`; for 0 `day`, or where it is free, the next."""
        left = max(days, 0)
        if left == 0 and self.is_working_day(day):
            return day
        while True:
            day += _DAY
            if self.is_working_day(day):
                left -= 1
                if left <= 0:
                    return day

    def working_days_between(self, first: date, last: date) -> int:
        """Return how many working days lie after `first` and up to `last`."""
        days = (first + n * _DAY for n in range(1, (last - first).days + 1))
        return sum(map(self.is_working_day, days))

    def add_working_time(self, start: datetime, amount: timedelta) -> datetime:
        """Return the instant at which so much working time has passed since `start`; at once for none."""
        if amount <= timedelta(0):
            return start.astimezone(UTC)
        for begins, ends in self._spans(start):
            if amount <= ends - begins:
                return begins + amount
            amount -= ends - begins
        raise AssertionError("the days don't end")

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much working time lies between two instants; none where `end` isn't the later."""
        total = timedelta(0)
        for begins, ends in self._spans(start):
            if begins >= end:
                break
            total += min(ends, end.astimezone(UTC)) - begins
        return total

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield without end what is worked from `start` on, in UTC."""
        day, last = self.day_of(start), start.astimezone(UTC)
        while True:
            for begin, end in self.hours_on(day):
                # Where clocks are put forward an interval may lie in the hour that is left out.
                begins, ends = max(_instant(day, begin, self.zone), last), _instant(day, end, self.zone)
                if begins < ends:
                    yield begins, ends
                    last = ends
            day += _DAY


def check_intervals(intervals: Sequence[Interval]) -> None:
    """Raise ValueError unless these follow each other within one day."""
    last = 0
    for begin, end in intervals:
        if not last <= begin < end <= MINUTES_A_DAY:
            raise ValueError(f"hours overlap or run backwards: {intervals}")
        last = end


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which the site's clocks show so many minutes since midnight, in UTC."""
    if minutes == MINUTES_A_DAY:
        day, minutes = day + _DAY, 0
    return datetime.combine(day, time(*divmod(minutes, 60)), zone).astimezone(UTC)
