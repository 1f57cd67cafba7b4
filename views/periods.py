"""Periods that people ask for by name: they move with the day, so that a kept address stays true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

LAST_DAYS = 30


@dataclass(frozen=True, slots=True)
class Period:
    """A period with a name; `first` and `last` return its days, both included, for the present one."""

    name: str
    label: LazyString
    first: Callable[[date], date]
    last: Callable[[date], date]


def monday(day: date) -> date:
    """Return the first day of the ISO week in which `day` lies."""
    return day - timedelta(days=day.weekday())


def end_of_month(day: date) -> date:
    """Return the last day of the month in which `day` lies."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def end_of_last_month(day: date) -> date:
    """Return the last day of the month before that in which `day` lies."""
    return day.replace(day=1) - timedelta(days=1)


PERIODS = (
    Period("today", _("Today"), lambda day: day, lambda day: day),
    Period(
        "yesterday",
        _("Yesterday"),
        lambda day: day - timedelta(days=1),
        lambda day: day - timedelta(days=1),
    ),
    Period("this_week", _("This week"), monday, lambda day: monday(day) + timedelta(days=6)),
    Period(
        "last_week",
        _("Last week"),
        lambda day: monday(day) - timedelta(days=7),
        lambda day: monday(day) - timedelta(days=1),
    ),
    Period("this_month", _("This month"), lambda day: day.replace(day=1), end_of_month),
    Period(
        "last_month",
        _("Last month"),
        lambda day: end_of_last_month(day).replace(day=1),
        end_of_last_month,
    ),
    Period("last_days", _("Last 30 days"), lambda day: day - timedelta(days=LAST_DAYS - 1), lambda day: day),
    Period(
        "this_year",
        _("This year"),
        lambda day: day.replace(month=1, day=1),
        lambda day: date(day.year, 12, 31),
    ),
    Period(
        "last_year",
        _("Last year"),
        lambda day: date(day.year - 1, 1, 1),
        lambda day: date(day.year - 1, 12, 31),
    ),
)


def period_named(name: str) -> Period:
    """Return the period of this name; raise ValueError where there is none."""
    for period in PERIODS:
        if period.name == name:
            return period
    raise ValueError(name)
