"""Vehicles: each known by its frame number."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, event, func, inspect, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Record, enum_type, list_indexes, not_blank, unique_among_kept
from models.product_model import ProductModel, VehicleKind
from models.scope import WITH_DELETED

__all__ = ["Vehicle", "VehicleKind", "add_months"]

# From these the two days below are worked out.
_SOURCES = ("product_model_id", "sold_on", "maintenance_interval_months")
_DERIVED = ("warranty_until", "next_maintenance_on")


class Vehicle(Record):
    """One vehicle, from production to its owner."""

    __tablename__ = "vehicle"
    searched: ClassVar[tuple[str, ...]] = (
        "frame_number",
        "plate_number",
        "product_model_id",
        "production_batch",
    )
    __table_args__ = (
        CheckConstraint("mileage_km >= 0", name="mileage_km"),
        CheckConstraint("maintenance_interval_months BETWEEN 1 AND 120", name="maintenance_interval_months"),
        not_blank("frame_number"),
        unique_among_kept("vehicle", "frame_number"),
        *list_indexes("vehicle", "id", "kind"),
        Index("ix_vehicle_dealer_id_id", "dealer_id", "id"),
        Index("ix_vehicle_product_model_id_id", "product_model_id", "id"),
    )

    frame_number: Mapped[str] = mapped_column(String(40))
    plate_number: Mapped[str | None] = mapped_column(String(20), index=True)
    product_model_id: Mapped[int] = mapped_column(ForeignKey("product_model.id"), active_history=True)
    kind: Mapped[VehicleKind] = mapped_column(
        enum_type(VehicleKind), default=VehicleKind.CARGO, server_default=VehicleKind.CARGO.value
    )
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    production_on: Mapped[date | None]
    production_batch: Mapped[str | None] = mapped_column(String(60), index=True)
    sold_on: Mapped[date | None] = mapped_column(index=True, active_history=True)
    # These two follow from model and day of sale, unless somebody has set another day.
    warranty_until: Mapped[date | None] = mapped_column(index=True, active_history=True)
    next_maintenance_on: Mapped[date | None] = mapped_column(index=True, active_history=True)
    # None: the model's own.
    maintenance_interval_months: Mapped[int | None] = mapped_column(active_history=True)
    mileage_km: Mapped[int | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a vehicle by plate, where it has one, and frame number."""
        columns = cls.__table__.c
        return func.concat_ws(" · ", columns.plate_number, columns.frame_number)

    @classmethod
    def label_parts(cls) -> tuple[str, ...]:
        """Say what the label holds; a vehicle without a plate shows its frame number alone."""
        return ("plate_number", "frame_number")


# By their ends a caller's vehicle is found while somebody types.
for _name in ("plate_number", "frame_number"):
    Index(
        f"ix_vehicle_{_name}_reversed",
        func.reversed_signs(getattr(Vehicle, _name)).label("ending"),
        postgresql_ops={"ending": "text_pattern_ops"},
    )


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last one of a month that is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _days_of(values: Mapping[str, Any], models: Mapping[int, ProductModel]) -> dict[str, date | None]:
    """Return the derived days for these values of the sources; None where one of them is open."""
    model = models.get(values["product_model_id"])
    sold_on = values["sold_on"]
    months = {
        "warranty_until": model.warranty_months if model else None,
        "next_maintenance_on": values["maintenance_interval_months"]
        or (model.maintenance_interval_months if model else None),
    }
    return {
        name: None if sold_on is None or count is None else add_months(sold_on, count)
        for name, count in months.items()
    }


def _before(vehicle: Vehicle) -> dict[str, Any]:
    """Return the sources as they stood when the vehicle was read; None throughout for a new one."""
    states = inspect(vehicle).attrs
    before = {}
    for name in _SOURCES:
        history = states[name].history
        before[name] = next(iter(history.deleted or history.unchanged or ()), None)
    return before


@event.listens_for(Session, "before_flush")
def _derive_days(session: Session, _flush_context: Any, _instances: Any) -> None:
    changed = {
        vehicle: (_before(vehicle), {name: getattr(vehicle, name) for name in _SOURCES})
        for vehicle in (*session.new, *session.dirty)
        if isinstance(vehicle, Vehicle) and _is_concerned(vehicle)
    }
    if not changed:
        return
    ids = {values["product_model_id"] for pair in changed.values() for values in pair}
    found = select(ProductModel).where(ProductModel.id.in_(ids - {None}))
    with session.no_autoflush:
        models = {model.id: model for model in session.scalars(found, execution_options={WITH_DELETED: True})}
    for vehicle, (before, after) in changed.items():
        _set_days(vehicle, _days_of(before, models), _days_of(after, models))


def _is_concerned(vehicle: Vehicle) -> bool:
    states = inspect(vehicle).attrs
    is_new = inspect(vehicle).key is None
    return is_new or any(states[name].history.has_changes() for name in (*_SOURCES, *_DERIVED))


def _set_days(vehicle: Vehicle, were: dict[str, date | None], are: dict[str, date | None]) -> None:
    """Set what nobody has set: what is open, and what still stands as it was worked out before."""
    states = inspect(vehicle).attrs
    for name in _DERIVED:
        value = getattr(vehicle, name)
        was_set_now = states[name].history.has_changes() and value is not None
        if not was_set_now and value in (None, were[name]) and value != are[name]:
            setattr(vehicle, name, are[name])
