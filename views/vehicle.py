"""The screen of vehicles."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class VehicleView(RecordView):
    """Keep vehicles."""

    singular, plural, new_label = _("Vehicle"), _("Vehicles"), _("New vehicle")
    area, icon = Area.CUSTOMERS, "vehicle"
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
    column_searchable_list = ("frame_number", "plate_number", "product_model_id", "production_batch")
    hint_columns = ("product_model_id",)
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
