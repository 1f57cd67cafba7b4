"""The screen of suppliers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section
from views.menu import Area


class SupplierView(RecordView):
    """Keep the suppliers of parts."""

    singular, plural, new_label = _("Supplier"), _("Suppliers"), _("New supplier")
    area, icon = Area.PARTS, "supplier"
    column_list = ("name", "code", "contact_person", "phone", "email", "updated_at")
    column_searchable_list = ("name", "code", "contact_person", "phone")
    hint_columns = ("contact_person", "phone")
    column_filters = ("responsible_id", "updated_at")
    default_sort = ("name", False)
    form_sections = (
        Section(_("Supplier"), ("name", "code", "contact_person", "phone", "email", "address")),
        Section(_("Handling"), ("responsible_id",)),
    )
