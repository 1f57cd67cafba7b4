"""The screen of customer files."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class CustomerView(RecordView):
    """Keep customer files."""

    singular, plural, new_label = _("Customer"), _("Customers"), _("New customer")
    area, icon = Area.CUSTOMERS, "customer"
    column_list = (
        "number",
        "name",
        "kind",
        "level",
        "phone",
        "dealer_id",
        "region_id",
        "responsible_id",
        "updated_at",
    )
    column_searchable_list = ("number", "name", "contact_person", "phone", "address")
    hint_columns = ("phone", "address")
    column_filters = (
        "kind",
        "level",
        "region_id",
        "responsible_id",
        "dealer_id",
        "first_contact_on",
        "source",
    )
    column_descriptions = per_field(
        responsible_id=_("The customer's agent; without one the customer lies in the region's pool."),
        are_promises_kept=_("Leave open until somebody has asked the customer."),
    )
    form_sections = (
        Section(_("Customer"), ("name", "kind", "level", "contact_person", "phone", "address")),
        Section(
            _("Relation"),
            (
                "source",
                "first_contact_on",
                "dealer_id",
                "wished_service",
                "sale_promises",
                "are_promises_kept",
            ),
        ),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )
