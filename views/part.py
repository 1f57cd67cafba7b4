"""The screen of parts."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.key_figures import KeyFigure, part_figures
from views.menu import Area


class PartView(RecordView):
    """Keep the parts of the vehicles."""

    singular, plural, new_label = _("Part"), _("Parts"), _("New part")
    area, icon = Area.PARTS, "part"
    what_for = _(
        "The list of parts that other records choose from. Enter the key parts first, or import the list "
        "that you have."
    )
    column_list = ("code", "name", "name_en", "is_key_part", "supplier_id", "updated_at")
    editable_columns = ("is_key_part", "supplier_id")
    brief_columns = ("code", "name", "is_key_part", "supplier_id")
    key_facts = ("code", "is_key_part", "supplier_id", "responsible_id")
    cards = ("parts_quality_record", "complaint", "warranty_claim", "parts_shipment")
    column_filters = ("is_key_part", "supplier_id")
    default_sort = ("code", False)
    column_descriptions = per_field(
        is_key_part=_("Key parts are watched by batch and supplier."),
        supplier_id=_("Is filled in where this part is chosen, and can be changed there."),
    )
    form_sections = (
        Section(_("Part"), ("code", "name", "name_en", "is_key_part", "supplier_id")),
        Section(_("Handling"), ("responsible_id",)),
    )

    def figures(self, row: Any) -> list[KeyFigure]:
        """Return how often it fails."""
        return part_figures(row)
