"""The screen of corrective measures: what was decided, how it stands, and whether it helped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _

from models import Measure, Record, Staff, current_actor, db
from models.measure import OPEN_STATES, MeasureState
from models.refused_step import RefusedStepError
from models.sql import labels_for
from views.base import RecordView
from views.forms import Section, per_field
from views.key_facts import Term
from views.measure_steps import StepsPanel, panel_of, said, take
from views.menu import Area

# What the steps set; nobody writes it into the form.
REPORT = ("done_on", "done_by", "report")
CHECK = ("verdict", "measured", "otherwise_because", "verified_on", "verified_by_id", "verification")
TAKEN = ("state", "decided_by", "meeting_week", *REPORT, *CHECK, "dropped_because")


class MeasureView(RecordView):
    """Keep corrective measures; most are decided in the quality meeting or by the link of a digest."""

    actions: ClassVar[Mapping[str, str]] = {**RecordView.actions, "step_view": "act"}
    singular, plural, new_label = _("Corrective measure"), _("Corrective measures"), _("New measure")
    area, icon = Area.DIGEST, "check"
    what_for = _(
        "What departments do so that a fault does not come again. Decide measures on the page of the quality"
        " meeting; departments write them by the link in their digest."
    )
    column_list = (
        "number",
        "due_on",
        "department_id",
        "what",
        "owner_name",
        "state",
        "verdict",
        "subject_id",
        "part_id",
    )
    brief_columns = ("due_on", "number", "what", "owner_name", "state", "verdict")
    hint_columns = ("what", "owner_name")
    column_filters = (
        "state",
        "verdict",
        "due_on",
        "department_id",
        "responsible_id",
        "subject_id",
        "part_id",
        "supplier_id",
        "meeting_week",
        "done_on",
    )
    editable_columns = ("due_on",)
    typed_relations = ("subject_id",)
    default_sort = ("due_on", True)
    key_facts = ("department_id", "owner_name", "due_on", "state", "verdict")
    terms: ClassVar = {"due_on": Term(_("Day has passed"), while_state=MeasureState.DECIDED)}
    column_labels: ClassVar = {
        "what": _("Measure"),
        "responsible_id": _("Owner on staff"),
        "done_by": _("Reported by"),
    }
    fills: ClassVar = {"responsible_id": {"owner_name": "name"}}
    column_descriptions = per_field(
        what=_("So that somebody else could check it: what is changed, where, from when on."),
        owner_name=_("One person, by name: who answers for it in the meeting."),
        responsible_id=_("Where the owner has a login."),
        subject_id=_("Complaints of this subject, and of those below it, are counted before and after."),
        part_id=_("Its complaints and parts quality records are counted, over the pieces shipped."),
        production_batch=_("Only where the measure concerns this batch alone."),
        point_text=_("What it answers: the point of a digest, or what was found."),
    )
    form_sections = (
        Section(_("Measure"), ("department_id", "what", "responsible_id", "owner_name", "due_on")),
        Section(
            _("What it concerns"),
            ("subject_id", "part_id", "supplier_id", "production_batch", "point_text"),
            _("Over this the panel counts whether it helped: failures before it was done and after."),
        ),
        Section(_("Course"), ("state", "decided_by", "meeting_week", *REPORT)),
        Section(_("Verification"), (*CHECK, "dropped_because")),
    )

    def settable_names(self, row: Record | None) -> tuple[str, ...]:
        """Return the fields of what was decided: how it stands is set by the steps."""
        return tuple(name for name in super().settable_names(row) if name not in TAKEN)

    def is_allowed_on(self, action: str, row: Record) -> bool:
        """Tell whether who acts now may take `action` on this measure: one that has ended stays as it is."""
        has_ended = isinstance(row, Measure) and row.state not in OPEN_STATES
        if has_ended and action in ("edit", "restore"):
            return False
        return super().is_allowed_on(action, row)

    def complete(self, row: Any) -> None:
        """Say who decided it."""
        actor = current_actor()
        row.state = MeasureState.DECIDED
        if actor is not None and actor.staff_id is not None:
            row.decided_by = labels_for(Staff, [actor.staff_id])[actor.staff_id].text[:80]

    def panel(self, row: Measure) -> StepsPanel:
        """Return the steps that can be taken, and whether the measure helped as far as is known."""
        return panel_of(row, may_report=self._may("done", row), may_verify=self._may("verify", row))

    def _may(self, step: str, row: Measure) -> bool:
        """Tell whether who acts now may take a step; who owns a measure reports it done by own right."""
        if self.is_allowed_on("approve" if step == "verify" else "act", row):
            return True
        actor = current_actor()
        return step == "done" and actor is not None and row.responsible_id in actor.queue_ids

    @expose("/step/", methods=("POST",))
    def step_view(self) -> ResponseReturnValue:
        """Report a measure done, verify or drop it."""
        row: Measure = self.record_or_404()
        step = request.form.get("step", "")
        if step not in ("done", "verify", "drop"):
            abort(400)
        if not self._may(step, row):
            abort(403)
        try:
            sentence = take(row, step)
        except RefusedStepError as refused:
            db.session.rollback()
            row = self.record_or_404()
            shown = self.panel(row)
            shown.problem, shown.said = str(refused.sentence), said()
            return self.show_details(row, panel=shown), 422
        db.session.commit()
        flash(sentence, "success")
        return redirect(self.record_url(row))
