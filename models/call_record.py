"""Call records: what was said on the phone with a customer, as the form of a call asks for it."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, CheckConstraint, ColumnElement, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Record, enum_type, list_indexes, now, number_column
from models.phones import HasPhone, phone_index


class CallDirection(Labelled):
    """Who called whom."""

    OUT = "out", _("We called")
    IN = "in", _("The customer called")


class CallPurpose(Labelled):
    """Why the call was made."""

    FIRST_FOLLOW_UP = "first_follow_up", _("First follow-up")
    SECOND_FOLLOW_UP = "second_follow_up", _("Second follow-up")
    INQUIRY = "inquiry", _("Inquiry")
    COMPLAINT = "complaint", _("About a complaint")
    INVITATION = "invitation", _("Invitation to a campaign")
    REMINDER = "reminder", _("Reminder of a service")
    OTHER = "other", _("Other")


class CallResult(Labelled):
    """How the call ended."""

    REACHED = "reached", _("Reached")
    CALL_BACK = "call_back", _("Asked to call again")
    NOT_REACHED = "not_reached", _("Not reached")
    WRONG_NUMBER = "wrong_number", _("Wrong number")


class CallTopic(Labelled):
    """A point of the checklist that every follow-up goes through."""

    USE = "use", _("How the vehicle is used, and what they think of the service")
    NEEDS = "needs", _("New needs")
    HINTS = "hints", _("Hints for use")
    SERVICES = "services", _("New services")
    CAMPAIGNS = "campaigns", _("Campaigns: content, date and place")
    ADVICE = "advice", _("Advice asked for")
    VISIT = "visit", _("A visit to the customer")


class CallRecord(HasPhone, Record):
    """One call; the person responsible is the agent who spoke."""

    __tablename__ = "call_record"
    searched: ClassVar[tuple[str, ...]] = (
        "number",
        "customer_id",
        "vehicle_id",
        "phone",
        "spoke_with",
        "points",
        "promise",
    )
    __table_args__ = (
        CheckConstraint("minutes >= 0", name="minutes"),
        CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
        CheckConstraint(
            "topics <@ ARRAY[{}]::varchar[]".format(", ".join(f"'{topic.value}'" for topic in CallTopic)),
            name="topics_known",
        ),
        CheckConstraint("promise_kept_on IS NULL OR promise IS NOT NULL", name="promise_kept_on"),
        CheckConstraint("promised_until IS NULL OR promise IS NOT NULL", name="promised_until"),
        *list_indexes("call_record", "called_at", "purpose", "result", "direction"),
        Index("ix_call_record_called_at", "called_at", "id"),
        Index("ix_call_record_customer_id_called_at", "customer_id", "called_at"),
        Index("ix_call_record_vehicle_id_called_at", "vehicle_id", "called_at"),
        # The answers that a digest counts, without reading a row.
        Index(
            "ix_call_record_called_at_answered",
            "called_at",
            postgresql_include=["satisfaction", "purpose", "responsible_id"],
            postgresql_where=text("satisfaction IS NOT NULL AND deleted_at IS NULL"),
        ),
        # First follow-ups that are followed by a second.
        Index(
            "ix_call_record_called_at_first_reached",
            "called_at",
            postgresql_where=text("purpose = 'first_follow_up' AND result = 'reached'"),
        ),
        # What was promised and is still to be done.
        Index(
            "ix_call_record_promised_until_open",
            "promised_until",
            postgresql_where=text("promised_until IS NOT NULL AND promise_kept_on IS NULL"),
        ),
        Index(
            "ix_call_record_promise_kept_on",
            "promise_kept_on",
            postgresql_where=text("promise_kept_on IS NOT NULL"),
        ),
        phone_index("call_record"),
    )

    number: Mapped[str] = number_column("DH")
    direction: Mapped[CallDirection] = mapped_column(
        enum_type(CallDirection), default=CallDirection.OUT, server_default=CallDirection.OUT.value
    )
    called_at: Mapped[datetime] = mapped_column(default=now)
    minutes: Mapped[int | None]
    purpose: Mapped[CallPurpose] = mapped_column(
        enum_type(CallPurpose),
        default=CallPurpose.FIRST_FOLLOW_UP,
        server_default=CallPurpose.FIRST_FOLLOW_UP.value,
    )
    result: Mapped[CallResult] = mapped_column(
        enum_type(CallResult), default=CallResult.REACHED, server_default=CallResult.REACHED.value
    )
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"))
    # The visit to the workshop that the call follows up.
    service_receipt_id: Mapped[int | None] = mapped_column(ForeignKey("service_receipt.id"), index=True)
    # The complaint that the call is about, or that was heard in it.
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    spoke_with: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(80))
    topics: Mapped[list[str]] = mapped_column(
        ARRAY(String(40)), default=list, server_default="{}", info={"values": CallTopic}
    )
    points: Mapped[str | None]
    wishes: Mapped[str | None]
    praise: Mapped[str | None]
    dissatisfaction: Mapped[str | None]
    promise: Mapped[str | None]
    promised_until: Mapped[date | None] = mapped_column(index=True)
    promise_kept_on: Mapped[date | None]
    # 1 very dissatisfied to 5 very satisfied; None where nobody asked.
    satisfaction: Mapped[int | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a call by its number."""
        return cls.__table__.c.number
