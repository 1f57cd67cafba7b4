"""The screen of letters."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class LetterView(RecordView):
    """Keep the register of letters."""

    singular, plural, new_label = _("Letter"), _("Letters"), _("New letter")
    area, icon = Area.CUSTOMERS, "letter"
    what_for = _("The register of notices, invitations and replies. Enter a letter on the day it is sent.")
    column_list = (
        "number",
        "sent_on",
        "kind",
        "customer_id",
        "address",
        "regarding",
        "sent_by_id",
        "replied_on",
        "reply",
    )
    editable_columns = ("replied_on", "reply")
    brief_columns = ("sent_on", "number", "kind", "regarding", "replied_on")
    column_searchable_list = ("number", "customer_id", "dealer_id", "address", "regarding", "content")
    column_filters = (
        "kind",
        "sent_on",
        "replied_on",
        "customer_id",
        "dealer_id",
        "sent_by_id",
        "complaint_id",
        "region_id",
        "responsible_id",
    )
    default_sort = ("sent_on", True)
    column_descriptions = per_field(
        address=_("As written on the envelope."),
        content=_("The wording, or what it says in short; attach the signed letter below."),
    )
    form_sections = (
        Section(
            _("Letter"),
            (
                "kind",
                "sent_on",
                "sent_by_id",
                "customer_id",
                "dealer_id",
                "address",
                "regarding",
                "content",
                "complaint_id",
            ),
        ),
        Section(_("Answer"), ("replied_on", "reply")),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )
