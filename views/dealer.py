"""The screen of dealers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class DealerView(RecordView):
    """Keep dealers."""

    singular, plural, new_label = _("Dealer"), _("Dealers"), _("New dealer")
    area, icon = Area.DEALERS, "dealer"
    column_labels = per_field(responsible_id=_("Touring engineer"))
    column_list = (
        "code",
        "name",
        "principal",
        "phone",
        "city",
        "grade",
        "region_id",
        "responsible_id",
        "contract_until",
    )
    column_searchable_list = ("code", "name", "principal", "contact_person", "phone", "city")
    hint_columns = ("code", "city", "phone")
    column_filters = (
        "grade",
        "region_id",
        "responsible_id",
        "province",
        "has_own_workshop",
        "contract_until",
        "opened_on",
    )
    default_sort = ("code", False)
    form_sections = (
        Section(
            _("Dealer"),
            ("code", "name", "principal", "contact_person", "phone", "province", "city", "address"),
        ),
        Section(
            _("Contract"),
            (
                "contract_number",
                "contract_from",
                "contract_until",
                "opened_on",
                "grade",
                "has_own_workshop",
                "vehicles_per_year",
            ),
        ),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )
