"""The outbox: the one way to send a mail is to put it there, whole, in the transaction that it belongs to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from uuid import uuid4

import structlog
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import func, select

from config import Settings
from jobs.delivery import deliver
from jobs.digest_mail import digest_mail
from jobs.digest_workbook import digest_workbook
from jobs.first_state import written
from jobs.group_outbox import put_copy_to_group
from jobs.mail_message import Mail, Mailbox, another_copy, build_message, one_line
from jobs.queues import enqueue
from jobs.summary_mail import summary_mail
from models import Delivery, Digest, DigestRecipient, Staff, Summary, db
from models.base import now
from models.centre import centre_facts
from models.digest import KINDS_SENT_AGAIN, DeliveryKind, DeliveryState
from models.mail_link import PointLink, Subscription, point_url, unsubscribe_url
from models.notice import ANSWER_WITHIN
from models.organisation import Locale
from models.robot import Channel

PANEL_NAME = "回声 Huisheng"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Addressee:
    """A recipient who need not stand in any table."""

    name: str
    email: str
    locale: Locale


Recipient = Addressee | DigestRecipient | Staff


def put_digest(
    digest: Digest, recipient: Recipient, copy_number: int = 1, asked_by_id: int | None = None
) -> Delivery:
    """Put a digest for one recipient into the outbox, in the recipient's language, and flush.

    Raises:
        IntegrityError: when this copy for this recipient exists already.
    """
    settings = _settings()
    payload = digest.payload
    stop_url = unsubscribe_url(settings, Subscription(digest.department_id, recipient.email))
    expires_at = now() + ANSWER_WITHIN

    def link(point_key: str) -> str:
        return point_url(settings, PointLink(digest.id, point_key, recipient.email, expires_at))

    mail = digest_mail(payload, recipient.locale, settings, digest.id, stop_url, link)
    if digest.rows is not None:
        mail = replace(mail, attached=digest_workbook(payload, digest.rows, recipient.locale))
    week, code = payload["week"], _identifier(payload["department"]["code"])
    host = _host(settings)
    derived = "|".join((settings.public_url, week, code, str(digest.id), recipient.email, str(copy_number)))
    message_id = f"<digest.{week}.{hashlib.sha256(derived.encode()).hexdigest()[:32]}@{host}>"
    headers = {
        "Reply-To": settings.mail_from,
        "List-Id": f"<weekly-digest.{code}.{host}>",
        "List-Unsubscribe": f"<{stop_url}>, <mailto:{settings.mail_from}?subject=unsubscribe%20{code}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Content-Language": recipient.locale.value.replace("_", "-"),
    }
    delivery = _delivery(DeliveryKind.DIGEST, mail, recipient, message_id, headers)
    delivery.digest_id = digest.id
    delivery.copy_number = copy_number
    delivery.created_by_id = asked_by_id
    db.session.add(delivery)
    db.session.flush()
    return delivery


def put_account_mail(mail: Mail, recipient: Recipient) -> Delivery:
    """Put a mail about a person's login into the outbox, and flush."""
    delivery = add_account_mail(mail, recipient)
    db.session.flush()
    return delivery


def add_account_mail(mail: Mail, recipient: Recipient) -> Delivery:
    """Put a mail about a person's login into the outbox, to be flushed with others."""
    settings = _settings()
    headers = {"Auto-Submitted": "auto-generated", "Reply-To": settings.mail_from}
    message_id = f"<account.{uuid4().hex}@{_host(settings)}>"
    delivery = _delivery(DeliveryKind.ACCOUNT, mail, recipient, message_id, headers)
    db.session.add(delivery)
    return delivery


def put_test_mail(mail: Mail, recipient: Recipient) -> Delivery:
    """Put a mail that somebody sends to himself or herself to try into the outbox, and flush."""
    delivery = _add_automatic(DeliveryKind.TEST, mail, recipient)
    db.session.flush()
    return delivery


def add_notice_mail(mail: Mail, recipient: Recipient) -> Delivery:
    """Put a notice to a department into the outbox, to be flushed with others."""
    return _add_automatic(DeliveryKind.NOTICE, mail, recipient)


def add_reminder_mail(mail: Mail, recipient: Recipient) -> Delivery:
    """Put a mail that reminds of what is due into the outbox, to be flushed with others."""
    return _add_automatic(DeliveryKind.REMINDER, mail, recipient)


def add_acknowledgement_mail(mail: Mail, recipient: Recipient) -> Delivery:
    """Put a mail to a customer into the outbox, to be flushed with others."""
    return _add_automatic(DeliveryKind.ACKNOWLEDGEMENT, mail, recipient)


