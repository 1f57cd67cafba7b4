"""The screen of the outbox: every mail the panel wrote, what became of it, and those that need a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from jobs.group_outbox import GroupGoneError
from jobs.outbox import next_copy_number, put_copy, send_soon
from models import Delivery, IncomingMail, Notice, Staff, current_actor, db
from models.base import now
from models.digest import KINDS_SENT_AGAIN, KINDS_WITH_KEYS, DeliveryKind, DeliveryState
from models.incoming_mail import IncomingKind, kinds_that_came_back
from models.mail_obstacle import answer_text
from models.sql import labels_for
from views import sent_twice
from views.came_back import bad_address_panel, shown_mails
from views.fields import clean_line
from views.menu import Area
from views.page import Page
from views.stored_mail import (
    as_file,
    asked_copy,
    asked_key,
    find_delivery,
    frame,
    is_administrator,
    stored_mail,
)

PAGE_SIZE = 50
# Beyond this nobody pages; the filters lead there.
MOST_PAGES = 200
SEARCH_MOST = 100
STATES = {state.value: state for state in DeliveryState}
CAME_BACK = {
    "answered": IncomingMail.kind == IncomingKind.REPLY,
    "bounced": IncomingMail.kind == IncomingKind.BOUNCE,
}


class DeliveryView(Page):
    """Show the outbox, and let somebody decide about mails of which it isn't known whether they arrived."""

    permission = "delivery"
    actions: ClassVar[Mapping[str, str]] = {
        "index": "read",
        "details": "read",
        "message": "read",
        "download": "read",
        "settle": "act",
        "again": "act",
    }
    area, icon, title = Area.DIGEST, "mail", _("Sent mail")

    def __init__(self) -> None:
        super().__init__(name="delivery", endpoint="delivery", url="/delivery")

    @expose("/")
    def index(self) -> str:
        """List mails, newest first."""
        state, typed, page = asked_state(), clean_line(request.args.get("q", "")[:SEARCH_MOST]), asked_page()
        wanted = [readable(), *conditions(state, typed)]
        rows = db.session.scalars(
            select(Delivery)
            .where(*wanted)
            .order_by(Delivery.id.desc())
            .limit(PAGE_SIZE + 1)
            .offset(page * PAGE_SIZE)
        ).all()
        return self.render(
            "deliveries.html",
            rows=rows[:PAGE_SIZE],
            has_more=len(rows) > PAGE_SIZE and page + 1 < MOST_PAGES,
            page=page,
            state=state,
            states=list(DeliveryState),
            typed=typed,
            open_count=unsettled_count(),
            came_back=kinds_that_came_back([row.id for row in rows]),
            answer_text=answer_text,
        )

    @expose("/details/")
    def details(self) -> str:
        """Show one mail."""
        delivery = find_delivery(asked_key(), with_message=True)
        people = {delivery.created_by_id, delivery.settled_by_id} - {None}
        return self.render(
            "delivery.html",
            delivery=delivery,
            mail=stored_mail(delivery),
            people=labels_for(Staff, [person for person in people if person is not None]),
            answer_text=answer_text,
            needs_person=is_unsettled(delivery),
            next_copy=next_copy_number(delivery) if delivery.digest_id else None,
            can_be_copied=delivery.kind in KINDS_SENT_AGAIN,
            notice_id=notice_of(delivery),
            can_send=self.is_allowed("act"),
            came_back=shown_mails([delivery]),
            panel=bad_address_panel(delivery.recipient),
        )

    @expose("/message")
    def message(self) -> Response:
        """Answer with the HTML of one mail, for the frame."""
        return frame(find_delivery(asked_key(), with_message=True))

    @expose("/download")
    def download(self) -> Response:
        """Answer with one mail as a file."""
        return as_file(find_delivery(asked_key(), with_message=True))

    @expose("/settle", methods=("POST",))
    def settle(self) -> ResponseReturnValue:
        """Mark an uncertain mail as sent: somebody made sure that it arrived."""
        delivery = find_delivery(asked_key())
        if settled(delivery, is_sent=True):
            flash(_("Marked as sent."), "success")
        else:
            flash(_("Somebody has decided about this mail already."), "warning")
        db.session.commit()
        return redirect(url_for(".details", id=delivery.id))

    @expose("/again", methods=("POST",))
    def again(self) -> ResponseReturnValue:
        """Send a new copy of a mail that says the same as before, whatever became of the first."""
        delivery = find_delivery(asked_key(), with_message=True)
        back = redirect(url_for(".details", id=delivery.id))
        if delivery.kind not in KINDS_SENT_AGAIN:
            flash(not_again(delivery.kind), "error")
            return back
        if delivery.state is DeliveryState.UNKNOWN and not settled(delivery, is_sent=False):
            db.session.rollback()
            flash(_("Somebody has decided about this mail already."), "warning")
            return back
        actor, digest_id = current_actor(), delivery.digest_id

        def put() -> int:
            return put_copy(delivery, actor.staff_id if actor else None, asked_copy()).id

        try:
            key, is_new = sent_twice.do_once(put)
        except GroupGoneError:
            db.session.rollback()
            flash(group_is_gone(), "warning")
            return back
        except IntegrityError:
            db.session.rollback()
            flash(_("It was just sent to this recipient; see below."), "warning")
            return redirect(url_for("digest.details", id=digest_id))
        copy = db.session.get_one(Delivery, key)
        if is_new:
            send_soon([copy])
        flash(_("A new copy for %(name)s is on its way.", name=copy.recipient_name), "success")
        return redirect(url_for(".details", id=copy.id))


