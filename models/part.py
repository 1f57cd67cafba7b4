"""Parts, who supplies them, and what is learnt about their quality."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    String,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import (
    Base,
    Labelled,
    Reach,
    Record,
    db,
    enum_type,
    list_indexes,
    name_column,
    not_blank,
    number_column,
    unique_among_kept,
)
from models.phones import HasPhone, phone_index
from models.pinyin import SortedByName
from models.scope import WITH_DELETED


class Supplier(SortedByName, HasPhone, Record):
    """A company that delivers parts."""

    __tablename__ = "supplier"
    searched: ClassVar[tuple[str, ...]] = ("name", "aliases", "code", "contact_person", "phone")
    __table_args__ = (not_blank("name"), unique_among_kept("supplier", "name"), phone_index("supplier"))
    reach: ClassVar[Reach] = Reach.EVERYONE

    code: Mapped[str | None] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(160))
    contact_person: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(160))
    email: Mapped[str | None] = mapped_column(String(254))
    address: Mapped[str | None] = mapped_column(String(300))
    aliases: Mapped[list[SupplierAlias]] = relationship(
        cascade="all, delete-orphan", order_by="SupplierAlias.name"
    )

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a supplier by its name."""
        return cls.__table__.c.name


class SupplierAlias(Base):
    """Another spelling of a supplier's name, as it stands in files and on labels; it means one supplier."""

    __tablename__ = "supplier_alias"
    __table_args__ = (not_blank("name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"), index=True)
    name: Mapped[str] = mapped_column(String(160), unique=True)


def alias_conflict(names: Sequence[str], supplier_id: int | None) -> str | None:
    """Return the first of `names` by which another supplier than this one (None: a new one) goes already."""
    aliases = select(SupplierAlias.name).join(Supplier, Supplier.id == SupplierAlias.supplier_id)
    taken = set(
        db.session.scalars(
            aliases.where(SupplierAlias.name.in_(names), Supplier.id.is_distinct_from(supplier_id))
        )
    ) | set(
        db.session.scalars(
            select(Supplier.name).where(Supplier.name.in_(names), Supplier.id.is_distinct_from(supplier_id))
        )
    )
    return next((name for name in names if name in taken), None)


def release_aliases(names: Sequence[str]) -> None:
    """Take these spellings from suppliers that were deleted, so that they can mean another one."""
    gone = select(Supplier.id).where(Supplier.deleted_at.is_not(None))
    db.session.execute(
        delete(SupplierAlias).where(SupplierAlias.name.in_(names), SupplierAlias.supplier_id.in_(gone)),
        execution_options={WITH_DELETED: True, "synchronize_session": False},
    )


class Part(SortedByName, Record):
    """A part of a vehicle; key parts are watched by batch and supplier."""

    __tablename__ = "part"
    searched: ClassVar[tuple[str, ...]] = ("code", "name", "name_en")
    __table_args__ = (not_blank("code"), not_blank("name"), unique_among_kept("part", "code"))
    reach: ClassVar[Reach] = Reach.EVERYONE

    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120), index=True)
    name_en: Mapped[str | None] = mapped_column(String(120))
    is_key_part: Mapped[bool] = mapped_column(default=False, server_default="false")
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"), index=True)

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a part by its name and code."""
        columns = cls.__table__.c
        return func.concat_ws(" ", name_column(columns), columns.code)


class FoundBy(Labelled):
    """Who found a fault of a part."""

    DEALER = "dealer", _("Dealer")
    CUSTOMER = "customer", _("Customer")
    WAREHOUSE = "warehouse", _("Warehouse")
    FACTORY = "factory", _("Factory")


class Disposition(Labelled):
    """What becomes of a faulty part."""

    REPLACE = "replace", _("Replace")
    RETURN_TO_SUPPLIER = "return_to_supplier", _("Return to supplier")
    SCRAP = "scrap", _("Scrap")
    REPAIR = "repair", _("Repair")


class PartsQualityRecord(Record):
    """A fault of a part, with batch and supplier; its department is the one that answers for the cause."""

    __tablename__ = "parts_quality_record"
    searched: ClassVar[tuple[str, ...]] = ("number", "production_batch", "fault", "cause")
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("mileage_km >= 0", name="mileage_km"),
        CheckConstraint("months_in_use >= 0", name="months_in_use"),
        not_blank("fault"),
        Index("ix_parts_quality_record_part_id_found_on", "part_id", "found_on"),
        Index("ix_parts_quality_record_supplier_id_found_on", "supplier_id", "found_on"),
        Index("ix_parts_quality_record_dealer_id_found_on", "dealer_id", "found_on"),
        *list_indexes("parts_quality_record", "found_on", "disposition", "found_by"),
        Index("ix_parts_quality_record_found_on", "found_on", "id"),
        Index(
            "ix_parts_quality_record_found_on_undecided",
            "found_on",
            postgresql_where=text("disposition IS NULL"),
        ),
    )

    number: Mapped[str] = number_column("PZ")
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"))
    production_batch: Mapped[str | None] = mapped_column(String(60), index=True)
    production_on: Mapped[date | None]
    fault: Mapped[str]
    quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    found_on: Mapped[date]
    found_by: Mapped[FoundBy] = mapped_column(
        enum_type(FoundBy), default=FoundBy.WAREHOUSE, server_default=FoundBy.WAREHOUSE.value
    )
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"), index=True)
    mileage_km: Mapped[int | None]
    months_in_use: Mapped[int | None]
    disposition: Mapped[Disposition | None] = mapped_column(enum_type(Disposition))
    cause: Mapped[str | None]
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"), index=True)

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a parts quality record by its number."""
        return cls.__table__.c.number
