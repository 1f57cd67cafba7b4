"""The screen of product models."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class ProductModelView(RecordView):
    """Keep the models that vehicles are sold as."""

    singular, plural, new_label = _("Product model"), _("Product models"), _("New product model")
    area, icon = Area.CUSTOMERS, "model"
    what_for = _(
        "Models with their warranty and maintenance interval: the dates of each vehicle follow from them. "
        "Enter them before the vehicles."
    )
    column_list = ("name", "code", "kind", "warranty_months", "maintenance_interval_months", "updated_at")
    column_filters = ("kind",)
    default_sort = ("name", False)
    column_descriptions = per_field(
        warranty_months=_("From the day of sale. A change counts for vehicles that are sold from then on."),
        maintenance_interval_months=_("From one maintenance to the next."),
    )
    form_sections = (
        Section(
            _("Product model"), ("name", "code", "kind", "warranty_months", "maintenance_interval_months")
        ),
        Section(_("Handling"), ("responsible_id",)),
    )
