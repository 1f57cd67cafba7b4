"""The register of the steps that were taken with complaints."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _

from views.base import RecordView
from views.forms import Section, per_field


class StepTakenView(RecordView):
    """Show who took which step when; the page of the complaint writes it."""

    singular, plural, new_label = _("Step"), _("Steps taken"), _("New step")
    icon = "clock"
    what_for = _("Who took which step with which complaint, and when. The panel writes it.")
    column_list = (
        "number",
        "taken_at",
        "complaint_id",
        "move",
        "from_step",
        "to_step",
        "created_by_id",
        "remark",
    )
    brief_columns = ("taken_at", "move", "created_by_id", "remark")
    hint_columns = ("complaint_id", "remark")
    column_filters = ("move", "taken_at", "complaint_id", "to_step", "responsible_id", "region_id")
    column_labels: ClassVar = {"created_by_id": _("Taken by")}
    column_descriptions = per_field(remark=_("Why; it stands in the course of the complaint."))
    default_sort = ("taken_at", True)
    form_sections = (
        Section(_("Step"), ("complaint_id", "move", "from_step", "to_step", "taken_at", "remark")),
    )
