"""What the centre offers a customer who complains: proposed by one person, decided by another."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Numeric, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Record, enum_type, list_indexes, not_blank, number_column
from models.complaint import VerifiedBy


class Remedy(Labelled):
    """By what a complaint is set right."""

    REPAIR = "repair", _("Repair")
    REPLACEMENT = "replacement", _("Replacement")
    RETURN = "return", _("Return of the goods")
    REFUND = "refund", _("Refund")
    GOODS = "goods", _("Compensation in goods")
    MONEY = "money", _("Compensation in money")
    GIFT = "gift", _("Gift")
    EXPLANATION = "explanation", _("Explanation")
    REFUSAL = "refusal", _("Refusal with a reason")
    # What a dealer may ask for.
    PROMOTION = "promotion", _("Help with promotion")
    SHOP_HELP = "shop_help", _("Help with the shop")


class ProposalState(Labelled):
    """How far a proposal has come."""

    WAITING = "waiting", _("Waiting for a decision")
    APPROVED = "approved", _("Approved, customer to be asked")
    REFUSED = "refused", _("Sent back")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    AGREED = "agreed", _("Agreed with the customer")
    DECLINED = "declined", _("Declined by the customer")


class DecidedAs(Labelled):
    """By what right somebody decided."""

    APPROVER = "approver", _("Approver")
    HIGHER_POSITION = "higher_position", _("Holder of the next higher position")
    ADMINISTRATOR = "administrator", _("Administrator")


# What is only said is agreed without a paper to sign.
SAID_ONLY = frozenset({Remedy.EXPLANATION.value, Remedy.REFUSAL.value})
OPEN_STATES = (ProposalState.WAITING, ProposalState.APPROVED)
_OPEN = "state IN ('waiting', 'approved')"
_UNDECIDED = "state IN ('waiting', 'withdrawn')"


def known_remedies(column: str) -> CheckConstraint:
    """Return a constraint that an array of a table holds remedies and nothing else."""
    values = ", ".join(f"'{remedy.value}'" for remedy in Remedy)
    return CheckConstraint(f"{column} <@ ARRAY[{values}]::varchar[]", name="remedies_known")


class Proposal(Record):
    """One proposal on a complaint; the record's creator proposed it, and never decides about it."""

    __tablename__ = "proposal"
    searched: ClassVar[tuple[str, ...]] = ("number", "complaint_id", "details")
    __table_args__ = (
        CheckConstraint("decided_by_id <> created_by_id", name="own_proposal"),
        CheckConstraint(f"({_UNDECIDED}) = (decided_at IS NULL)", name="undecided"),
        CheckConstraint(
            "state <> 'refused' OR coalesce(decision_reason, '') ~ '[^[:space:]]'", name="refusal_reason"
        ),
        CheckConstraint("cardinality(remedies) > 0", name="remedies_chosen"),
        known_remedies("remedies"),
        CheckConstraint("value >= 0", name="value"),
        not_blank("details"),
        Index("uq_proposal_open", "complaint_id", unique=True, postgresql_where=text(_OPEN)),
        Index("ix_proposal_complaint_id_created_at", "complaint_id", "created_at"),
        *list_indexes("proposal", "created_at", "state"),
        Index("ix_proposal_created_at", "created_at", "id"),
        Index("ix_proposal_waiting", "created_at", "id", postgresql_where=text("state = 'waiting'")),
    )

    number: Mapped[str] = number_column("FA")
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"))
    state: Mapped[ProposalState] = mapped_column(
        enum_type(ProposalState),
        default=ProposalState.WAITING,
        server_default=ProposalState.WAITING.value,
    )
    remedies: Mapped[list[str]] = mapped_column(ARRAY(String(40)), info={"values": Remedy})
    # What it is worth to the customer, goods and gifts included, in the site's currency.
    value: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    details: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    decided_as: Mapped[DecidedAs | None] = mapped_column(enum_type(DecidedAs))
    decision_reason: Mapped[str | None]
    told_at: Mapped[datetime | None]
    told_by: Mapped[VerifiedBy | None] = mapped_column(enum_type(VerifiedBy))
    replied_at: Mapped[datetime | None]
    reply: Mapped[str | None]
    # Why the signed agreement was not there when the customer agreed; None where it was, or none is needed.
    no_agreement_because: Mapped[str | None]

    @property
    def needs_agreement(self) -> bool:
        """Tell whether the customer signs that this settles it."""
        return not SAID_ONLY.issuperset(self.remedies)

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a proposal by its number."""
        return cls.__table__.c.number
