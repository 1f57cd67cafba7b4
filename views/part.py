"""The screen of parts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class PartView(RecordView):
    """Keep the parts of the vehicles."""

    singular, plural, new_label = _("Part"), _("Parts"), _("New part")
    area, icon = Area.PARTS, "part"
    column_list = ("code", "name", "name_en", "is_key_part", "supplier_id", "updated_at")
    column_searchable_list = ("code", "name", "name_en")
    column_filters = ("is_key_part", "supplier_id")
    default_sort = ("code", False)
    column_descriptions = per_field(is_key_part=_("Key parts are watched by batch and supplier."))
    form_sections = (
        Section(_("Part"), ("code", "name", "name_en", "is_key_part", "supplier_id")),
        Section(_("Handling"), ("responsible_id",)),
    )
