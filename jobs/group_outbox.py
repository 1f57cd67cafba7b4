"""Putting messages to chat groups into the outbox, beside its mails."""

from __future__ import annotations

from uuid import uuid4

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from config import Settings
from jobs.digest_short import short_digest
from jobs.first_state import written
from jobs.mail_message import one_line
from jobs.robot_message import Message, request_body
from models import ChatGroup, Delivery, Digest, db
from models.base import now
from models.digest import DeliveryKind


class GroupGoneError(LookupError):
    """A group that once got a digest is no longer among the recipients."""


def put_digest_to_group(
    digest: Digest, group: ChatGroup, copy_number: int = 1, asked_by_id: int | None = None
) -> Delivery:
    """Put a digest for one group into the outbox, in the group's language, and flush.

    Raises:
        IntegrityError: when this copy for this group exists already.
    """
    message = short_digest(digest.payload, group.locale, _settings().public_url, digest.id)
    delivery = _delivery(DeliveryKind.DIGEST, message, group, asked_by_id)
    delivery.digest_id, delivery.copy_number = digest.id, copy_number
    db.session.add(delivery)
    db.session.flush()
    return delivery


def put_copy_to_group(delivery: Delivery, copy_number: int, asked_by_id: int | None) -> Delivery:
    """Put a copy of a digest to the same group into the outbox, and flush.

    Raises:
        GroupGoneError: when the group was deleted.
        IntegrityError: when this copy exists already.
    """
    group = db.session.get(ChatGroup, delivery.chat_group_id) if delivery.chat_group_id else None
    if group is None or delivery.digest is None:
        raise GroupGoneError
    return put_digest_to_group(delivery.digest, group, copy_number, asked_by_id)


def put_test_message(group: ChatGroup, department_name: str, asked_by_id: int | None) -> Delivery:
    """Put a message into the outbox that says what this group will get, and flush."""
    with force_locale(group.locale.value):
        title = _("[Test] Weekly digest · %(department)s", department=department_name)
        lines = [_("This group will get the department's weekly digest here.")]
    message = Message(title, lines, f"{_settings().public_url}/digest/")
    delivery = _delivery(DeliveryKind.TEST, message, group, asked_by_id)
    db.session.add(delivery)
    db.session.flush()
    return delivery


def _delivery(kind: DeliveryKind, message: Message, group: ChatGroup, asked_by_id: int | None) -> Delivery:
    with force_locale(group.locale.value):
        body = request_body(group.channel, message)
    delivery = Delivery(
        kind=kind,
        channel=group.channel,
        chat_group_id=group.id,
        recipient=group.robot,
        recipient_name=one_line(group.name),
        locale=group.locale,
        # The services know no ids of messages; this one tells the rows apart.
        message_id=f"<{kind.value}.{uuid4().hex}@{group.channel.value}>",
        subject=one_line(message.title)[:400],
        message=body,
        created_by_id=asked_by_id,
    )
    return written(_settings(), delivery, now())


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