def put_summary(summary: Summary, recipient: Recipient) -> Delivery:
    """Put a closed summary of the centre for one recipient into the outbox, in its language, and flush.

    Raises:
        IntegrityError: when it went to this recipient before.
    """
    settings = _settings()
    mail = summary_mail(summary.figures or {}, recipient.locale, settings)
    derived = "|".join((settings.public_url, str(summary.id), recipient.email))
    identity = f"{summary.period}.{hashlib.sha256(derived.encode()).hexdigest()[:32]}"
    delivery = _add_automatic(DeliveryKind.SUMMARY, mail, recipient, identity)
    delivery.summary_id = summary.id
    db.session.flush()
    return delivery


def _add_automatic(
    kind: DeliveryKind, mail: Mail, recipient: Recipient, identity: str | None = None
) -> Delivery:
    """Add a mail; `identity` tells it from all others of its kind, where it must not go out twice."""
    settings = _settings()
    headers = {
        "Auto-Submitted": "auto-generated",
        "Reply-To": settings.mail_from,
        "Content-Language": recipient.locale.value.replace("_", "-"),
    }
    message_id = f"<{kind.value}.{identity or uuid4().hex}@{_host(settings)}>"
    delivery = _delivery(kind, mail, recipient, message_id, headers)
    db.session.add(delivery)
    return delivery


def put_copy(delivery: Delivery, asked_by_id: int | None, copy_number: int | None = None) -> Delivery:
    """Put a copy of a delivery into the outbox, for somebody who asked for it, and flush.

    `copy_number` is the one of a digest that was asked for, None the next one.

    Raises:
        IntegrityError: when this copy of a digest exists already: two people, or two clicks, asked for it.
        GroupGoneError: when it went to a chat group that was deleted since.
    """
    if delivery.digest is None:
        return _put_same(delivery, asked_by_id)
    number = copy_number or next_copy_number(delivery)
    if delivery.channel is not Channel.MAIL:
        return put_copy_to_group(delivery, number, asked_by_id)
    addressee = Addressee(delivery.recipient_name, delivery.recipient, delivery.locale)
    return put_digest(delivery.digest, addressee, number, asked_by_id)


def _put_same(delivery: Delivery, asked_by_id: int | None) -> Delivery:
    assert delivery.kind in KINDS_SENT_AGAIN
    at, message_id = now(), f"<{delivery.kind.value}.{uuid4().hex}@{_host(_settings())}>"
    copy = Delivery(
        kind=delivery.kind,
        summary_id=delivery.summary_id,
        channel=Channel.MAIL,
        recipient=delivery.recipient,
        recipient_name=delivery.recipient_name,
        locale=delivery.locale,
        message_id=message_id,
        subject=delivery.subject,
        message=another_copy(delivery.message, message_id, at),
        created_by_id=asked_by_id,
    )
    db.session.add(written(_settings(), copy, at))
    db.session.flush()
    return copy


def next_copy_number(delivery: Delivery) -> int:
    """Return the number that the next copy for the same recipient has."""
    last = db.session.scalar(
        select(func.max(Delivery.copy_number)).where(
            Delivery.digest_id == delivery.digest_id, Delivery.recipient == delivery.recipient
        )
    )
    return (last or 0) + 1


def send_soon(deliveries: list[Delivery]) -> None:
    """Wake a worker for those that wait; call it after the commit. Without a queue the clock finds them."""
    try:
        for delivery in deliveries:
            if delivery.state == DeliveryState.PENDING:
                enqueue(deliver, delivery.id)
    except RedisError as error:
        # Not once more for each of them: a silent queue takes seconds to give up.
        log.warning("queue_unreachable", error=type(error).__name__)


def sender_name(locale: Locale) -> str:
    """Return by what name mails in a language come: the centre's, else the panel's."""
    return centre_facts().shown_name(is_english=locale is Locale.ENGLISH) or PANEL_NAME


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _delivery(
    kind: DeliveryKind, mail: Mail, recipient: Recipient, message_id: str, headers: dict[str, str]
) -> Delivery:
    settings, at = _settings(), now()
    message = build_message(
        mail,
        sender=Mailbox(sender_name(recipient.locale), settings.mail_from),
        recipient=Mailbox(recipient.name, recipient.email),
        message_id=message_id,
        at=at,
        extra=headers,
    )
    return written(
        settings,
        Delivery(
            kind=kind,
            channel=Channel.MAIL,
            recipient=one_line(recipient.email),
            recipient_name=one_line(recipient.name),
            locale=recipient.locale,
            message_id=message_id,
            subject=one_line(mail.subject)[:400],
            message=message,
        ),
        at,
    )


def _host(settings: Settings) -> str:
    return settings.mail_from.rpartition("@")[2]


def _identifier(code: str) -> str:
    """Return a department's code as a part of a host name; one without Latin letters gets its hash."""
    plain = re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-")
    return plain or hashlib.sha256(code.encode()).hexdigest()[:12]
