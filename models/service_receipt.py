"""Service receipts: the slips that come back from whoever worked on a vehicle."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Record, enum_type, list_indexes, number_column


class ServiceKind(Labelled):
    """What a vehicle, or its owner, came for."""

    REPAIR = "repair", _("Repair")
    MAINTENANCE = "maintenance", _("Maintenance")
    INSPECTION = "inspection", _("Inspection")
    INQUIRY = "inquiry", _("Inquiry")
    ON_SITE = "on_site", _("On-site service")


class ServiceReceipt(Record):
    """One visit to a workshop, or of an engineer; without a dealer the maker's own workshop did the work."""

    __tablename__ = "service_receipt"
    searched: ClassVar[tuple[str, ...]] = (
        "number",
        "customer_id",
        "vehicle_id",
        "fault",
        "work_done",
        "parts_replaced",
    )
    __table_args__ = (
        CheckConstraint("handed_over_on >= came_in_on", name="handed_over_on"),
        CheckConstraint("arrived_at >= asked_at", name="arrived_at"),
        CheckConstraint("done_at >= arrived_at", name="done_at"),
        CheckConstraint("cost >= 0", name="cost"),
        CheckConstraint("mileage_km >= 0", name="mileage_km"),
        CheckConstraint("earlier_receipt_id <> id", name="earlier_receipt_id"),
        CheckConstraint("is_return_repair OR earlier_receipt_id IS NULL", name="is_return_repair"),
        *list_indexes("service_receipt", "came_in_on", "kind", "is_return_repair"),
        Index("ix_service_receipt_came_in_on", "came_in_on", "id"),
        Index("ix_service_receipt_created_at", "created_at", "id"),
        # Still with the workshop, and still waited for on the spot.
        Index(
            "ix_service_receipt_came_in_on_open",
            "came_in_on",
            postgresql_where=text("handed_over_on IS NULL"),
        ),
        Index(
            "ix_service_receipt_asked_at_waiting",
            "asked_at",
            postgresql_where=text("asked_at IS NOT NULL AND arrived_at IS NULL"),
        ),
        Index("ix_service_receipt_vehicle_id_came_in_on", "vehicle_id", "came_in_on"),
        Index("ix_service_receipt_customer_id_came_in_on", "customer_id", "came_in_on"),
        Index("ix_service_receipt_dealer_id_came_in_on", "dealer_id", "came_in_on"),
    )

    number: Mapped[str] = number_column("SH")
    kind: Mapped[ServiceKind] = mapped_column(
        enum_type(ServiceKind), default=ServiceKind.REPAIR, server_default=ServiceKind.REPAIR.value
    )
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    # None for an inquiry about no vehicle in particular.
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"))
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    came_in_on: Mapped[date]
    # None while the vehicle is still with the workshop.
    handed_over_on: Mapped[date | None] = mapped_column(index=True)
    mileage_km: Mapped[int | None]
    fault: Mapped[str | None]
    work_done: Mapped[str | None]
    parts_replaced: Mapped[str | None]
    # In the site's currency.
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    # The same fault of the same vehicle again, soon after the earlier receipt.
    is_return_repair: Mapped[bool] = mapped_column(default=False, server_default="false")
    earlier_receipt_id: Mapped[int | None] = mapped_column(ForeignKey("service_receipt.id"), index=True)
    # On-site service
    asked_at: Mapped[datetime | None]
    engineer_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    arrived_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(String(300))

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a receipt by its number."""
        return cls.__table__.c.number
