"""Complaints and the subjects they are about."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, Column, ColumnElement, ForeignKey, Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import (
    Base,
    Labelled,
    Reach,
    Record,
    enum_type,
    list_indexes,
    name_column,
    not_blank,
    now,
    number_column,
    unique_among_kept,
)
from models.organisation import Department
from models.phones import HasPhone, phone_index
from models.pinyin import SortedByName

subject_department = Table(
    "subject_department",
    Base.metadata,
    Column("subject_id", ForeignKey("subject.id", ondelete="CASCADE"), primary_key=True),
    Column("department_id", ForeignKey("department.id"), primary_key=True, index=True),
)


class Subject(SortedByName, Record):
    """What a complaint is about; subjects form a tree and name the departments that are told."""

    __tablename__ = "subject"
    searched: ClassVar[tuple[str, ...]] = ("name", "code", "name_en", "also_called")
    __table_args__ = (
        CheckConstraint("id <> parent_id", name="own_parent"),
        not_blank("name"),
        unique_among_kept("subject", "code"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE
    is_small: ClassVar[bool] = True

    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(80), index=True)
    name_en: Mapped[str | None] = mapped_column(String(80))
    # Other words for it, with blanks or commas between them: whoever types one finds the subject.
    also_called: Mapped[str | None] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("subject.id"), index=True)
    # Where a subject names none, those of the next one above count.
    departments: Mapped[list[Department]] = relationship(
        secondary=subject_department, order_by="Department.id"
    )

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a subject by its name."""
        return name_column(cls.__table__.c)


class Step(Labelled):
    """Where a complaint stands, in the order of the procedure."""

    REGISTERED = "registered", _("Registered")
    VERIFIED = "verified", _("Verified")
    ANALYSED = "analysed", _("Analysed")
    PROPOSED = "proposed", _("Proposed")
    AGREED = "agreed", _("Agreed")
    CARRIED_OUT = "carried_out", _("Carried out")
    CONFIRMED = "confirmed", _("Confirmed")


class Severity(Labelled):
    """How grave a complaint is."""

    MINOR = "minor", _("Minor")
    NORMAL = "normal", _("Normal")
    SEVERE = "severe", _("Severe")


class Channel(Labelled):
    """How a complaint reached the centre."""

    PHONE = "phone", _("Phone")
    LETTER = "letter", _("Letter")
    VISIT = "visit", _("Visit")
    FOLLOW_UP = "follow_up", _("Follow-up call")
    DEALER = "dealer", _("Dealer")
    WEBSITE = "website", _("Complaint website")
    OTHER = "other", _("Other")


class VerifiedBy(Labelled):
    """How a complaint was verified with the customer."""

    PHONE = "phone", _("Phone")
    LETTER = "letter", _("Letter")
    VISIT = "visit", _("Visit")


class Cause(Labelled):
    """What the analysis found to be behind a complaint."""

    POOR_QUALITY = "poor_quality", _("Poor quality")
    WRONG_USE = "wrong_use", _("Wrong use")
    POOR_SERVICE = "poor_service", _("Poor service")
    OVERSOLD = "oversold", _("Oversold expectation")
    TRANSPORT = "transport", _("Transport")
    OTHER = "other", _("Other")


class FaultDegree(Labelled):
    """How far the company is at fault."""

    NONE = "none", _("Not at fault")
    PARTLY = "partly", _("Partly at fault")
    FULLY = "fully", _("Fully at fault")


