"""Taking in what came back: with the mail that it is of, once, and with what follows from it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from jobs.incoming_reading import Incoming, read_mail
from models import Delivery, IncomingMail, db
from models.bad_address import mark_bad
from models.base import now
from models.digest import DeliveryKind, DeliveryState
from models.incoming_mail import IncomingKind
from models.sql import insert_unless_known

# A report that names no mail is of one that went out lately.
LATELY = timedelta(days=5)
CANDIDATES_MOST = 20
# Shorter ones, or such without a number, can be guessed.
SUBJECT_LEAST = 10
_WENT_OUT = (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.SENDING)


def take_in(raw: bytes, *, is_cut: bool) -> IncomingKind | None:
    """Keep a mail with the delivery that it is of, and return what it is; None where it is of none.

    Taken in again it changes nothing. Doesn't commit.
    """
    incoming = read_mail(raw, is_cut=is_cut)
    if incoming is None:
        return None
    delivery = _by_id(incoming)
    is_certain = delivery is not None
    if delivery is None:
        delivery, is_certain = _by_address(incoming)
    if delivery is None:
        return None
    report = incoming.report
    row = {
        "fingerprint": incoming.fingerprint,
        "kind": incoming.kind.value,
        "delivery_id": delivery.id,
        "is_certain": is_certain,
        "sender_name": incoming.sender_name,
        "sender": incoming.sender,
        "subject": incoming.subject,
        "body": incoming.body,
        "is_cut": incoming.is_cut,
        "file_names": incoming.file_names,
        "said": report.said if report else None,
        "received_at": "now",
    }
    if insert_unless_known(IncomingMail, [row], "id") and incoming.kind is IncomingKind.BOUNCE:
        _note_bounce(incoming, delivery, is_certain=is_certain)
    return incoming.kind


def _by_id(incoming: Incoming) -> Delivery | None:
    found = {
        delivery.message_id: delivery
        for delivery in db.session.scalars(select(Delivery).where(Delivery.message_id.in_(incoming.ids)))
    }
    return next((found[each] for each in incoming.ids if each in found), None)


def _by_address(incoming: Incoming) -> tuple[Delivery | None, bool]:
    """Return the mail to an address of which a report speaks, and whether it is certain that it is this one.

    Certain is what quotes the subject line, which only its readers know; else the latest is taken. Answers
    must name the mail itself.
    """
    if incoming.report is None or not incoming.report.addresses:
        return None, False
    addresses = [address.lower() for address in incoming.report.addresses]
    lately = select(Delivery).where(
        Delivery.created_at > now() - LATELY,
        func.lower(Delivery.recipient).in_(addresses),
        Delivery.state.in_(_WENT_OUT),
    )
    found = db.session.scalars(lately.order_by(Delivery.id.desc()).limit(CANDIDATES_MOST)).all()
    quoted = next((each for each in found if _quotes(incoming.body, each)), None)
    return (quoted, True) if quoted is not None else (next(iter(found), None), False)


def _quotes(body: str, delivery: Delivery) -> bool:
    """Tell whether a report names the subject line of a mail, which is none that anybody could guess."""
    subject = "".join(delivery.subject.split())
    is_telling = len(subject) >= SUBJECT_LEAST and any(sign.isdigit() for sign in subject)
    return is_telling and delivery.kind is not DeliveryKind.ACCOUNT and subject in "".join(body.split())


def _note_bounce(incoming: Incoming, delivery: Delivery, *, is_certain: bool) -> None:
    report = incoming.report
    assert report is not None
    # Who had called it sent, or may have, was told otherwise now: it needs a person again.
    db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.state.in_(_WENT_OUT))
        .values(
            state=DeliveryState.FAILED,
            answer=report.said,
            bounced_at=func.now(),
            finished_at=func.now(),
            settled_by_id=None,
        )
        .execution_options(synchronize_session=False)
    )
    # Anybody can write that an address does not exist. Who names the mail by its id has at least handled it;
    # and where another address than ours failed, somebody passes our mails on.
    named = {address.lower() for address in report.addresses}
    is_ours = not named or delivery.recipient.lower() in named
    if is_certain and is_ours and report.blames_address:
        mark_bad(delivery.recipient, report.said, delivery.id)
