"""The screen of parts quality records."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class PartsQualityView(RecordView):
    """Keep what is learnt about the quality of parts."""

    singular, plural = _("Parts quality record"), _("Parts quality records")
    new_label = _("New parts quality record")
    area, icon = Area.PARTS, "quality"
    what_for = _("Faulty parts, by batch and supplier. Enter one record for each part that comes back.")
    column_labels = per_field(department_id=_("Responsible department"))
    column_list = (
        "number",
        "found_on",
        "part_id",
        "supplier_id",
        "production_batch",
        "fault",
        "quantity",
        "found_by",
        "disposition",
        "department_id",
    )
    editable_columns = ("disposition", "department_id")
    brief_columns = (
        "found_on",
        "number",
        "part_id",
        "supplier_id",
        "production_batch",
        "fault",
        "quantity",
        "disposition",
    )
    hint_columns = ("production_batch", "fault")
    fills: ClassVar = {
        "part_id": {"supplier_id": "supplier_id"},
        "vehicle_id": {"dealer_id": "dealer_id", "region_id": "region_id"},
    }
    column_filters = (
        "part_id",
        "supplier_id",
        "production_batch",
        "found_on",
        "found_by",
        "disposition",
        "department_id",
        "dealer_id",
        "vehicle_id",
        "complaint_id",
        "region_id",
        "responsible_id",
    )
    default_sort = ("found_on", True)
    column_descriptions = per_field(
        supplier_id=_("As on the label, where it differs from the list of parts."),
        quantity=_("How many parts have this fault."),
        disposition=_("What becomes of the faulty part; leave open while it is not decided."),
        department_id=_("Who answers for the cause; that department reads it in its weekly digest."),
        production_batch=_("The batch stamped on the part; early warnings go by it."),
        fault=_("What is wrong with the part, one fault a record."),
    )
    form_sections = (
        Section(_("Part"), ("part_id", "supplier_id", "production_batch", "production_on")),
        Section(
            _("Fault"),
            (
                "found_on",
                "found_by",
                "quantity",
                "fault",
                "dealer_id",
                "vehicle_id",
                "mileage_km",
                "months_in_use",
                "complaint_id",
            ),
        ),
        Section(_("Outcome"), ("disposition", "cause", "department_id", "responsible_id", "region_id")),
    )
