"""Months and years: the periods that summaries are written about."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

from flask_babel import lazy_gettext as _

from models.base import Labelled, now
from models.centre import site_zone
from models.span import Span, Unit

_WRITTEN = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?", re.ASCII)
_YEARS = range(2000, 2200)
_DAY = timedelta(days=1)


class PeriodKind(Labelled):
    """How long a summary looks back."""

    MONTH = "month", _("Month")
    YEAR = "year", _("Year")


@dataclass(frozen=True, slots=True, order=True)
class SummaryPeriod:
    """A calendar month or year, by its first day."""

    kind: PeriodKind
    first_on: date

    @classmethod
    def parse(cls, written: str) -> Self:
        """Return the period written as 2026-03, or 2026 for a year.

        Raises:
            ValueError: when the text is neither, or lies far from ours.
        """
        match = _WRITTEN.fullmatch(written.strip())
        if match is None or int(match[1]) not in _YEARS:
            raise ValueError(f"{written!r} is neither a month such as 2026-03 nor a year.")
        kind = PeriodKind.MONTH if match[2] else PeriodKind.YEAR
        return cls(kind, date(int(match[1]), int(match[2] or 1), 1))

    @classmethod
    def of(cls, kind: PeriodKind, day: date) -> Self:
        """Return the month or year that `day` lies in."""
        first = day.replace(day=1) if kind is PeriodKind.MONTH else date(day.year, 1, 1)
        return cls(kind, first)

    def __str__(self) -> str:
        """Write the period as 2026-03 or 2026."""
        return f"{self.first_on:%Y-%m}" if self.is_month else str(self.first_on.year)

    @property
    def is_month(self) -> bool:
        """Tell whether it is a month."""
        return self.kind is PeriodKind.MONTH

    @property
    def last_on(self) -> date:
        """Return the last day."""
        return self.following.first_on - _DAY

    @property
    def following(self) -> Self:
        """Return the period after."""
        # From any day of one, so many days lead into the next.
        return self.of(self.kind, self.first_on + (31 if self.is_month else 366) * _DAY)

    @property
    def previous(self) -> Self:
        """Return the period before."""
        return self.of(self.kind, self.first_on - _DAY)

    @property
    def year_before(self) -> Self:
        """Return the same month a year before, or the year before."""
        return type(self)(self.kind, self.first_on.replace(year=self.first_on.year - 1))

    @property
    def span(self) -> Span:
        """Return the days that are counted: up to today while the period goes on."""
        today = now().astimezone(site_zone()).date()
        last = max(min(self.last_on, today), self.first_on)
        return Span(Unit(self.kind.value), self.first_on, last, site_zone())

    def until_as_far(self, span: Span) -> Span:
        """Return the days of this period up to where `span`, that of a later one, has come: as many or all.

        Two months of a year that goes on stand beside two months of the one before, and not beside all of it.
        """
        if span.last_on == self.of(self.kind, span.first_on).last_on:
            return replace(span, first_on=self.first_on, last_on=self.last_on)
        if self.is_month:
            last_on = min(self.first_on + (span.last_on - span.first_on), self.last_on)
        else:
            as_far = self.of(PeriodKind.MONTH, self.first_on.replace(month=span.last_on.month))
            last_on = min(as_far.first_on + (span.last_on.day - 1) * _DAY, as_far.last_on)
        return replace(span, first_on=self.first_on, last_on=last_on)

    def has_ended(self, at: datetime) -> bool:
        """Tell whether the period is over at an instant, as the calendar of the site counts."""
        return at.astimezone(site_zone()).date() > self.last_on
