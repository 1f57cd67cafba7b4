"""The screen of the tasks that departments are given for complaints."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from jobs.notices import tell_of_task
from jobs.outbox import send_soon
from models import Record
from models.department_task import TaskState
from views.archived import is_any_closed
from views.base import RecordView
from views.constraint_refusals import Refusal
from views.forms import RecordForm, Section, per_field
from views.key_facts import Term
from views.menu import Area

REPORT = ("state", "done_by", "report")


class DepartmentTaskView(RecordView):
    """Keep what departments do for complaints; agreed solutions bring most of it by themselves."""

    singular, plural, new_label = _("Task"), _("Tasks of departments"), _("New task")
    area, icon = Area.COMPLAINTS, "department"
    what_for = _(
        "What departments do for a complaint. An agreed solution writes its tasks by itself; add what else"
        " is to be done."
    )
    column_list = ("number", "due_on", "complaint_id", "department_id", "what", "state", "report")
    brief_columns = ("due_on", "number", "department_id", "what", "state")
    hint_columns = ("complaint_id", "what")
    column_filters = (
        "state",
        "due_on",
        "department_id",
        "complaint_id",
        "remedy",
        "responsible_id",
        "region_id",
    )
    editable_columns = ("due_on",)
    default_sort = ("due_on", True)
    key_facts = ("complaint_id", "department_id", "due_on", "state")
    terms: ClassVar = {"due_on": Term(_("Day has passed"), while_state=TaskState.OPEN)}
    column_descriptions = per_field(
        what=_("So that the department can do it without asking: what, how many, for whom, where to."),
        report=_("What was done. Evidence, such as a photo or a waybill, goes below as a file."),
        done_by=_("Who of the department did it."),
    )
    form_sections = (
        Section(_("Task"), ("complaint_id", "department_id", "what", "due_on")),
        Section(_("Report"), REPORT),
        Section(_("Handling"), ("responsible_id", "region_id")),
    )

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse what would change the papers of a closed complaint, by the task that it has or gets."""
        field = form._fields.get("complaint_id")
        keys = {row.complaint_id, field.data if field is not None else None} - {None}
        if is_any_closed(keys):
            return Refusal(None, gettext("The complaint is closed and archived: its tasks stay as they are."))
        return None

    def on_save(self, form: RecordForm, row: Any, *, is_created: bool) -> None:  # noqa: ARG002 - as the base
        """Write to the department that has the task now."""
        told = tell_of_task(row)
        # Of several that are changed at once, none loses what another had to tell.
        g.notices = [*g.get("notices", []), *told]

    def after_commit(self, row: Any, *, is_created: bool) -> None:  # noqa: ARG002 - as the base
        """Have the notices sent."""
        send_soon(g.pop("notices", []))

    def settable_names(self, row: Record | None) -> tuple[str, ...]:
        """Return the fields; a new task has nothing to report yet."""
        names = super().settable_names(row)
        return names if row is not None else tuple(name for name in names if name not in REPORT)
