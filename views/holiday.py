"""The screen of the office calendar."""

from __future__ import annotations

from types import MappingProxyType

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section
from views.menu import Area


class HolidayView(RecordView):
    """Keep the days that differ from the rule of the week."""

    singular, plural, new_label = (
        _("Day of the office calendar"),
        _("Holidays and make-up days"),
        _("New day"),
    )
    area, icon = Area.ORGANISATION, "calendar"
    what_for = _(
        "Public holidays, and days at the weekend that are worked. Enter the whole year once it is announced."
    )
    pages_beside = MappingProxyType({"office_calendar.index": _("The year at a glance")})
    column_list = ("falls_on", "kind", "name", "updated_at")
    column_filters = ("kind", "falls_on")
    default_sort = ("falls_on", True)
    form_sections = (
        Section(
            _("Day"),
            ("falls_on", "kind", "name"),
            _("Only days that differ from the rule: holidays, and days at the weekend that are worked."),
        ),
    )
