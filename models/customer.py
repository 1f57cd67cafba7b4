"""Customers and what is kept about them."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.actor import acting_as, system_actor
from models.base import Labelled, Record, db, enum_type, not_blank, number_column
from models.dealer import Grade
from models.phones import HasPhone, phone_index
from models.pinyin import SortedByName


class CustomerKind(Labelled):
    """Whose customer it is."""

    OWNER = "owner", _("Owner")
    COMPANY = "company", _("Company")
    DEALER_CUSTOMER = "dealer_customer", _("Dealer's customer")


class Customer(SortedByName, HasPhone, Record):
    """A customer file; the person responsible is the customer's agent, without one it lies in the pool."""

    __tablename__ = "customer"
    __table_args__ = (
        not_blank("name"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        phone_index("customer"),
        Index("ix_customer_dealer_id_id", "dealer_id", "id"),
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

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a customer by name."""
        return cls.__table__.c.name


# By these a caller is found while somebody types.
Index("ix_customer_phone_endings", func.phone_endings(Customer.phone_numbers), postgresql_using="gin")
Index(
    "ix_customer_name_pairs",
    func.name_pairs(Customer.name, Customer.contact_person),
    postgresql_using="gin",
)


def has_customers(staff_id: int, number: int) -> bool:
    """Tell whether a person looks after `number` customers or more, in whatever region; one query.

    Two who give at the same moment may pass by one: the cap guards people's time, no rule of the data.
    """
    found = select(Customer.id).where(Customer.responsible_id == staff_id).limit(number).subquery()
    # Counted by the panel: the reader may not see all of them.
    with acting_as(system_actor("customers")):
        return (db.session.scalar(select(func.count()).select_from(found)) or 0) >= number
