"""Warranty claims: of dealers on the maker, and of the maker on suppliers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Record, enum_type, list_indexes, not_blank, number_column


class ClaimKind(Labelled):
    """Who claims from whom."""

    FROM_DEALER = "from_dealer", _("Dealer claims from us")
    ON_SUPPLIER = "on_supplier", _("We claim from supplier")


class ClaimOutcome(Labelled):
    """What became of a claim."""

    OPEN = "open", _("Undecided")
    PASSED = "passed", _("Passed")
    REJECTED = "rejected", _("Rejected")


class WarrantyClaim(Record):
    """One claim for one part or piece of work; who rejects it says why."""

    __tablename__ = "warranty_claim"
    searched: ClassVar[tuple[str, ...]] = (
        "number",
        "dealer_id",
        "supplier_id",
        "part_id",
        "production_batch",
        "fault",
    )
    __table_args__ = (
        CheckConstraint("kind <> 'from_dealer' OR dealer_id IS NOT NULL", name="needs_dealer"),
        CheckConstraint("kind <> 'on_supplier' OR supplier_id IS NOT NULL", name="needs_supplier"),
        CheckConstraint("(outcome = 'open') = (decided_on IS NULL)", name="decided_on"),
        CheckConstraint("decided_on >= claimed_on", name="decided_later"),
        CheckConstraint(
            "outcome <> 'rejected' OR coalesce(decision_reason, '') ~ '[^[:space:]]'", name="decision_reason"
        ),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("amount_passed >= 0", name="amount_passed"),
        not_blank("fault"),
        *list_indexes("warranty_claim", "claimed_on", "outcome", "kind"),
        Index("ix_warranty_claim_claimed_on", "claimed_on", "id"),
        Index("ix_warranty_claim_claimed_on_open", "claimed_on", postgresql_where=text("outcome = 'open'")),
        Index("ix_warranty_claim_decided_on", "decided_on", "kind"),
        Index("ix_warranty_claim_dealer_id_claimed_on", "dealer_id", "claimed_on"),
        Index("ix_warranty_claim_supplier_id_claimed_on", "supplier_id", "claimed_on"),
        Index("ix_warranty_claim_part_id_claimed_on", "part_id", "claimed_on"),
    )

    number: Mapped[str] = number_column("SP")
    kind: Mapped[ClaimKind] = mapped_column(
        enum_type(ClaimKind), default=ClaimKind.FROM_DEALER, server_default=ClaimKind.FROM_DEALER.value
    )
    claimed_on: Mapped[date]
    dealer_id: Mapped[int | None] = mapped_column(ForeignKey("dealer.id"))
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"))
    service_receipt_id: Mapped[int | None] = mapped_column(ForeignKey("service_receipt.id"), index=True)
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"), index=True)
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"))
    production_batch: Mapped[str | None] = mapped_column(String(60), index=True)
    quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    fault: Mapped[str]
    # Both in the site's currency; None where nothing but the part is claimed.
    amount: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    amount_passed: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    outcome: Mapped[ClaimOutcome] = mapped_column(
        enum_type(ClaimOutcome), default=ClaimOutcome.OPEN, server_default=ClaimOutcome.OPEN.value
    )
    decided_on: Mapped[date | None]
    decision_reason: Mapped[str | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a claim by its number."""
        return cls.__table__.c.number
