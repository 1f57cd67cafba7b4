"""The screen of vehicles."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.key_facts import Term
from views.key_figures import KeyFigure, vehicle_figures
from views.menu import Area


class VehicleView(RecordView):
    """Keep vehicles."""

    singular, plural, new_label = _("Vehicle"), _("Vehicles"), _("New vehicle")
    area, icon = Area.CUSTOMERS, "vehicle"
    what_for = _(
        "Every vehicle by its frame number: warranty and next maintenance follow from it. Enter one with its"
        " owner, or import the list that you have."
    )
    column_labels = per_field(kind=_("Kind of vehicle"))
    column_list = (
        "frame_number",
        "plate_number",
        "product_model_id",
        "kind",
        "customer_id",
        "dealer_id",
        "sold_on",
        "warranty_until",
        "next_maintenance_on",
    )
    editable_columns = ("plate_number", "kind", "next_maintenance_on")
    brief_columns = (
        "frame_number",
        "plate_number",
        "product_model_id",
        "customer_id",
        "warranty_until",
        "next_maintenance_on",
    )
    key_facts = (
        "product_model_id",
        "plate_number",
        "customer_id",
        "dealer_id",
        "sold_on",
        "warranty_until",
        "next_maintenance_on",
        "mileage_km",
    )
    terms: ClassVar = {
        "warranty_until": Term(_("Ended"), _("In warranty"), _("Ends soon"), 60),
        "next_maintenance_on": Term(_("Overdue"), ending=_("Due soon"), ending_days=30),
    }
    due_key = "vehicle_id"
    cards = ("service_receipt", "complaint", "call_record", "warranty_claim", "parts_quality_record")
    hint_columns = ("product_model_id", "customer_id")
    fills: ClassVar = {"customer_id": {"dealer_id": "dealer_id", "region_id": "region_id"}}
    column_filters = (
        "kind",
        "product_model_id",
        "customer_id",
        "dealer_id",
        "sold_on",
        "warranty_until",
        "next_maintenance_on",
        "production_batch",
        "region_id",
        "responsible_id",
    )
    column_descriptions = per_field(
        production_batch=_("As stamped beside the frame number."),
        frame_number=_("All characters, as stamped on the frame."),
        warranty_until=_("Follows from the model and the day of sale; another day set here stays."),
        next_maintenance_on=_("Follows from the interval and the day of sale; another day set here stays."),
        maintenance_interval_months=_("Leave empty where the model's own interval holds."),
    )
    form_sections = (
        Section(
            _("Vehicle"),
            ("frame_number", "plate_number", "product_model_id", "kind", "production_on", "production_batch"),
        ),
        Section(_("Owner"), ("customer_id", "dealer_id", "sold_on")),
        Section(
            _("Warranty and maintenance"),
            ("warranty_until", "maintenance_interval_months", "next_maintenance_on", "mileage_km"),
        ),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )

    def figures(self, row: Any) -> list[KeyFigure]:
        """Return how often it came back."""
        return vehicle_figures(row)
