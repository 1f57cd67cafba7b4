"""Instants as people read them: in the site's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from models.centre import site_zone


def show_instant(instant: datetime) -> str:
    """Return an instant as 2024-03-05 14:30 in the site's time zone."""
    # Half of what `strftime` takes; behind the minute stands the distance from UTC.
    return instant.astimezone(site_zone()).isoformat(" ", "minutes")[:16]


def show_date(value: date) -> str:
    """Return a day as 2024-03-05, and an instant with its minute."""
    return show_instant(value) if isinstance(value, datetime) else value.isoformat()


def start_of_day(day: date) -> datetime:
    """Return the instant at which `day` begins for the site's people, in UTC."""
    return instant_of(day, time.min)


def instant_of(day: date, clock: time) -> datetime:
    """Return the instant at which the site's clocks show `clock` on `day`, in UTC."""
    return datetime.combine(day, clock, site_zone()).astimezone(UTC)


def today() -> date:
    """Return the site's present day."""
    return datetime.now(site_zone()).date()
