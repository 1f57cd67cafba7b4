"""What was done with a complaint, step by step: who took which step, when, and from where to where."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Record, enum_type, list_indexes, now, number_column
from models.complaint import Step


class Move(Labelled):
    """A step that somebody takes with a complaint; models.complaint_procedure says which one leads where."""

    REGISTER = "register", _("Registered")
    VERIFY = "verify", _("Verified with the customer")
    ANSWER_ON_THE_SPOT = "answer_on_the_spot", _("Answered on the spot")
    ANALYSE = "analyse", _("Analysed")
    PROPOSE = "propose", _("Solution proposed")
    WITHDRAW = "withdraw", _("Proposal withdrawn")
    APPROVE = "approve", _("Proposal approved")
    REFUSE = "refuse", _("Proposal sent back")
    TELL = "tell", _("Customer told")
    AGREE = "agree", _("Customer agreed")
    DECLINE = "decline", _("Customer did not agree")
    CARRY_OUT = "carry_out", _("Carried out")
    CONFIRM = "confirm", _("Customer satisfied, closed")
    REJECT = "reject", _("Customer not satisfied, reopened")
    REOPEN = "reopen", _("Reopened")


class StepTaken(Record):
    """One step: the record's creator took it, the person responsible answered for the complaint then."""

    __tablename__ = "step_taken"
    searched: ClassVar[tuple[str, ...]] = ("number", "complaint_id", "remark")
    __table_args__ = (
        *list_indexes("step_taken", "taken_at", "to_step"),
        Index("ix_step_taken_taken_at", "taken_at", "id"),
        Index("ix_step_taken_complaint_id_taken_at", "complaint_id", "taken_at"),
        Index("ix_step_taken_move_taken_at", "move", "taken_at"),
    )

    is_log: ClassVar[bool] = True

    number: Mapped[str] = number_column("BZ")
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"))
    move: Mapped[Move] = mapped_column(enum_type(Move))
    # None: the complaint began with it.
    from_step: Mapped[Step | None] = mapped_column(enum_type(Step, "from_step"))
    to_step: Mapped[Step] = mapped_column(enum_type(Step, "to_step"))
    taken_at: Mapped[datetime] = mapped_column(default=now)
    # The reason that was given, or what the customer said; None where the step says it all.
    remark: Mapped[str | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a step by its number."""
        return cls.__table__.c.number
