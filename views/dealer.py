"""The screen of dealers."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.key_facts import Term
from views.key_figures import KeyFigure, dealer_figures
from views.menu import Area


class DealerView(RecordView):
    """Keep dealers."""

    singular, plural, new_label = _("Dealer"), _("Dealers"), _("New dealer")
    area, icon = Area.DEALERS, "dealer"
    what_for = _(
        "Dealers with their contacts, contract and touring engineer. Enter one, or import the list that you "
        "have."
    )
    column_labels = per_field(responsible_id=_("Touring engineer"))
    column_list = (
        "code",
        "name",
        "principal",
        "phone",
        "province",
        "city",
        "grade",
        "region_id",
        "responsible_id",
        "contract_until",
    )
    editable_columns = ("phone", "grade", "responsible_id")
    key_facts = (
        "phone",
        "principal",
        "contact_person",
        "address",
        "grade",
        "contract_until",
        "responsible_id",
    )
    terms: ClassVar = {"contract_until": Term(_("Ended"), ending=_("Ends soon"), ending_days=60)}
    due_key = "dealer_id"
    cards = (
        "complaint",
        "service_receipt",
        "warranty_claim",
        "parts_quality_record",
        "parts_shipment",
        "vehicle",
        "customer",
        "letter",
    )
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
    column_descriptions = per_field(
        code=_("Short and lasting: imports know the dealer by it."),
    )
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

    def figures(self, row: Any) -> list[KeyFigure]:
        """Return what is open, and how the dealer did in a year."""
        return dealer_figures(row)
