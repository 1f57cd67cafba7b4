"""Complaints of the time before the panel: what a file holds of them, and when to offer them as history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from models import Complaint
from models.centre import site_zone
from models.owed_by_step import OWED

# What is open and registered longer ago than this would be late at once.
OLD_AFTER = timedelta(days=30)


@dataclass(slots=True)
class OpenComplaints:
    """The new complaints of a file that would owe something: all, those that are old, and the newest day."""

    today: date
    count: int = 0
    old: int = 0
    newest: date | None = None

    @property
    def old_until(self) -> date:
        """Return the last day of which a complaint is old."""
        return self.today - OLD_AFTER

    @property
    def is_all_old(self) -> bool:
        """Tell whether the newest of all new complaints of the file, open or not, is old."""
        return self.newest is not None and self.newest <= self.old_until

    @property
    def proposed_until(self) -> date:
        """Return up to which day the file is history, as far as one can tell from its dates."""
        return self.newest if self.newest and self.is_all_old else self.old_until

    def add(self, complaints: Iterable[Complaint]) -> None:
        """Count more new complaints of the file."""
        zone = site_zone()
        for each in complaints:
            day = each.registered_at.astimezone(zone).date()
            self.newest = max(self.newest or day, day)
            if OWED[each.step]:
                self.count += 1
                self.old += day <= self.old_until

    def as_json(self) -> dict[str, Any]:
        """Return it for the screen."""
        return {
            "today": self.today.isoformat(),
            "count": self.count,
            "old": self.old,
            "newest": self.newest.isoformat() if self.newest else None,
        }

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Self:
        """Return what `as_json` made."""
        newest = kept["newest"]
        return cls(
            date.fromisoformat(kept["today"]),
            kept["count"],
            kept["old"],
            date.fromisoformat(newest) if newest else None,
        )
