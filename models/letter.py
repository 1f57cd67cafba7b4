"""Letters to customers and dealers, as the register of letters lists them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Record, enum_type, not_blank, number_column


class LetterKind(Labelled):
    """What a letter is for."""

    NOTICE = "notice", _("Notice")
    INVITATION = "invitation", _("Invitation")
    REPLY = "reply", _("Reply")
    # That a complaint was taken up: the panel writes it.
    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")


class Letter(Record):
    """One letter; the person responsible follows up what comes back.

    `sent_on` is None while it waits to be sent, `delivery_id` names the mail where it went as one.
    """

    __tablename__ = "letter"
    searched: ClassVar[tuple[str, ...]] = (
        "number",
        "customer_id",
        "dealer_id",
        "address",
        "regarding",
        "content",
    )
    __table_args__ = (
        CheckConstraint("replied_on >= sent_on", name="replied_on"),
        CheckConstraint("replied_on IS NULL OR sent_on IS NOT NULL", name="replied_unsent"),
        not_blank("regarding"),
        Index("ix_letter_sent_on", "sent_on", "id"),
        Index("ix_letter_customer_id_sent_on", "customer_id", "sent_on"),
        Index("ix_letter_dealer_id_sent_on", "dealer_id", "sent_on"),
        # Nobody is told twice that a complaint was taken up.
        Index(
            "uq_letter_acknowledgement",
            "complaint_id",
            unique=True,
            postgresql_where=text("kind = 'acknowledgement' AND deleted_at IS NULL"),
        ),
    )

    number: Mapped[str] = number_column("XH")
    kind: Mapped[LetterKind] = mapped_column(
        enum_type(LetterKind), default=LetterKind.NOTICE, server_default=LetterKind.NOTICE.value
    )
    sent_on: Mapped[date | None]
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    # As written on the envelope, whatever becomes of the file.
    address: Mapped[str | None] = mapped_column(String(300))
    regarding: Mapped[str] = mapped_column(String(160))
    content: Mapped[str | None]
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    # None for a letter on paper, and once the mail is past its retention period.
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("delivery.id", ondelete="SET NULL"), index=True
    )
    replied_on: Mapped[date | None]
    reply: Mapped[str | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a letter by its number."""
        return cls.__table__.c.number
