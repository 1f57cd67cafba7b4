"""The eighteen months that the demo tells of: how many events fall on each day, and at what hour."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = 548
# Monday first: people call when the office is open, and save it up over the weekend.
_WEEKDAYS = (1.35, 1.15, 1.05, 1.05, 1.1, 0.7, 0.4)
_HOURS = (8, 9, 9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 14, 15, 15, 16, 16, 17)
_LATE_HOURS = (7, 12, 18, 19, 20)


class Days:
    """Draw days and instants of the demo's time, which ends where today begins in the site's zone.

    So the same seed gives the same data on the same day, at whatever hour, and nothing lies in the future.
    """

    def __init__(self, chance: random.Random, today: date, zone: ZoneInfo) -> None:
        self.chance, self.today, self.zone = chance, today, zone
        self.first = today - timedelta(days=DAYS)
        self.end = self.start_of(today)

    def start_of(self, day: date) -> datetime:
        """Return when a day begins in the site's zone."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def at(self, day: date) -> datetime:
        """Return an instant of the day, mostly in office hours."""
        hour = self.chance.choice(_HOURS if self.chance.random() < 0.92 else _LATE_HOURS)
        moment = time(hour, self.chance.randrange(60), self.chance.randrange(60))
        return datetime.combine(day, moment, self.zone).astimezone(UTC)

    def local(self, instant: datetime) -> date:
        """Return on which day of the site's calendar an instant falls."""
        return instant.astimezone(self.zone).date()

    def draw(self, count: int, season: Callable[[date], float] = lambda _day: 1.0) -> list[date]:
        """Return so many days, in order: more of them lately, on working days and in the season."""
        days = [self.first + timedelta(days=offset) for offset in range(DAYS)]
        weights = [
            _WEEKDAYS[day.weekday()] * self.growth(day) * season(day) * _quiet_at_new_year(day)
            for day in days
        ]
        return sorted(self.chance.choices(days, weights, k=count))

    def growth(self, day: date) -> float:
        """Return how much business there is on a day beside the middle of the time."""
        return 0.75 + 0.5 * (day - self.first).days / DAYS


def _quiet_at_new_year(day: date) -> float:
    # The Spring Festival moves; late January to mid-February is quiet in every year.
    return 0.55 if (1, 24) <= (day.month, day.day) <= (2, 16) else 1.0


def wet_season(day: date) -> float:
    """Return how much more there is in the rain of summer."""
    return (0.7, 0.7, 0.8, 0.95, 1.1, 1.35, 1.5, 1.45, 1.1, 0.9, 0.8, 0.7)[day.month - 1]


def cold_season(day: date) -> float:
    """Return how much more there is in the cold, when batteries give less."""
    return (1.7, 1.5, 1.1, 0.8, 0.7, 0.7, 0.75, 0.75, 0.8, 1.0, 1.3, 1.6)[day.month - 1]
