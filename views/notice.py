"""The register of written notices: who was told of what, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import undefer

from jobs.notices import send_again
from jobs.outbox import send_soon
from models import Delivery, Notice, current_actor, db
from models.digest import DeliveryState
from models.mail_obstacle import answer_text, is_of_server
from models.notice_answer import note_read
from models.notice_recipients import Told, address_now
from models.permissions import allows
from views.base import RecordView
from views.forms import Section, per_field
from views.menu import Area


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What a notice's page says where its mail came to nothing, or may have: why, and where it goes now."""

    answer: str | LazyString | None
    # Whether these are the words of a mail server, and not what kept the panel from sending.
    is_of_server: bool
    told: Told
    can_send: bool
    can_mend: bool
    is_uncertain: bool
    template: str = "_undelivered.html"


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """What a notice's page asks while nobody has read its latest answer, which `answered_at` names."""

    answered_at: str
    can_note: bool
    template: str = "_new_answer.html"


class NoticeView(RecordView):
    """Show notices and their answers; the panel writes them, departments answer by the link of their mail."""

    actions: ClassVar[Mapping[str, str]] = {
        **RecordView.actions,
        "again_view": "act",
        "read_view": "act",
    }
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
    hint_columns = ("complaint_id", "name")
    column_filters = (
        "state",
        "has_new_answer",
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

    def panel(self, row: Notice) -> Undelivered | NewAnswer | None:
        """Return what stands against its having arrived, or that its answer is new; None where neither is."""
        if row.has_new_answer and row.answered_at is not None:
            return NewAnswer(row.answered_at.isoformat(), self.is_allowed_on("act", row))
        if not row.can_be_sent_again():
            return None
        mail = db.session.get(Delivery, row.delivery_id)
        return Undelivered(
            answer_text(mail.answer) if mail else None,
            mail is not None and is_of_server(mail.answer),
            address_now(row),
            self.is_allowed("act"),
            allows(current_actor(), "digest_recipient", "edit"),
            row.mail_state is DeliveryState.UNKNOWN,
        )

    @expose("/again/", methods=("POST",))
    def again_view(self) -> ResponseReturnValue:
        """Send a notice again that could not be delivered."""
        row = self.record_or_404("act")
        deliveries = send_again(row.id)
        db.session.commit()
        send_soon(deliveries)
        if deliveries:
            flash(gettext("The notice goes out again; the link of the mail before is void."), "success")
        else:
            flash(gettext("This notice is on its way, or answered, already."), "warning")
        return redirect(self.page_url("details_view", id=row.id))

    @expose("/read/", methods=("POST",))
    def read_view(self) -> ResponseReturnValue:
        """Note that the answer which the page showed was read."""
        row = self.record_or_404("act")
        try:
            shown_at = datetime.fromisoformat(request.form.get("answered_at", ""))
        except ValueError:
            abort(400)
        if shown_at.tzinfo is not None and note_read(row.id, shown_at):
            db.session.commit()
            flash(gettext("Noted: the answer is read."), "success")
            return redirect(self.page_url("details_view", id=row.id))
        if row.has_new_answer:
            flash(gettext("A further answer has come meanwhile."), "warning")
        return redirect(self.page_url("details_view", id=row.id))
