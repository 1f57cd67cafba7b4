"""Who decides about a proposal: never who made it, and more than the rules allow only somebody higher."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, any_, literal, or_, select
from sqlalchemy.orm import aliased

from models.actor import Actor, acting_as, system_actor
from models.base import db
from models.compensation_rule import Bounds, bounds_of
from models.complaint import Complaint
from models.organisation import Position, Role, Staff
from models.permissions import letters
from models.proposal import DecidedAs, Proposal
from models.refused_step import RefusedStepError

_DECIDING = [role for role in Role if "a" in letters(role, "complaint") and role is not Role.ADMINISTRATOR]


def right_to_decide(actor: Actor, complaint: Complaint, proposal: Proposal) -> DecidedAs:
    """Return by what right `actor` decides about the proposal.

    Whoever may approve complaints decides within the compensation rules; beyond them holders of the position
    that the rule names, and of those above it. Where nobody but who proposed may decide, holders of the
    position next above do that are there, else administrators.

    Raises:
        RefusedStepError: when `actor` may not; it says who may.
    """
    if proposal.created_by_id is not None and actor.staff_id == proposal.created_by_id:
        raise RefusedStepError(_("Nobody decides about a proposal of his or her own. Somebody else must."))
    bounds = bounds_of(complaint)
    is_beyond = bool(bounds.exceeded_by(proposal.remedies, proposal.value))
    roles = {role.value for role in _DECIDING}
    if not is_beyond and actor.roles & roles:
        return DecidedAs.APPROVER
    if actor.staff_id in _higher(bounds, proposal, is_beyond=is_beyond):
        return DecidedAs.HIGHER_POSITION
    if Role.ADMINISTRATOR.value in actor.roles:
        return DecidedAs.ADMINISTRATOR
    if is_beyond and actor.roles & roles:
        raise RefusedStepError(
            _("This goes beyond the compensation rules. Let somebody decide who may give more.")
        )
    raise RefusedStepError(_("You may not decide about this proposal. A supervisor does."))


def _higher(bounds: Bounds, proposal: Proposal, *, is_beyond: bool) -> set[int]:
    """Return the people whose position lets them decide where an approver's role does not do."""
    # The panel looks itself: they may sit in another region.
    with acting_as(system_actor("approval")):
        if is_beyond:
            return _holders(_above(bounds.position_id)) if bounds.position_id is not None else set()
        if _has_other_approver(proposal.created_by_id):
            return set()
        proposer = db.session.get(Staff, proposal.created_by_id) if proposal.created_by_id else None
        return _nearest_above(proposer) if proposer is not None else set()


def _is_other(staff_id: int | None) -> ColumnElement[bool]:
    return Staff.active & (Staff.id != (staff_id or 0))


def _has_other_approver(proposer_id: int | None) -> bool:
    may_approve = or_(*(any_(Staff.role_names) == role.value for role in _DECIDING))
    found = select(Staff.id).where(_is_other(proposer_id), may_approve).limit(1)
    return db.session.scalar(found) is not None


def _above(position_id: int) -> list[int]:
    """Return a position and all above it, the nearest first."""
    parent = aliased(Position)
    own = select(Position.id, Position.parent_id, literal(0).label("distance"))
    tree = own.where(Position.id == position_id).cte("positions_above", recursive=True)
    tree = tree.union_all(
        select(parent.id, parent.parent_id, tree.c.distance + 1)
        .join(tree, parent.id == tree.c.parent_id)
        # A circle of positions must not turn for ever.
        .where(tree.c.distance < 20)
    )
    return list(db.session.scalars(select(tree.c.id).order_by(tree.c.distance)))


def _holders(position_ids: list[int]) -> set[int]:
    found = select(Staff.id).where(Staff.active, Staff.position_id.in_(position_ids))
    return set(db.session.scalars(found))


def _nearest_above(proposer: Staff) -> set[int]:
    """Return who holds the first position above the proposer's that anybody holds."""
    if proposer.position_id is None:
        return set()
    above = _above(proposer.position_id)[1:]
    held = db.session.execute(
        select(Staff.position_id, Staff.id).where(_is_other(proposer.id), Staff.position_id.in_(above))
    ).all()
    nearest = next((key for key in above if any(at == key for at, _staff in held)), None)
    return {staff for at, staff in held if at == nearest}
