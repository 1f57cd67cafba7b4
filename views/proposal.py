"""The screen of proposals: what was offered to customers, and who decided."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class ProposalView(RecordView):
    """Show proposals; they are made and decided on the page of their complaint."""

    singular, plural, new_label = _("Proposal"), _("Proposals"), _("New proposal")
    area, icon = Area.COMPLAINTS, "claim"
    what_for = _("What was offered to customers. A proposal is made on the page of its complaint.")
    column_list = (
        "number",
        "created_at",
        "complaint_id",
        "state",
        "remedies",
        "value",
        "details",
        "created_by_id",
        "decided_by_id",
    )
    brief_columns = ("created_at", "number", "state", "remedies", "value", "created_by_id")
    hint_columns = ("complaint_id", "details")
    column_filters = (
        "state",
        "created_at",
        "complaint_id",
        "decided_by_id",
        "responsible_id",
        "region_id",
    )
    default_sort = ("created_at", True)
    column_labels: ClassVar = {"reply": _("What the customer answers"), "created_by_id": _("Proposed by")}
    column_descriptions = per_field(
        remedies=_("Tick all that the customer is to get."),
        value=_("What all of it is worth, goods and gifts included; 0 where only something is explained."),
        details=_(
            "So that the customer, and who carries it out, know what is meant: which part, how many, when."
        ),
        decision_reason=_("Needed where the proposal is sent back; who proposed it reads this."),
        told_by=_("The customer hears of the decision on the same day."),
        reply=_("In the customer's own words; needed where the customer does not agree."),
        no_agreement_because=_(
            "Only where nothing is attached, such as: agreed by phone, paper follows. It stays an open point."
        ),
    )
    form_sections = (
        Section(_("Proposal"), ("remedies", "value", "details")),
        Section(_("Decision"), ("decided_at", "decided_by_id", "decided_as", "decision_reason")),
        Section(_("The customer"), ("told_at", "told_by", "replied_at", "reply", "no_agreement_because")),
    )
