"""Weekly digests, who gets them by mail, and everything that the panel sends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import (
    Base,
    Labelled,
    Reach,
    Record,
    enum_type,
    not_blank,
    now,
    unique_among_kept,
)
from models.organisation import Department, Locale
from models.robot import Channel


class DigestRecipient(Record):
    """A person who gets the digest of the record's department by mail; no login needed."""

    __tablename__ = "digest_recipient"
    searched: ClassVar[tuple[str, ...]] = ("name", "email")
    __table_args__ = (
        CheckConstraint("department_id IS NOT NULL", name="department"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        not_blank("name"),
        unique_among_kept("digest_recipient", "department_id", "email"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE

    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[Locale] = mapped_column(
        enum_type(Locale), default=Locale.CHINESE, server_default=Locale.CHINESE.value
    )
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a recipient by name."""
        return cls.__table__.c.name


class Digest(Base):
    """What one department was told about one closed ISO week: a payload, frozen when it was made."""

    __tablename__ = "digest"
    __table_args__ = (
        UniqueConstraint("department_id", "iso_year", "iso_week"),
        CheckConstraint("iso_week BETWEEN 1 AND 53", name="iso_week"),
        Index("ix_digest_iso_year_iso_week", "iso_year", "iso_week"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    iso_year: Mapped[int]
    iso_week: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    # The moment of the data cut: nothing that was entered later is in the payload.
    cut_at: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(default=now, server_default=text("now()"))
    # Staff who asked for it by hand; None where the clock did.
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The complaints for the workbook that its mails bring along; None where they bring none.
    rows: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)

    department: Mapped[Department] = relationship()
    deliveries: Mapped[list[Delivery]] = relationship(back_populates="digest", order_by="Delivery.id")


class DeliveryKind(Labelled):
    """What a mail is for."""

    DIGEST = "digest", _("Weekly digest")
    ACCOUNT = "account", _("Login and password")
    NOTICE = "notice", _("Notice to a department")
    REMINDER = "reminder", _("Reminder of what is due")
    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement to a customer")
    SUMMARY = "summary", _("Summary of the centre")
    TEST = "test", _("Test message")


# Sent again as they were: what they say still holds, and links of a digest act for the same recipient.
KINDS_SENT_AGAIN = frozenset(
    {DeliveryKind.DIGEST, DeliveryKind.REMINDER, DeliveryKind.ACKNOWLEDGEMENT, DeliveryKind.SUMMARY}
)
# Somebody asked for them a moment ago, and waits: a mark at the address holds none of them back.
KINDS_ASKED_FOR = frozenset({DeliveryKind.ACCOUNT, DeliveryKind.TEST})
# Their links act for the recipient: nobody else reads them but an administrator.
KINDS_WITH_KEYS = frozenset({DeliveryKind.ACCOUNT, DeliveryKind.NOTICE})


class DeliveryState(Labelled):
    """How far a mail has come."""

    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    KEPT = "kept", _("Kept here, not sent outside")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Uncertain, needs a person")


class Delivery(Base):
    """One mail to one recipient, or one message to a group: the outbox.

    The message stands here whole, whether or not it was sent.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        # A copy sent again by hand has the next number; nothing automatic ever makes one.
        UniqueConstraint("digest_id", "recipient", "copy_number"),
        CheckConstraint("(kind = 'digest') = (digest_id IS NOT NULL)", name="digest_of_kind"),
        CheckConstraint("(kind = 'summary') = (summary_id IS NOT NULL)", name="summary_of_kind"),
        Index("ix_delivery_summary_id", "summary_id", postgresql_where=text("summary_id IS NOT NULL")),
        Index("ix_delivery_due", "next_attempt_at", postgresql_where=text("state = 'pending'")),
        Index("ix_delivery_claimed_at", "claimed_at", postgresql_where=text("state = 'sending'")),
        Index(
            "ix_delivery_notice_failed",
            "id",
            postgresql_where=text("state = 'failed' AND kind = 'notice'"),
        ),
        Index(
            "ix_delivery_failed",
            "finished_at",
            postgresql_where=text("state = 'failed' AND settled_by_id IS NULL"),
        ),
        Index(
            "ix_delivery_unsettled",
            "id",
            postgresql_where=text("state = 'unknown' AND settled_by_id IS NULL"),
        ),
        Index(
            "ix_delivery_chat_group_id", "chat_group_id", postgresql_where=text("chat_group_id IS NOT NULL")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[DeliveryKind] = mapped_column(enum_type(DeliveryKind))
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digest.id"), index=True)
    # The centre's summary that it carries; None for mail of any other kind.
    summary_id: Mapped[int | None] = mapped_column(ForeignKey("summary.id"))
    channel: Mapped[Channel] = mapped_column(
        enum_type(Channel), default=Channel.MAIL, server_default=Channel.MAIL.value
    )
    # Whose robot is called; None for a mail, and where the group was removed for good.
    chat_group_id: Mapped[int | None] = mapped_column(ForeignKey("chat_group.id", ondelete="SET NULL"))
    # A mail address, or that of a robot as far as people may see it.
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_name: Mapped[str] = mapped_column(String(160))
    locale: Mapped[Locale] = mapped_column(enum_type(Locale))
    copy_number: Mapped[int] = mapped_column(default=1, server_default="1")
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    subject: Mapped[str] = mapped_column(String(400))
    # The message as it goes over the wire: RFC 5322, or for a robot its JSON, signed only when it goes out.
    message: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[DeliveryState] = mapped_column(
        enum_type(DeliveryState), default=DeliveryState.PENDING, server_default=DeliveryState.PENDING.value
    )
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(default=now, server_default=text("now()"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    next_attempt_at: Mapped[datetime] = mapped_column(default=now, server_default=text("now()"))
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    # When a server told later that it could not be delivered; None where none did.
    bounced_at: Mapped[datetime | None]
    # The mail server's own words, or what stood in the way; None while nothing was said.
    answer: Mapped[str | None]
    # Staff who decided what became of an uncertain one; None while nobody has.
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    digest: Mapped[Digest | None] = relationship(back_populates="deliveries")
