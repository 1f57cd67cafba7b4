"""The screen of suppliers."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from models.part import alias_conflict, release_aliases
from views.base import RecordView
from views.constraint_refusals import Refusal
from views.forms import RecordForm, Section, per_field
from views.key_figures import KeyFigure, supplier_figures
from views.menu import Area


class SupplierView(RecordView):
    """Keep the suppliers of parts."""

    singular, plural, new_label = _("Supplier"), _("Suppliers"), _("New supplier")
    area, icon = Area.PARTS, "supplier"
    what_for = _(
        "Who makes the parts, with every spelling of the name. Enter them before the parts, or import the "
        "list that you have."
    )
    column_list = ("name", "code", "contact_person", "phone", "email", "updated_at")
    editable_columns = ("contact_person", "phone")
    key_facts = ("phone", "contact_person", "email", "address", "aliases", "responsible_id")
    cards = ("parts_quality_record", "warranty_claim", "parts_shipment", "part")
    hint_columns = ("contact_person", "phone")
    column_filters = ("responsible_id", "updated_at")
    default_sort = ("name", False)
    column_descriptions = per_field(
        aliases=_("How the name is also written, in files and on labels: one spelling a line."),
    )
    form_sections = (
        Section(_("Supplier"), ("name", "aliases", "code", "contact_person", "phone", "email", "address")),
        Section(_("Handling"), ("responsible_id",)),
    )

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse a spelling that already means another supplier."""
        if not {"name", "aliases"} & set(form.asked_names):
            return None
        spellings = [alias.name for alias in form["aliases"].data]
        for field, names in (("name", [form["name"].data]), ("aliases", spellings)):
            taken = alias_conflict(names, row.id)
            if taken is not None:
                return Refusal(field, gettext("“%(name)s” already means another supplier.", name=taken))
        release_aliases(spellings)
        return None

    def figures(self, row: Any) -> list[KeyFigure]:
        """Return the faults of its parts."""
        return supplier_figures(row)
