"""ISO weeks: the closed period that a digest speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Self

_WRITTEN = re.compile(r"([0-9]{4})-?[Ww]([0-9]{2})")
_YEARS = range(1900, 2200)


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """A week of ISO 8601, Monday to Sunday; the year is the one that its Thursday lies in.

    Raises:
        ValueError: when there is no such week, as in 2024-W53.
    """

    year: int
    week: int

    def __post_init__(self) -> None:
        """Refuse a week that the year does not have."""
        date.fromisocalendar(self.year, self.week, 1)

    @classmethod
    def parse(cls, written: str) -> Self:
        """Return the week written as 2024-W10 (or 2024W10).

        Raises:
            ValueError: when the text is not a week, the year has no such week, or lies far from ours.
        """
        match = _WRITTEN.fullmatch(written.strip())
        if match is None or int(match[1]) not in _YEARS:
            raise ValueError(f"{written!r} is not a week such as 2024-W10.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the week that `day` lies in."""
        calendar = day.isocalendar()
        return cls(calendar.year, calendar.week)

    @classmethod
    def last_closed(cls, instant: datetime, zone: tzinfo) -> Self:
        """Return the latest week that has ended at `instant`, as the calendar of `zone` counts."""
        return cls.of(instant.astimezone(zone).date()).shifted(-1)

    def __str__(self) -> str:
        """Write the week as 2024-W10."""
        return f"{self.year:04d}-W{self.week:02d}"

    @property
    def monday(self) -> date:
        """Return the first day."""
        return date.fromisocalendar(self.year, self.week, 1)

    @property
    def sunday(self) -> date:
        """Return the last day."""
        return date.fromisocalendar(self.year, self.week, 7)

    @property
    def previous(self) -> Self:
        """Return the week before."""
        return self.shifted(-1)

    def shifted(self, weeks: int) -> Self:
        """Return the week so many weeks later, or earlier where `weeks` is negative."""
        return self.of(self.monday + timedelta(weeks=weeks))

    def up_to(self, last: Self) -> Iterator[Self]:
        """Yield this week and each that follows, `last` included."""
        week = self
        while week <= last:
            yield week
            week = week.shifted(1)

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return the first instant of the week and that of the next one, in UTC.

        Where a clock change leaves no midnight, the day begins at the change.
        """
        return starts_at(self.monday, zone), starts_at(self.shifted(1).monday, zone)

    def has_ended(self, instant: datetime, zone: tzinfo) -> bool:
        """Tell whether the week is over at `instant`."""
        return self.bounds(zone)[1] <= instant


def starts_at(day: date, zone: tzinfo, hour: int = 0) -> datetime:
    """Return the instant, in UTC, at which the clocks of `zone` show this hour of `day` (fold 0)."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
