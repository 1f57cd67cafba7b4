"""What a kind of thing that is due is made of: its rows, and the days in which they are looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, cast, func

from models.base import Base, Record
from models.customer import Customer


@dataclass(frozen=True, slots=True)
class Window:
    """The days between which something is due, both included; `since` None reaches back to the oldest.

    `is_urgent` keeps to what is severe or safety relevant, or to all else; None takes both.
    """

    until: date
    since: date | None = None
    is_urgent: bool | None = None

    def contains(self, due_on: Any) -> list[ColumnElement[bool]]:
        """Return the conditions under which a day lies between them."""
        return [due_on <= self.until, *([due_on >= self.since] if self.since else [])]

    def contains_instant(self, instant: Any, zone: ZoneInfo, delay: timedelta) -> list[ColumnElement[bool]]:
        """Return the conditions under which `instant` plus `delay` lies there, so that an index serves."""
        ends = instant < start_of_day(self.until + timedelta(days=1), zone) - delay
        return [ends, *([instant >= start_of_day(self.since, zone) - delay] if self.since else [])]


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one kind: `keys` are what they belong to, None stands for what a kind doesn't tell."""

    model: type[Record]
    due_on: Any
    conditions: Sequence[ColumnElement[bool]]
    keys: Mapping[str, Any]
    # Each with the condition under which it belongs to the row; a row without one stays.
    joins: Sequence[tuple[type[Base], ColumnElement[bool]]]
    phone: Any
    starts_on: Any = None
    due_at: Any = None
    who: Any = None
    about: Any = None
    # Calls that were made for it and did not settle it, and when the last of them was.
    attempts: Any = None
    tried_at: Any = None
    # Whether somebody could be hurt, or the customer can't use the vehicle; None: it never is so.
    is_urgent: Any = None
    # Who has no part in it: it never stands among that person's own work.
    never_by: Any = None
    # The department whose people have it among theirs, whoever is responsible.
    department_id: Any = None


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which `day` begins in `zone`."""
    return datetime.combine(day, time.min, zone)


def day_of(instant: Any, zone: ZoneInfo) -> Any:
    """Return the day in `zone` on which an instant lies."""
    return cast(func.timezone(zone.key, instant), Date)


def keys_of(model: Any, **others: Any) -> dict[str, Any]:
    """Return what a row belongs to, as most records name it."""
    return {
        "customer_id": model.customer_id,
        "vehicle_id": model.vehicle_id,
        "responsible_id": model.responsible_id,
    } | others


def of_customer(model: Any) -> tuple[type[Base], ColumnElement[bool]]:
    """Return the customer of a row, to be joined."""
    return Customer, Customer.id == model.customer_id
