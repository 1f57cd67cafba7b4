"""The proposals that wait for a decision: those that somebody may decide, and those that need another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select

from models.actor import Actor
from models.approval import Deciders
from models.base import db
from models.compensation_rule import Bounds
from models.complaint import Complaint
from models.deadline import Deadline
from models.deadline_rule import DeadlineKind
from models.own_rights import allows_on
from models.proposal import Proposal, ProposalState
from models.refused_step import RefusedStepError

# Who has more than these waiting decides the first of them first.
QUEUE_MOST = 200
EARLIER_MOST = 6


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal that waits; `due_at` is None where no deadline runs, `who` decides it for the reader."""

    proposal: Proposal
    complaint: Complaint
    due_at: datetime | None
    bounds: Bounds
    who: frozenset[int] = frozenset()

    @property
    def beyond(self) -> list[str]:
        """Return what of it goes beyond the compensation rules, in sentences."""
        return self.bounds.exceeded_by(self.proposal.remedies, self.proposal.value)


@dataclass(frozen=True, slots=True)
class DecisionQueue:
    """What waits, the oldest deadline first: for the reader, and for others."""

    own: list[Waiting]
    others: list[Waiting]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A complaint from before, with what was given to the customer for it."""

    complaint: Complaint
    given: list[Proposal]


def waiting_proposals() -> Select[Proposal]:
    """Return the statement that finds the proposals that wait for a decision."""
    found: Select[Proposal] = select(Proposal).join(Complaint, Complaint.id == Proposal.complaint_id)
    return found.where(Proposal.state == ProposalState.WAITING)


def decision_queue(actor: Actor) -> DecisionQueue:
    """Return what waits for a decision; as many queries for one as for all."""
    due = and_(
        Deadline.complaint_id == Complaint.id,
        Deadline.kind == DeadlineKind.DECISION,
        Deadline.settled_at.is_(None),
    )
    rows = db.session.execute(
        waiting_proposals()
        .outerjoin(Deadline, due)
        .add_columns(Complaint, Deadline.due_at)
        .order_by(Deadline.due_at.nulls_last(), Proposal.created_at, Proposal.id)
        .limit(QUEUE_MOST)
    ).all()
    rows = [row for row in rows if allows_on(actor, row[1], "read")]
    queue = DecisionQueue([], [])
    if not rows:
        return queue
    deciders = Deciders([complaint for _proposal, complaint, _due_at in rows])
    for proposal, complaint, due_at in rows:
        bounds = deciders.bounds[complaint.id]
        try:
            deciders.right(actor, complaint, proposal)
        except RefusedStepError:
            who = frozenset(deciders.who(complaint, proposal))
            queue.others.append(Waiting(proposal, complaint, due_at, bounds, who))
        else:
            queue.own.append(Waiting(proposal, complaint, due_at, bounds))
    return queue


def earlier_complaints(complaint: Complaint) -> list[Earlier]:
    """Return the newest other complaints of the same customer or vehicle; two queries."""
    same = [
        column == key
        for column, key in (
            (Complaint.customer_id, complaint.customer_id),
            (Complaint.vehicle_id, complaint.vehicle_id),
        )
        if key is not None
    ]
    if not same:
        return []
    newest = select(Complaint).where(or_(*same), Complaint.id != complaint.id)
    found = list(
        db.session.scalars(
            newest.order_by(Complaint.registered_at.desc(), Complaint.id.desc()).limit(EARLIER_MOST)
        )
    )
    given = _given([each.id for each in found])
    return [Earlier(each, given.get(each.id, [])) for each in found]


def _given(complaint_ids: Sequence[int]) -> dict[int, list[Proposal]]:
    """Return by complaint what was agreed with the customers."""
    if not complaint_ids:
        return {}
    agreed = select(Proposal).where(
        Proposal.complaint_id.in_(complaint_ids), Proposal.state == ProposalState.AGREED
    )
    given: dict[int, list[Proposal]] = {}
    for proposal in db.session.scalars(agreed.order_by(Proposal.id)):
        given.setdefault(proposal.complaint_id, []).append(proposal)
    return given