class Complaint(HasPhone, Record):
    """What a customer complains about, and what was found: steps 1 to 3 of the procedure."""

    __tablename__ = "complaint"
    searched: ClassVar[tuple[str, ...]] = (
        "number",
        "customer_name",
        "phone",
        "description",
        "fault",
        "production_batch",
    )
    __table_args__ = (
        not_blank("customer_name"),
        CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
        CheckConstraint("repeats_id <> id", name="repeats_id"),
        phone_index("complaint"),
        Index(
            "ix_complaint_registered_at",
            "registered_at",
            "id",
            # With these a digest counts the weeks before without reading a row.
            postgresql_include=["subject_id", "dealer_id", "deleted_at"],
        ),
        Index(
            "ix_complaint_registered_at_open",
            "registered_at",
            "id",
            postgresql_include=["subject_id", "severity", "is_safety_relevant"],
            postgresql_where=text("step <> 'confirmed' AND deleted_at IS NULL"),
        ),
        Index(
            "ix_complaint_registered_at_open_severe",
            "registered_at",
            "id",
            postgresql_where=text("severity = 'severe' AND step <> 'confirmed' AND deleted_at IS NULL"),
        ),
        Index("ix_complaint_step_registered_at", "step", "registered_at"),
        Index("ix_complaint_subject_id_registered_at", "subject_id", "registered_at"),
        *list_indexes("complaint", "registered_at", "channel", "cause", "is_safety_relevant"),
        Index("ix_complaint_severity_registered_at", "severity", "registered_at"),
        Index(
            "ix_complaint_registered_at_unassigned",
            "registered_at",
            postgresql_where=text("responsible_id IS NULL AND step <> 'confirmed'"),
        ),
        Index(
            "ix_complaint_registered_at_unsafe",
            "registered_at",
            postgresql_where=text("is_safety_relevant AND step <> 'confirmed'"),
        ),
        # Of who is in one region a filter by step finds what is open there, not all that the region ever had.
        Index("ix_complaint_region_id_open", "region_id", postgresql_where=text("step <> 'confirmed'")),
        Index(
            "ix_complaint_responsible_id_open", "responsible_id", postgresql_where=text("step <> 'confirmed'")
        ),
        Index(
            "ix_complaint_confirmed_at_answered",
            "confirmed_at",
            postgresql_include=["satisfaction", "responsible_id"],
            postgresql_where=text("satisfaction IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index("ix_complaint_customer_id_registered_at", "customer_id", "registered_at"),
        Index("ix_complaint_vehicle_id_registered_at", "vehicle_id", "registered_at"),
        Index(
            "ix_complaint_dealer_id_registered_at",
            "dealer_id",
            "registered_at",
            # A large dealer has tens of thousands, which its page counts.
            postgresql_include=["id", "step", "deleted_at"],
        ),
        Index("ix_complaint_part_id_registered_at", "part_id", "registered_at"),
    )

    number: Mapped[str] = number_column("TS")
    step: Mapped[Step] = mapped_column(
        enum_type(Step), default=Step.REGISTERED, server_default=Step.REGISTERED.value
    )
    # Step 1: registered
    registered_at: Mapped[datetime] = mapped_column(default=now)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    customer_name: Mapped[str] = mapped_column(String(160), index=True)
    phone: Mapped[str | None] = mapped_column(String(160))
    address: Mapped[str | None] = mapped_column(String(300))
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"))
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("subject.id"))
    # The earlier complaint of the same matter that this one repeats.
    repeats_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    description: Mapped[str | None]
    demand: Mapped[str | None]
    channel: Mapped[Channel] = mapped_column(
        enum_type(Channel), default=Channel.PHONE, server_default=Channel.PHONE.value
    )
    severity: Mapped[Severity] = mapped_column(
        enum_type(Severity), default=Severity.NORMAL, server_default=Severity.NORMAL.value
    )
    is_safety_relevant: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Step 2: verified
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[VerifiedBy | None] = mapped_column(enum_type(VerifiedBy))
    is_confirmed_with_customer: Mapped[bool] = mapped_column(default=False, server_default="false")
    needs_investigation: Mapped[bool] = mapped_column(default=False, server_default="false")
    product: Mapped[str | None] = mapped_column(String(120))
    specification: Mapped[str | None] = mapped_column(String(160))
    production_on: Mapped[date | None]
    production_batch: Mapped[str | None] = mapped_column(String(60))
    in_use_since: Mapped[date | None]
    fault: Mapped[str | None]
    brand_before: Mapped[str | None] = mapped_column(String(80))
    recent_condition: Mapped[str | None]
    # Step 3: analysed
    analysed_at: Mapped[datetime | None]
    cause: Mapped[Cause | None] = mapped_column(enum_type(Cause))
    fault_degree: Mapped[FaultDegree | None] = mapped_column(enum_type(FaultDegree))
    is_demand_reasonable: Mapped[bool | None]
    has_long_relation: Mapped[bool | None]
    will_buy_again: Mapped[bool | None]
    word_of_mouth: Mapped[str | None]
    analysis: Mapped[str | None]
    # Answered in one go, without a proposal: what was said.
    spot_answer: Mapped[str | None]
    # Step 6: carried out
    carried_out_at: Mapped[datetime | None]
    # Step 7: confirmed, and with it closed
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[VerifiedBy | None] = mapped_column(enum_type(VerifiedBy, "confirmed_by"))
    # 1 very dissatisfied to 5 very satisfied; None where nobody asked.
    satisfaction: Mapped[int | None]
    confirmation: Mapped[str | None]
    # How often it was taken up again after the customer had been asked.
    times_reopened: Mapped[int] = mapped_column(default=0, server_default="0")

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a complaint by its number."""
        return cls.__table__.c.number
