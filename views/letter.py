"""The screen of letters: the register of those that went out, and the drafts that wait to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select, update

from jobs.outbox import sender_name
from models import Complaint, Customer, Dealer, Letter, Record, current_actor, db
from models.base import now
from models.organisation import Locale
from models.sql import labels_for
from views.archived import archived
from views.base import RecordView
from views.clock import today
from views.constraint_refusals import Refusal
from views.forms import RecordForm, Section, per_field
from views.menu import Area


@dataclass(frozen=True, slots=True)
class DraftPanel:
    """A letter that waits: `may_send` tells whether who reads the page may note that it went out."""

    may_send: bool
    template: str = "_letter.html"


class LetterView(RecordView):
    """Keep the register of letters, and send what was drafted."""

    actions: ClassVar[Mapping[str, str]] = {
        **RecordView.actions,
        "print_view": "read",
        "sent_view": "edit",
    }
    singular, plural, new_label = _("Letter"), _("Letters"), _("New letter")
    area, icon = Area.CUSTOMERS, "letter"
    what_for = _(
        "The register of notices, invitations and replies. Enter a letter on the day it is sent; what the"
        " panel drafts waits here to be printed and sent."
    )
    column_list = (
        "number",
        "sent_on",
        "kind",
        "customer_id",
        "address",
        "regarding",
        "sent_by_id",
        "replied_on",
        "reply",
    )
    editable_columns = ("replied_on", "reply")
    brief_columns = ("sent_on", "number", "kind", "regarding", "replied_on")
    hint_columns = ("customer_id", "dealer_id", "regarding")
    column_filters = (
        "kind",
        "sent_on",
        "replied_on",
        "customer_id",
        "dealer_id",
        "sent_by_id",
        "complaint_id",
        "region_id",
        "responsible_id",
    )
    default_sort = ("sent_on", True)
    starts_with_empty = True
    column_descriptions = per_field(
        address=_("As written on the envelope."),
        sent_on=_("Left open, the letter is a draft and waits under “My work”."),
        content=_("The wording, or what it says in short; attach the signed letter below."),
    )
    form_sections = (
        Section(
            _("Letter"),
            (
                "kind",
                "sent_on",
                "sent_by_id",
                "customer_id",
                "dealer_id",
                "address",
                "regarding",
                "content",
                "complaint_id",
            ),
        ),
        Section(_("Answer"), ("replied_on", "reply")),
        Section(_("Handling"), ("responsible_id", "department_id", "region_id")),
    )

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse to rewrite a letter that went out for a closed complaint; it may still be answered."""
        return archived(form, row, {"replied_on", "reply"}) if row.sent_on is not None else None

    @property
    def happens(self) -> str | None:
        """Return the day of a letter; a draft has none yet, and stands on no timeline."""
        return "sent_on"

    def panel(self, row: Letter) -> DraftPanel | None:
        """Return what can be done with a draft; None for a letter that went out."""
        return DraftPanel(self.is_allowed_on("edit", row)) if row.sent_on is None else None

    @expose("/print/")
    def print_view(self) -> str:
        """Show a letter as it goes on paper."""
        row: Letter = self.record_or_404()
        # Customers and dealers are written to in Chinese.
        sender = sender_name(Locale.CHINESE)
        return self.render("letter_print.html", row=row, addressee=_addressee(row), sender=sender)

    @expose("/sent/", methods=("POST",))
    def sent_view(self) -> ResponseReturnValue:
        """Note that a draft was sent today, by who says so; of two who do the second changes nothing."""
        row: Letter = self.record_or_404("edit")
        actor = current_actor()
        assert actor is not None
        sent = db.session.execute(
            update(Letter)
            .where(Letter.id == row.id, Letter.sent_on.is_(None))
            .values(sent_on=today(), sent_by_id=actor.staff_id, updated_at=now(), version=Letter.version + 1)
            .returning(Letter.number)
        ).scalar_one_or_none()
        db.session.commit()
        if sent is None:
            flash(gettext("This letter was noted as sent already."), "info")
        else:
            flash(gettext("%(record)s is noted as sent today.", record=sent), "success")
        return redirect(url_for(".details_view", id=row.id))


def _addressee(row: Letter) -> str:
    """Return to whom a letter goes: the customer or dealer, else who complained."""
    known: tuple[tuple[type[Record], int | None], ...] = (
        (Customer, row.customer_id),
        (Dealer, row.dealer_id),
    )
    for model, key in known:
        if key is not None and (label := labels_for(model, [key]).get(key)) is not None:
            return label.text
    if row.complaint_id is None:
        return ""
    name = select(Complaint.customer_name).where(Complaint.id == row.complaint_id)
    return db.session.scalar(name) or ""
