"""Dealers: who sells and services the vehicles."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Record, enum_type, not_blank, unique_among_kept
from models.phones import HasPhone, phone_index
from models.pinyin import SortedByName


class Grade(Labelled):
    """How a dealer, or a customer, is rated."""

    A = "A", _("A")
    B = "B", _("B")
    C = "C", _("C")


class Dealer(SortedByName, HasPhone, Record):
    """A dealer under contract; the person responsible is its touring service engineer."""

    __tablename__ = "dealer"
    searched: ClassVar[tuple[str, ...]] = (
        "code",
        "name",
        "principal",
        "contact_person",
        "phone",
        "province",
        "city",
    )
    __table_args__ = (
        CheckConstraint("vehicles_per_year >= 0", name="vehicles_per_year"),
        CheckConstraint("contract_from <= contract_until", name="contract_term"),
        not_blank("code"),
        not_blank("name"),
        unique_among_kept("dealer", "code"),
        phone_index("dealer"),
    )

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(160), index=True)
    principal: Mapped[str | None] = mapped_column(String(80))
    contact_person: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(160))
    province: Mapped[str | None] = mapped_column(String(40))
    city: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(300))
    contract_number: Mapped[str | None] = mapped_column(String(60))
    contract_from: Mapped[date | None]
    contract_until: Mapped[date | None]
    opened_on: Mapped[date | None]
    grade: Mapped[Grade | None] = mapped_column(enum_type(Grade))
    has_own_workshop: Mapped[bool] = mapped_column(default=False, server_default="false")
    vehicles_per_year: Mapped[int | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a dealer by its name."""
        return cls.__table__.c.name
