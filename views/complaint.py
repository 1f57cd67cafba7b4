"""The screen of complaints: steps 1 to 3 of the procedure."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class ComplaintView(RecordView):
    """Keep complaints."""

    singular, plural, new_label = _("Complaint"), _("Complaints"), _("New complaint")
    area, icon = Area.COMPLAINTS, "complaint"
    what_for = _(
        "Each complaint stands here from the first word to the last call. Register one as soon as a customer"
        " is dissatisfied."
    )
    column_list = (
        "number",
        "registered_at",
        "customer_name",
        "subject_id",
        "description",
        "severity",
        "step",
        "responsible_id",
        "region_id",
    )
    editable_columns = ("subject_id", "severity", "step", "responsible_id")
    brief_columns = (
        "registered_at",
        "number",
        "customer_name",
        "subject_id",
        "description",
        "severity",
        "step",
    )
    column_searchable_list = ("number", "customer_name", "phone", "description", "fault")
    hint_columns = ("customer_name", "phone")
    column_labels: ClassVar = {"created_by_id": _("Recorded by")}
    fills: ClassVar = {
        "customer_id": {
            "customer_name": "name",
            "phone": "phone",
            "address": "address",
            "dealer_id": "dealer_id",
            "region_id": "region_id",
        },
        "vehicle_id": {
            "customer_id": "customer_id",
            "product": "product_model_id",
            "production_on": "production_on",
            "production_batch": "production_batch",
            "in_use_since": "sold_on",
            "dealer_id": "dealer_id",
        },
    }
    column_filters = (
        "step",
        "severity",
        "subject_id",
        "registered_at",
        "channel",
        "is_safety_relevant",
        "cause",
        "department_id",
        "region_id",
        "responsible_id",
        "customer_id",
        "vehicle_id",
        "dealer_id",
        "part_id",
        "production_batch",
    )
    is_given_to_who_enters = True
    default_sort = ("registered_at", True)
    column_descriptions = per_field(
        step=_("Where it stands now. Set it on as soon as a step is done, else it counts as late."),
        registered_at=_("When the customer told us; the 24 hours run from here."),
        subject_id=_("Decides which departments are told; take the one that fits best."),
        severity=_(
            "Severe: the vehicle can't be used, or it may become public. The weekly digest begins with the "
            "severe ones."
        ),
        cause=_("What the analysis found, not what the customer says."),
        is_demand_reasonable=_("Leave open while it is not known."),
        customer_id=_(
            "The customer's file, where there is one. Name and phone below are those of this complaint."
        ),
        demand=_("What would set it right in the customer's eyes: repair, exchange, money, an apology."),
        is_safety_relevant=_("Tick when somebody could be hurt; the supervisor sees it first."),
        is_confirmed_with_customer=_("The facts were read back to the customer, who agreed."),
        production_batch=_("As stamped beside the frame number."),
    )
    form_sections = (
        Section(
            _("1. Registered"),
            (
                "customer_id",
                "customer_name",
                "phone",
                "address",
                "subject_id",
                "severity",
                "is_safety_relevant",
                "description",
                "demand",
                "vehicle_id",
                "dealer_id",
                "part_id",
                "channel",
                "registered_at",
                "step",
            ),
            _("What the customer says, in the customer's own words. First answer due within 24 hours."),
        ),
        Section(
            _("2. Verified"),
            (
                "verified_at",
                "verified_by",
                "is_confirmed_with_customer",
                "needs_investigation",
                "product",
                "specification",
                "production_on",
                "production_batch",
                "in_use_since",
                "brand_before",
                "fault",
                "recent_condition",
            ),
            _("What was found out with the customer about the product and its fault."),
            is_later=True,
        ),
        Section(
            _("3. Analysed"),
            (
                "analysed_at",
                "cause",
                "fault_degree",
                "is_demand_reasonable",
                "has_long_relation",
                "will_buy_again",
                "word_of_mouth",
                "analysis",
            ),
            _("What is behind it, and how far the company is at fault."),
            is_later=True,
        ),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )
