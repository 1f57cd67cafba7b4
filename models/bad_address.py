"""Mail addresses that give mails back: nothing goes there by itself until a person trusts them again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, String, delete, func, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, db, now
from models.digest import KINDS_ASKED_FOR, Delivery
from models.sql import insert_unless_known


class BadAddress(Base):
    """An address to which mail could not be delivered for good, in the words of the server that said so."""

    __tablename__ = "bad_address"
    __table_args__ = (CheckConstraint("address = lower(address)", name="address_lower"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    address: Mapped[str] = mapped_column(String(254), unique=True)
    reason: Mapped[str]
    marked_at: Mapped[datetime] = mapped_column(default=now, server_default=func.now())
    # The mail that came back; None once it is past its retention period.
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("delivery.id", ondelete="SET NULL"), index=True
    )


def mark_bad(address: str, reason: str, delivery_id: int) -> None:
    """Mark an address as bad, unless it is; doesn't commit."""
    row = {"address": address.lower(), "reason": reason, "marked_at": "now", "delivery_id": delivery_id}
    insert_unless_known(BadAddress, [row], "id")


def bad_address(address: str | None) -> BadAddress | None:
    """Return the mark of an address; None where there is none."""
    if not address:
        return None
    return db.session.scalars(select(BadAddress).where(BadAddress.address == address.lower())).one_or_none()


def is_held_back(delivery_id: int) -> bool:
    """Tell whether a mail goes to a marked address by itself.

    Mails about logins, tests, and copies that somebody sends by hand, were asked for: they still go.
    """
    held = (
        select(BadAddress.id)
        .join(Delivery, func.lower(Delivery.recipient) == BadAddress.address)
        .where(
            Delivery.id == delivery_id,
            Delivery.kind.not_in(KINDS_ASKED_FOR),
            Delivery.created_by_id.is_(None),
        )
    )
    return db.session.scalar(held) is not None


def bad_among(addresses: Iterable[str]) -> set[str]:
    """Return those of the addresses that are marked, in lower case."""
    wanted = {address.lower() for address in addresses}
    return set(db.session.scalars(select(BadAddress.address).where(BadAddress.address.in_(wanted))))


def bad_addresses(most: int) -> list[BadAddress]:
    """Return the marked addresses, the latest first."""
    return list(db.session.scalars(select(BadAddress).order_by(BadAddress.id.desc()).limit(most)))


def trust_again(key: int) -> bool:
    """Take a mark away, and tell whether it was still there; doesn't commit."""
    done = db.session.execute(
        delete(BadAddress).where(BadAddress.id == key).execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1
