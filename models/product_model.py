"""Product models: what a vehicle is sold as, with what its makers promise for it."""

from __future__ import annotations

from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Reach, Record, enum_type, not_blank, unique_among_kept
from models.pinyin import SortedByName


class VehicleKind(Labelled):
    """What a vehicle is built for."""

    CARGO = "cargo", _("Cargo tricycle")
    PASSENGER = "passenger", _("Passenger tricycle")
    EXPRESS = "express", _("Express delivery tricycle")
    SPECIAL = "special", _("Special purpose vehicle")
    OTHER = "other", _("Other")


class ProductModel(SortedByName, Record):
    """A product model; warranty and interval count for the vehicles that are sold from then on."""

    __tablename__ = "product_model"
    searched: ClassVar[tuple[str, ...]] = ("name", "code")
    __table_args__ = (
        CheckConstraint("warranty_months BETWEEN 0 AND 240", name="warranty_months"),
        CheckConstraint("maintenance_interval_months BETWEEN 1 AND 120", name="maintenance_interval_months"),
        not_blank("code"),
        not_blank("name"),
        unique_among_kept("product_model", "code"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE

    code: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[VehicleKind] = mapped_column(
        enum_type(VehicleKind), default=VehicleKind.CARGO, server_default=VehicleKind.CARGO.value
    )
    # None while nobody has said: then nothing is worked out from it.
    warranty_months: Mapped[int | None]
    maintenance_interval_months: Mapped[int | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a product model by its name."""
        return cls.__table__.c.name
