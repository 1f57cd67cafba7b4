"""The seven steps of a complaint on its page and in its archive: how far it is, who took which when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
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
    """One of the seven steps: `who` did what it asks for and `at` what time, None where nobody knows.

    Of a proposal that was approved, `who` names both who made it and who approved it.
    """

    step: Step
    is_reached: bool
    is_now: bool
    who: str | None
    at: datetime | None


def stages_of(row: Complaint) -> list[Stage]:
    """Return the seven steps; two queries."""
    found = select(StepTaken).where(StepTaken.complaint_id == row.id).order_by(StepTaken.id)
    taken = [each for each in db.session.scalars(found) if each.move in _DONE_BY]
    reached = {_DONE_BY[each.move]: each for each in taken}
    proposed = next((each for each in reversed(taken) if each.move == Move.PROPOSE), None)
    names = labels_for(Staff, {each.created_by_id for each in taken if each.created_by_id})

    def name_of(each: StepTaken | None) -> str | None:
        label = names.get(each.created_by_id) if each is not None and each.created_by_id else None
        return label.text if label else None

    def who_did(each: StepTaken | None) -> str | None:
        if each is None or each.move != Move.APPROVE or not (proposer := name_of(proposed)):
            return name_of(each)
        return str(_("%(one)s, approved by %(other)s", one=proposer, other=name_of(each)))

    order = list(Step)
    at_now = order.index(row.step)
    stages = []
    for place, step in enumerate(order):
        done = reached.get(step) if place <= at_now else None
        at = done.taken_at if done is not None else _stamp(row, step) if place <= at_now else None
        stages.append(Stage(step, place <= at_now, place == at_now, who_did(done), at))
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
