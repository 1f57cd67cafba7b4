"""The screen of shipments of parts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class PartsShipmentView(RecordView):
    """Keep what the warehouse ships to dealers."""

    singular, plural, new_label = _("Parts shipment"), _("Parts shipments"), _("New parts shipment")
    area, icon = Area.PARTS, "shipment"
    what_for = _(
        "What the warehouse sends to dealers: whether it was right, and how many of a batch are in use. "
        "Enter one record for each part and batch."
    )
    column_list = (
        "number",
        "shipped_on",
        "dealer_id",
        "part_id",
        "supplier_id",
        "production_batch",
        "quantity",
        "is_right",
        "wrong_because",
    )
    editable_columns = ("is_right",)
    brief_columns = (
        "shipped_on",
        "number",
        "part_id",
        "dealer_id",
        "production_batch",
        "quantity",
        "is_right",
    )
    hint_columns = ("dealer_id", "part_id", "shipped_on")
    column_filters = (
        "is_right",
        "shipped_on",
        "dealer_id",
        "part_id",
        "supplier_id",
        "production_batch",
        "region_id",
    )
    default_sort = ("shipped_on", True)
    column_descriptions = per_field(
        wrong_because=_("Only where it was not right: the wrong part, too few, or the wrong place."),
        production_batch=_("The batch stamped on the part; early warnings go by it."),
        quantity=_("One part and batch a record; shipped quantities are what failure rates are measured by."),
        is_right=_("Right part, right number, to the right place."),
    )
    form_sections = (
        Section(
            _("Parts shipment"),
            ("shipped_on", "dealer_id", "part_id", "supplier_id", "production_batch", "quantity"),
        ),
        Section(_("Accuracy"), ("is_right", "wrong_because")),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )
