"""The screen of call records."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _

from views.archived import archived
from views.base import RecordView
from views.constraint_refusals import Refusal
from views.forms import RecordForm, Section, per_field
from views.menu import Area


class CallRecordView(RecordView):
    """Keep what was said on the phone."""

    singular, plural, new_label = _("Call"), _("Calls"), _("New call")
    area, icon = Area.CUSTOMERS, "call"
    what_for = _(
        "What was said on the phone, and what was promised. Record each call, also those that reached nobody."
    )
    column_list = (
        "number",
        "called_at",
        "direction",
        "customer_id",
        "purpose",
        "result",
        "satisfaction",
        "promise",
        "promised_until",
        "responsible_id",
    )
    brief_columns = (
        "called_at",
        "number",
        "purpose",
        "customer_id",
        "points",
        "promise",
        "satisfaction",
        "result",
    )
    column_filters = (
        "called_at",
        "purpose",
        "result",
        "responsible_id",
        "direction",
        "promised_until",
        "promise_kept_on",
        "customer_id",
        "vehicle_id",
        "service_receipt_id",
        "complaint_id",
        "region_id",
    )
    column_labels: ClassVar = {"responsible_id": _("Agent")}
    hint_columns = ("customer_id", "points")
    fills: ClassVar = {
        "customer_id": {"spoke_with": "contact_person", "phone": "phone", "region_id": "region_id"},
        "vehicle_id": {"customer_id": "customer_id"},
        "service_receipt_id": {"customer_id": "customer_id", "vehicle_id": "vehicle_id"},
    }
    is_given_to_who_enters = True
    default_sort = ("called_at", True)
    column_descriptions = per_field(
        result=_("Record each try: three in vain on different days, and a letter, count as a follow-up."),
        topics=_("Tick what you talked about; it need not be all of them."),
        service_receipt_id=_("The visit that this call follows up."),
        dissatisfaction=_("If it is a complaint, enter it as one too; the customer's page leads there."),
        promised_until=_("Until when the customer was promised it; the first page reminds you."),
        satisfaction=_("1 very dissatisfied to 5 very satisfied; leave empty where you did not ask."),
    )
    form_sections = (
        Section(
            _("Call"),
            (
                "direction",
                "called_at",
                "purpose",
                "customer_id",
                "vehicle_id",
                "service_receipt_id",
                "result",
                "spoke_with",
                "phone",
                "minutes",
                "complaint_id",
            ),
        ),
        Section(
            _("What was said"), ("topics", "points", "wishes", "praise", "dissatisfaction", "satisfaction")
        ),
        Section(_("What was promised"), ("promise", "promised_until", "promise_kept_on")),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse to rewrite a call of a closed complaint; what it promised can still be kept."""
        return archived(form, row, {"promise_kept_on"})
