"""Shipments of parts: how reliably the warehouse delivers, and what a failure rate is measured against."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Record, list_indexes, number_column


class PartsShipment(Record):
    """One line of a shipment: so many of a part, of one batch, to a dealer."""

    __tablename__ = "parts_shipment"
    searched: ClassVar[tuple[str, ...]] = (
        "number",
        "dealer_id",
        "part_id",
        "production_batch",
        "wrong_because",
    )
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("is_right OR coalesce(wrong_because, '') ~ '[^[:space:]]'", name="wrong_because"),
        Index("ix_parts_shipment_part_id_shipped_on", "part_id", "shipped_on"),
        Index("ix_parts_shipment_dealer_id_shipped_on", "dealer_id", "shipped_on"),
        Index("ix_parts_shipment_supplier_id_shipped_on", "supplier_id", "shipped_on"),
        *list_indexes("parts_shipment", "shipped_on", "is_right"),
        Index("ix_parts_shipment_shipped_on", "shipped_on", "id"),
    )

    number: Mapped[str] = number_column("FH")
    shipped_on: Mapped[date]
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"))
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"))
    production_batch: Mapped[str | None] = mapped_column(String(60), index=True)
    quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    is_right: Mapped[bool] = mapped_column(default=True, server_default="true")
    wrong_because: Mapped[str | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a shipment by its number."""
        return cls.__table__.c.number
