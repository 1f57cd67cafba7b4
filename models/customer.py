"""Customers and what is kept about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    event,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.actor import acting_as, system_actor
from models.base import Labelled, Record, db, enum_type, list_indexes, not_blank, now, number_column
from models.dealer import Grade
from models.phones import HasPhone, phone_index
from models.pinyin import SortedByName


class CustomerKind(Labelled):
    """Whose customer it is."""

    OWNER = "owner", _("Owner")
    COMPANY = "company", _("Company")
    DEALER_CUSTOMER = "dealer_customer", _("Dealer's customer")


# Days after the first contact within which a file holds all of these.
FILE_DAYS = 2
# The level comes from the visits of a year, the region's pool may stand for an agent, and not every sale
# promised something: a file is complete without them. A company's names whom one talks to.
FILE_FIELDS = ("phone", "address", "region_id", "source", "first_contact_on", "wished_service")
COMPANY_FIELDS = (*FILE_FIELDS, "contact_person")
# Whatever an import brought was entered elsewhere, and who knows when.
_INCOMPLETE = """created_by_id IS NOT NULL AND NOT (
    phone IS NOT NULL AND address IS NOT NULL AND region_id IS NOT NULL AND source IS NOT NULL
    AND first_contact_on IS NOT NULL AND wished_service IS NOT NULL
    AND (kind <> 'company' OR contact_person IS NOT NULL))"""


class Customer(SortedByName, HasPhone, Record):
    """A customer file; the person responsible is the customer's agent, without one it lies in the pool."""

    __tablename__ = "customer"
    searched: ClassVar[tuple[str, ...]] = (
        "number",
        "name",
        "contact_person",
        "phone",
        "address",
        "source",
    )
    __table_args__ = (
        not_blank("name"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        phone_index("customer"),
        *list_indexes("customer", "id", "kind", "level"),
        Index("ix_customer_updated_at", "updated_at"),
        Index("ix_customer_dealer_id_id", "dealer_id", "id"),
        Index("ix_customer_incomplete", "first_contact_on", "id", postgresql_where=text(_INCOMPLETE)),
    )

    number: Mapped[str] = number_column("KH")
    name: Mapped[str] = mapped_column(String(160), index=True)
    kind: Mapped[CustomerKind] = mapped_column(
        enum_type(CustomerKind), default=CustomerKind.OWNER, server_default=CustomerKind.OWNER.value
    )
    contact_person: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(160), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    address: Mapped[str | None] = mapped_column(String(300))
    level: Mapped[Grade | None] = mapped_column(enum_type(Grade))
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    wished_service: Mapped[str | None]
    source: Mapped[str | None] = mapped_column(String(80))
    first_contact_on: Mapped[date | None] = mapped_column(index=True)
    sale_promises: Mapped[str | None]
    # None while nobody has asked.
    are_promises_kept: Mapped[bool | None]
    # When the file first held all that it must; None also where that was before this was noted.
    completed_at: Mapped[datetime | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a customer by name."""
        return cls.__table__.c.name


def lacking_in(row: Customer) -> list[str]:
    """Return the columns that a customer's file must hold and does not."""
    fields = COMPANY_FIELDS if row.kind is CustomerKind.COMPANY else FILE_FIELDS
    return [name for name in fields if getattr(row, name) is None]


def is_complete() -> ColumnElement[bool]:
    """Return the condition of the files that hold all they must."""
    kept = [getattr(Customer, name).is_not(None) for name in FILE_FIELDS]
    return and_(*kept, (Customer.kind != CustomerKind.COMPANY) | Customer.contact_person.is_not(None))


@event.listens_for(Session, "before_flush")
def _note_completed(session: Session, _flush_context: Any, _instances: Any) -> None:
    for row in (*session.new, *session.dirty):
        if isinstance(row, Customer) and row.completed_at is None and not lacking_in(row):
            row.completed_at = now()


# By these a caller is found while somebody types.
Index("ix_customer_phone_endings", func.phone_endings(Customer.phone_numbers), postgresql_using="gin")


def has_customers(staff_id: int, number: int) -> bool:
    """Tell whether a person looks after `number` customers or more, in whatever region; one query.

    Two who give at the same moment may pass by one: the cap guards people's time, no rule of the data.
    """
    found = select(Customer.id).where(Customer.responsible_id == staff_id).limit(number).subquery()
    # Counted by the panel: the reader may not see all of them.
    with acting_as(system_actor("customers")):
        return (db.session.scalar(select(func.count()).select_from(found)) or 0) >= number
