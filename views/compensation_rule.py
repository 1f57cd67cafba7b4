"""The screen of the compensation rules."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class CompensationRuleView(RecordView):
    """Keep what may be offered for which complaint, and who may give more."""

    singular, plural, new_label = _("Compensation rule"), _("Compensation rules"), _("New compensation rule")
    area, icon = Area.ORGANISATION, "claim"
    what_for = _(
        "What may be offered, by subject and degree of fault, and up to which value a supervisor decides. "
        "Without a rule nothing but an explanation may be given."
    )
    column_list = ("subject_id", "fault_degree", "remedies", "value_most", "position_id", "updated_at")
    editable_columns = ("value_most", "position_id")
    column_filters = ("fault_degree", "subject_id")
    column_labels: ClassVar = {"position_id": _("Who may give more")}
    column_descriptions = per_field(
        subject_id=_(
            "Holds for all subjects below it as well. Empty: for all that have no rule of their own."
        ),
        remedies=_("What may be offered; anything else is decided by who may give more."),
        value_most=_("The value up to which whoever may approve decides."),
        position_id=_("Holders of this position, and of those above it. Empty: administrators."),
    )
    form_sections = (
        Section(_("For which complaints"), ("subject_id", "fault_degree")),
        Section(_("What may be offered"), ("remedies", "value_most", "position_id")),
    )
