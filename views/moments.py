"""Days and instants as people speak of them while they are near; further away the date says more."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from models.base import now
from models.centre import site_zone
from views.clock import show_date
from views.markup import element

# As far as this a distance says more than a date.
NEAR_DAYS = 7
_MINUTE, _HOUR = 60, 3600
# Instants of today further away than this are told by the clock.
_NEAR_HOURS = 12


def in_words(value: date) -> str | None:
    """Return how far away a day or an instant is, in words; None where it is more than a week."""
    present, zone = now(), site_zone()
    today = present.astimezone(zone).date()
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        return _instant_in_words(local, (value - present).total_seconds(), (local.date() - today).days)
    return _days_in_words((value - today).days)


def _days_in_words(days: int) -> str | None:
    if abs(days) > NEAR_DAYS:
        return None
    if abs(days) <= 1:
        return str({-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}[days])
    if days < 0:
        return str(ngettext("%(num)d day ago", "%(num)d days ago", -days))
    return str(ngettext("in %(num)d day", "in %(num)d days", days))


def _instant_in_words(local: datetime, seconds: float, days: int) -> str | None:
    if abs(days) > NEAR_DAYS:
        return None
    if abs(seconds) < _MINUTE:
        return str(_("just now"))
    if abs(seconds) < _HOUR:
        return _minutes(round(seconds / _MINUTE))
    if days == 0 and abs(seconds) < _NEAR_HOURS * _HOUR:
        return _hours(round(seconds / _HOUR))
    if abs(days) <= 1:
        return str(_("%(day)s %(time)s", day=_days_in_words(days), time=local.strftime("%H:%M")))
    return _days_in_words(days)


def _minutes(minutes: int) -> str:
    if minutes < 0:
        return str(ngettext("%(num)d minute ago", "%(num)d minutes ago", -minutes))
    return str(ngettext("in %(num)d minute", "in %(num)d minutes", minutes))


def _hours(hours: int) -> str:
    if hours < 0:
        return str(ngettext("%(num)d hour ago", "%(num)d hours ago", -hours))
    return str(ngettext("in %(num)d hour", "in %(num)d hours", hours))


def moment(value: date, shown: str = "") -> Markup:
    """Return a day or an instant in words while it is near, with the date, `shown` if known, as its title."""
    words, exact = in_words(value), shown or show_date(value)
    title = None if words is None else exact
    return element("time", words or exact, datetime=value.isoformat(), title=title)


def dated_moment(value: date, shown: str = "") -> Markup:
    """Return a day or an instant by its date, `shown` if known, with words beside it while it is near."""
    words = in_words(value)
    dated = element("time", shown or show_date(value), datetime=value.isoformat())
    return dated if words is None else dated + " " + element("small", words, class_="muted")
