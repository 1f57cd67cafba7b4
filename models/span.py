"""Spans of whole weeks, months or years that cases are counted over, by the calendar of the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, cast, func, true

from models.complaint import Complaint

_DAY = timedelta(days=1)


class Unit(StrEnum):
    """What cases are counted by; the names are those of PostgreSQL's date_trunc."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first_on` to `last_on`, and the subjects that counts are limited to.

    `subject_ids` is None for every subject. Where `staff_ids` are named, cases are told apart by person
    instead of by unit.
    """

    unit: Unit
    first_on: date
    last_on: date
    zone: ZoneInfo
    subject_ids: frozenset[int] | None = None
    staff_ids: frozenset[int] | None = None

    @property
    def starts_at(self) -> datetime:
        """Return the first instant of the span."""
        return self._instant(self.first_on)

    @property
    def ends_at(self) -> datetime:
        """Return the first instant after the span."""
        return self._instant(self.last_on + _DAY)

    @property
    def week_ends_at(self) -> datetime:
        """Return the first instant after the week in which the span ends."""
        return self._instant(self.last_on + (7 - self.last_on.weekday()) * _DAY)

    def _instant(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def has_day(self, column: Any) -> ColumnElement[bool]:
        """Return the condition that a column's day lies in the span."""
        found: ColumnElement[bool] = column.between(self.first_on, self.last_on)
        return found

    def has_instant(self, column: Any) -> ColumnElement[bool]:
        """Return the condition that a column's instant lies in the span."""
        found: ColumnElement[bool] = (column >= self.starts_at) & (column < self.ends_at)
        return found

    def day_of(self, instant: Any) -> Any:
        """Return the day of a column's instant."""
        return cast(func.timezone(self.zone.key, instant), Date)

    def unit_of_day(self, day: Any) -> Any:
        """Return the first day of the week, month or year that a column's day lies in."""
        return func.date_trunc(self.unit.value, day)

    def unit_of(self, instant: Any) -> Any:
        """Return the first day of the week, month or year that a column's instant lies in."""
        return func.date_trunc(self.unit.value, func.timezone(self.zone.key, instant))

    def concerns(self) -> ColumnElement[bool]:
        """Return the condition that a complaint's subject is one of those that are counted."""
        return true() if self.subject_ids is None else Complaint.subject_id.in_(sorted(self.subject_ids))

    def key(self, unit: Any, person: Any) -> Any:
        """Return by what cases are told apart: their unit, or who did the work."""
        return unit if self.staff_ids is None else person

    def of_people(self, person: Any) -> ColumnElement[bool]:
        """Return the condition that one of the people did the work, where they are named."""
        return true() if self.staff_ids is None else person.in_(sorted(self.staff_ids))
