"""The seven steps of a complaint on its page and in its archive: how far it is, who took which when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models import Complaint, Staff, StepTaken, db
from models.complaint import Step
from models.sql import labels_for
from models.step_taken import Move

# What each step asks for, the latest counts: telling the customer, or going back, is not of these.
_DONE_BY = {
    Move.REGISTER: Step.REGISTERED,
    Move.VERIFY: Step.VERIFIED,
    Move.ANALYSE: Step.ANALYSED,
    Move.PROPOSE: Step.PROPOSED,
    Move.APPROVE: Step.PROPOSED,
    Move.AGREE: Step.AGREED,
    Move.ANSWER_ON_THE_SPOT: Step.CARRIED_OUT,
    Move.CARRY_OUT: Step.CARRIED_OUT,
    Move.CONFIRM: Step.CONFIRMED,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the seven steps: `who` did what it asks for and `at` what time, None where nobody knows."""

    step: Step
    is_reached: bool
    is_now: bool
    who: str | None
    at: datetime | None


def stages_of(row: Complaint) -> list[Stage]:
    """Return the seven steps; two queries."""
    found = select(StepTaken).where(StepTaken.complaint_id == row.id).order_by(StepTaken.id)
    reached = {_DONE_BY[taken.move]: taken for taken in db.session.scalars(found) if taken.move in _DONE_BY}
    names = labels_for(Staff, {taken.created_by_id for taken in reached.values() if taken.created_by_id})
    order = list(Step)
    at_now = order.index(row.step)
    stages = []
    for place, step in enumerate(order):
        taken = reached.get(step) if place <= at_now else None
        who = names.get(taken.created_by_id) if taken is not None and taken.created_by_id else None
        at = taken.taken_at if taken is not None else _stamp(row, step) if place <= at_now else None
        stages.append(Stage(step, place <= at_now, place == at_now, who.text if who else None, at))
    return stages


def _stamp(row: Complaint, step: Step) -> datetime | None:
    """Return when a step was reached of which no record tells, as of complaints that were imported."""
    name = {
        Step.REGISTERED: "registered_at",
        Step.VERIFIED: "verified_at",
        Step.ANALYSED: "analysed_at",
        Step.CARRIED_OUT: "carried_out_at",
        Step.CONFIRMED: "confirmed_at",
    }.get(step)
    return getattr(row, name) if name is not None else None
