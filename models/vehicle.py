"""Vehicles: each known by its frame number."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Record, enum_type, not_blank, unique_among_kept


class VehicleKind(Labelled):
    """What a vehicle is built for."""

    CARGO = "cargo", _("Cargo tricycle")
    PASSENGER = "passenger", _("Passenger tricycle")
    EXPRESS = "express", _("Express delivery tricycle")
    SPECIAL = "special", _("Special purpose vehicle")
    OTHER = "other", _("Other")


class Vehicle(Record):
    """One vehicle, from production to its owner."""

    __tablename__ = "vehicle"
    __table_args__ = (
        CheckConstraint("mileage_km >= 0", name="mileage_km"),
        not_blank("frame_number"),
        unique_among_kept("vehicle", "frame_number"),
    )

    frame_number: Mapped[str] = mapped_column(String(40))
    plate_number: Mapped[str | None] = mapped_column(String(20), index=True)
    model: Mapped[str] = mapped_column(String(80), index=True)
    kind: Mapped[VehicleKind] = mapped_column(
        enum_type(VehicleKind), default=VehicleKind.CARGO, server_default=VehicleKind.CARGO.value
    )
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"), index=True)
    production_on: Mapped[date | None]
    production_batch: Mapped[str | None] = mapped_column(String(60), index=True)
    sold_on: Mapped[date | None] = mapped_column(index=True)
    warranty_until: Mapped[date | None]
    mileage_km: Mapped[int | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a vehicle by plate, where it has one, and frame number."""
        columns = cls.__table__.c
        return func.concat_ws(" · ", columns.plate_number, columns.frame_number)
