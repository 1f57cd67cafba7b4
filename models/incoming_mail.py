"""What came back for a mail of the panel: answers of people and programs, and reports of mail servers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, BigInteger, ForeignKey, Identity, String, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Labelled, db, enum_type, now


class IncomingKind(Labelled):
    """What came back."""

    REPLY = "reply", _("Answer by mail")
    AUTO_REPLY = "auto_reply", _("Automatic answer")
    BOUNCE = "bounce", _("Came back")
    DELAY = "delay", _("Report of a mail server")


class IncomingMail(Base):
    """One mail from the mailbox that belongs to a delivery: its text, and of attachments their names alone.

    Nothing in it is to be trusted: anybody can have written it, in any name.
    """

    __tablename__ = "incoming_mail"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    # Of its Message-ID, or where it has none of all of it: the same mail is taken in once.
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[IncomingKind] = mapped_column(enum_type(IncomingKind))
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"), index=True)
    # Whether it named the mail by its id, which only its readers know; otherwise the address matched.
    is_certain: Mapped[bool]
    sender_name: Mapped[str] = mapped_column(String(160))
    sender: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(400))
    body: Mapped[str]
    # Whether there was more of it than is kept.
    is_cut: Mapped[bool]
    file_names: Mapped[list[str]] = mapped_column(ARRAY(String(200)), server_default=text("'{}'"))
    # The words of the server that gave the mail back; None for answers.
    said: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(default=now, server_default=func.now())


def kinds_that_came_back(delivery_ids: Collection[int]) -> dict[int, list[IncomingKind]]:
    """Return by delivery what kinds of mails came back for it, each once and in the order of their list."""
    kinds = select(IncomingMail.delivery_id, IncomingMail.kind).distinct()
    found: dict[int, list[IncomingKind]] = {}
    for key, kind in db.session.execute(kinds.where(IncomingMail.delivery_id.in_(delivery_ids))):
        found.setdefault(key, []).append(kind)
    order = list(IncomingKind)
    return {key: sorted(each, key=order.index) for key, each in found.items()}


def came_back(delivery_ids: Collection[int], most: int) -> list[IncomingMail]:
    """Return what came back for these deliveries, the latest first."""
    if not delivery_ids:
        return []
    wanted = select(IncomingMail).where(IncomingMail.delivery_id.in_(delivery_ids))
    return list(db.session.scalars(wanted.order_by(IncomingMail.id.desc()).limit(most)))
