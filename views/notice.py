"""The register of written notices: who was told of what, and what came back."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import undefer

from models import Notice
from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


class NoticeView(RecordView):
    """Show notices and their answers; the panel writes them, departments answer by the link of their mail."""

    singular, plural, new_label = _("Written notice"), _("Written notices"), _("New written notice")
    area, icon = Area.COMPLAINTS, "mail"
    what_for = _(
        "Whom the panel told of complaints and tasks in writing, and what the departments answered. A"
        " registered complaint writes its notices by itself."
    )
    column_list = (
        "number",
        "told_at",
        "complaint_id",
        "department_task_id",
        "department_id",
        "name",
        "mail_state",
        "state",
        "answer",
    )
    brief_columns = ("told_at", "number", "department_id", "name", "state", "answer", "measure_due_on")
    column_searchable_list = ("number", "complaint_id", "name", "answer")
    column_filters = (
        "state",
        "told_at",
        "answered_at",
        "complaint_id",
        "department_task_id",
        "department_id",
        "measure_due_on",
        "responsible_id",
        "region_id",
    )
    list_options = (undefer(Notice.mail_state),)
    default_sort = ("told_at", True)
    key_facts = ("complaint_id", "department_task_id", "department_id", "state")
    column_labels: ClassVar = {"told_at": _("Told at"), "name": _("Who was told")}
    column_descriptions = per_field(
        answer=_("What the department wrote by the link of the mail, the latest last.")
    )
    form_sections = (
        Section(_("Answer"), ("answer", "answered_by", "answered_at", "measure_owner", "measure_due_on")),
        Section(_("Who was told"), ("name", "email", "locale", "expires_at")),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )
