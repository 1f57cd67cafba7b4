"""The screen of service receipts."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class ServiceReceiptView(RecordView):
    """Keep the slips that come back from workshops and engineers."""

    singular, plural, new_label = _("Service receipt"), _("Service receipts"), _("New service receipt")
    area, icon = Area.CUSTOMERS, "receipt"
    what_for = _(
        "The slips that come back from workshops and engineers. Enter each one: follow-ups are planned from "
        "the day of the handover."
    )
    column_list = (
        "number",
        "came_in_on",
        "kind",
        "customer_id",
        "vehicle_id",
        "dealer_id",
        "handed_over_on",
        "is_return_repair",
        "cost",
        "responsible_id",
    )
    editable_columns = ("kind", "handed_over_on", "responsible_id")
    brief_columns = (
        "came_in_on",
        "number",
        "kind",
        "customer_id",
        "vehicle_id",
        "fault",
        "is_return_repair",
    )
    fills: ClassVar = {
        # Who answers for the customer makes the follow-up calls.
        "customer_id": {
            "dealer_id": "dealer_id",
            "responsible_id": "responsible_id",
            "region_id": "region_id",
        },
        "vehicle_id": {"customer_id": "customer_id", "dealer_id": "dealer_id", "region_id": "region_id"},
        "earlier_receipt_id": {
            "customer_id": "customer_id",
            "vehicle_id": "vehicle_id",
            "dealer_id": "dealer_id",
            "region_id": "region_id",
        },
    }
    hint_columns = ("customer_id", "came_in_on", "fault")
    column_filters = (
        "kind",
        "came_in_on",
        "handed_over_on",
        "is_return_repair",
        "customer_id",
        "vehicle_id",
        "dealer_id",
        "engineer_id",
        "earlier_receipt_id",
        "region_id",
        "responsible_id",
    )
    default_sort = ("came_in_on", True)
    column_descriptions = per_field(
        vehicle_id=_("Leave empty for an inquiry about no vehicle in particular."),
        earlier_receipt_id=_("Only for a return repair: the slip of the visit before."),
        dealer_id=_("Whose workshop did the work; empty for our own."),
        handed_over_on=_("The first follow-up is due 3 to 7 days later."),
        is_return_repair=_("The same fault of the same vehicle again, within 30 days."),
    )
    form_sections = (
        Section(
            _("Service receipt"),
            (
                "kind",
                "customer_id",
                "vehicle_id",
                "dealer_id",
                "came_in_on",
                "handed_over_on",
                "mileage_km",
            ),
        ),
        Section(
            _("Work"),
            ("fault", "work_done", "parts_replaced", "cost", "is_return_repair", "earlier_receipt_id"),
        ),
        Section(
            _("On-site service"),
            ("asked_at", "engineer_id", "arrived_at", "done_at", "result"),
            _("Only where an engineer was sent to the customer."),
        ),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )
