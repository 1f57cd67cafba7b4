"""The screen of customer files."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from views.forms import Section, per_field
from views.key_figures import KeyFigure, customer_figures
from views.menu import Area
from views.person import PersonView


class CustomerView(PersonView):
    """Keep customer files."""

    singular, plural, new_label = _("Customer"), _("Customers"), _("New customer")
    area, icon = Area.CUSTOMERS, "customer"
    what_for = _(
        "Owners and companies, with their vehicles, visits and calls. Make a file at the first contact, or "
        "import the list that you have."
    )
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
    brief_columns = ("number", "name", "kind", "level", "phone")
    key_facts = ("phone", "contact_person", "address", "kind", "level", "dealer_id", "responsible_id")
    due_key = "customer_id"
    cards = ("complaint", "vehicle", "service_receipt", "call_record", "letter")
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
        phone=_("Several numbers with a slash between them; any digits of them find the customer."),
        level=_("Set by the office, by visits, money spent and length of the relation."),
        source=_("How the customer came to us, such as a fair or another customer."),
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

    def figures(self, row: Any) -> list[KeyFigure]:
        """Return what is open, owned and last heard."""
        return customer_figures(row)