def group_is_gone() -> str:
    """Return why a message goes to no group again."""
    return str(_("This group gets no digest any more: it was deleted."))


def not_again(kind: DeliveryKind) -> str:
    """Return why a mail of this kind has no copies, and what to do instead."""
    if kind is DeliveryKind.NOTICE:
        return str(_("A notice is sent again from its own page: the new mail gets a new link."))
    return str(_("Mails about a login are not sent again; the person asks for a new one."))


def readable() -> ColumnElement[bool]:
    """Return the condition of mails that who acts now may see."""
    return true() if is_administrator() else Delivery.kind.not_in(KINDS_WITH_KEYS)


def conditions(state: str, typed: str) -> list[ColumnElement[bool]]:
    """Return what the list is narrowed to."""
    found: list[ColumnElement[bool]] = []
    if state == "open":
        found.append(unsettled())
    elif state in CAME_BACK:
        found.append(Delivery.id.in_(select(IncomingMail.delivery_id).where(CAME_BACK[state])))
    elif state:
        found.append(Delivery.state == STATES[state])
    if typed:
        columns = (Delivery.recipient, Delivery.recipient_name, Delivery.subject)
        found.append(or_(*(column.icontains(typed, autoescape=True) for column in columns)))
    return found


def unsettled() -> ColumnElement[bool]:
    """Return the condition of mails that wait for a person."""
    return (Delivery.state == DeliveryState.UNKNOWN) & Delivery.settled_by_id.is_(None)


def is_unsettled(delivery: Delivery) -> bool:
    """Tell whether a mail waits for a person."""
    return delivery.state is DeliveryState.UNKNOWN and delivery.settled_by_id is None


def unsettled_count() -> int:
    """Count the mails that wait for a person, of those that who acts now may see."""
    return db.session.scalar(select(func.count(Delivery.id)).where(readable(), unsettled())) or 0


def settled(delivery: Delivery, *, is_sent: bool) -> bool:
    """Write down who decided about an uncertain mail; False where somebody else has. Doesn't commit."""
    actor = current_actor()
    values: dict[str, object] = {"settled_by_id": actor.staff_id if actor else None}
    if is_sent:
        values |= {"state": DeliveryState.SENT, "finished_at": now()}
    written = db.session.execute(
        update(Delivery).where(Delivery.id == delivery.id, unsettled()).values(values)
    )
    assert isinstance(written, CursorResult)
    return written.rowcount == 1


def notice_of(delivery: Delivery) -> int | None:
    """Return the key of the notice that a mail carries, None for any other mail."""
    if delivery.kind is not DeliveryKind.NOTICE:
        return None
    return db.session.scalar(select(Notice.id).where(Notice.delivery_id == delivery.id))


def asked_state() -> str:
    """Return what the list is narrowed to: a state, "open" (needs a person), what came back; "" for all."""
    raw = request.args.get("state", "")
    return raw if raw == "open" or raw in STATES or raw in CAME_BACK else ""


def asked_page() -> int:
    """Return the number of the page, from 0."""
    raw = request.args.get("page", "")
    return min(int(raw), MOST_PAGES - 1) if raw.isascii() and raw.isdigit() and len(raw) < 6 else 0
