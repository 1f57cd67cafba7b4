"""The screen of warranty claims."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class WarrantyClaimView(RecordView):
    """Keep what dealers claim from the maker, and the maker from suppliers."""

    singular, plural, new_label = _("Warranty claim"), _("Warranty claims"), _("New warranty claim")
    area, icon = Area.DEALERS, "claim"
    what_for = _(
        "What dealers claim from us and we claim from suppliers. Enter a claim when it arrives; who decides "
        "it adds the outcome."
    )
    column_list = (
        "number",
        "claimed_on",
        "kind",
        "dealer_id",
        "supplier_id",
        "part_id",
        "amount",
        "outcome",
        "fault",
        "decided_on",
    )
    editable_columns = ("amount",)
    brief_columns = ("claimed_on", "number", "part_id", "fault", "amount", "outcome")
    hint_columns = ("dealer_id", "part_id", "fault")
    column_filters = (
        "outcome",
        "kind",
        "claimed_on",
        "decided_on",
        "dealer_id",
        "supplier_id",
        "part_id",
        "production_batch",
        "vehicle_id",
        "service_receipt_id",
        "region_id",
        "responsible_id",
    )
    default_sort = ("claimed_on", True)
    decided_by_approval = frozenset({"outcome", "decided_on", "amount_passed", "decision_reason"})
    column_descriptions = per_field(
        supplier_id=_("From whom we claim, or who made the part."),
        production_batch=_("The batch stamped on the part; early warnings go by it."),
        outcome=_("Undecided until somebody has decided; then the day of the decision is needed too."),
        amount_passed=_("May be less than was claimed."),
        decision_reason=_("A rejected claim needs one; the dealer reads it."),
        amount=_("Leave empty where nothing but the part is claimed."),
    )
    form_sections = (
        Section(
            _("Warranty claim"),
            (
                "kind",
                "claimed_on",
                "dealer_id",
                "supplier_id",
                "service_receipt_id",
                "vehicle_id",
                "part_id",
                "production_batch",
                "quantity",
                "amount",
                "fault",
            ),
        ),
        Section(_("Decision"), ("outcome", "decided_on", "amount_passed", "decision_reason")),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )
