"""Instants as people read them: in the site's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from flask import current_app


def site_zone() -> ZoneInfo:
    """Return the time zone in which the site's people live."""
    zone: ZoneInfo = current_app.extensions["settings"].timezone
    return zone


def show_instant(instant: datetime) -> str:
    """Return an instant as 2024-03-05 14:30 in the site's time zone."""
    return instant.astimezone(site_zone()).strftime("%Y-%m-%d %H:%M")


def start_of_day(day: date) -> datetime:
    """Return the instant at which `day` begins for the site's people, in UTC."""
    return datetime.combine(day, time.min, site_zone()).astimezone(UTC)


def today() -> date:
    """Return the site's present day."""
    return datetime.now(site_zone()).date()
