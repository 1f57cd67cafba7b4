"""Who decides about a proposal: never who made it, and more than the rules allow only somebody higher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from models.actor import Actor, acting_as, system_actor
from models.base import db
from models.compensation_rule import bounds_of_each
from models.complaint import Complaint
from models.organisation import Position, Role, Staff
from models.permissions import letters
from models.proposal import DecidedAs, Proposal
from models.refused_step import RefusedStepError

_DECIDING = frozenset(
    role.value for role in Role if "a" in letters(role, "complaint") and role is not Role.ADMINISTRATOR
)


def right_to_decide(actor: Actor, complaint: Complaint, proposal: Proposal) -> DecidedAs:
    """Return by what right `actor` decides about the proposal.

    Raises:
        RefusedStepError: when `actor` may not; it says who may.
    """
    return Deciders([complaint]).right(actor, complaint, proposal)


class Deciders:
    """Who decides about proposals on these complaints; people and positions are asked for once for all.

    Whoever may approve complaints decides within the compensation rules; beyond them holders of the position
    that the rule names, and of those above it. Where nobody but who proposed may decide, holders of the
    position next above do that are there, else administrators.
    """

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        self.bounds = bounds_of_each(complaints)

    def right(self, actor: Actor, complaint: Complaint, proposal: Proposal) -> DecidedAs:
        """Return by what right `actor` decides about the proposal.

        Raises:
            RefusedStepError: when `actor` may not; it says who may.
        """
        if proposal.created_by_id is not None and actor.staff_id == proposal.created_by_id:
            raise RefusedStepError(
                _("Nobody decides about a proposal of his or her own. Somebody else must.")
            )
        is_beyond = self._is_beyond(complaint, proposal)
        if not is_beyond and actor.roles & _DECIDING:
            return DecidedAs.APPROVER
        if actor.staff_id in self._higher(complaint, proposal):
            return DecidedAs.HIGHER_POSITION
        if Role.ADMINISTRATOR.value in actor.roles:
            return DecidedAs.ADMINISTRATOR
        if is_beyond and actor.roles & _DECIDING:
            raise RefusedStepError(
                _("This goes beyond the compensation rules. Let somebody decide who may give more.")
            )
        raise RefusedStepError(_("You may not decide about this proposal. A supervisor does."))

    def who(self, complaint: Complaint, proposal: Proposal) -> set[int]:
        """Return who decides about the proposal: the nearest people, administrators only as the last."""
        if not self._is_beyond(complaint, proposal):
            approvers = self._others(proposal, _DECIDING)
            if approvers:
                return approvers
        higher = self._higher(complaint, proposal) - {proposal.created_by_id}
        return higher or self._others(proposal, {Role.ADMINISTRATOR.value})

    def is_by_position(self, complaint: Complaint, proposal: Proposal) -> bool:
        """Tell whether the position decides, and not the role: beyond the rules, or where nobody else may."""
        return self._is_beyond(complaint, proposal) or not self._others(proposal, _DECIDING)

    def _is_beyond(self, complaint: Complaint, proposal: Proposal) -> bool:
        return bool(self.bounds[complaint.id].exceeded_by(proposal.remedies, proposal.value))

    def _higher(self, complaint: Complaint, proposal: Proposal) -> set[int]:
        """Return the people whose position lets them decide where an approver's role does not do."""
        if self._is_beyond(complaint, proposal):
            position_id = self.bounds[complaint.id].position_id
            at = set(self._above(position_id))
            return {each.id for each in self._active if each.position_id in at}
        if self._others(proposal, _DECIDING):
            return set()
        return self._nearest_above(proposal)

    def _others(self, proposal: Proposal, roles: Iterable[str]) -> set[int]:
        """Return who holds one of these roles, but for who proposed."""
        wanted = frozenset(roles)
        found = {each.id for each in self._active if wanted.intersection(each.role_names)}
        return found - {proposal.created_by_id}

    def _nearest_above(self, proposal: Proposal) -> set[int]:
        """Return who holds the first position above the proposer's that anybody holds."""
        own = next((each.position_id for each in self._staff if each.id == proposal.created_by_id), None)
        for above in [*self._above(own)][1:]:
            held = {each.id for each in self._active if each.position_id == above} - {proposal.created_by_id}
            if held:
                return held
        return set()

    def _above(self, position_id: int | None) -> Iterator[int]:
        """Yield a position and all above it, the nearest first; a circle ends where it closes."""
        seen: set[int] = set()
        while position_id is not None and position_id in self._parents and position_id not in seen:
            seen.add(position_id)
            yield position_id
            position_id = self._parents[position_id]

    @cached_property
    def _staff(self) -> Sequence[Any]:
        """Return everybody, also who has left: somebody may have proposed something before."""
        # The panel looks itself: they may sit in another region.
        with acting_as(system_actor("approval")):
            return db.session.execute(
                select(Staff.id, Staff.active, Staff.role_names, Staff.position_id)
            ).all()

    @property
    def _active(self) -> list[Any]:
        return [each for each in self._staff if each.active]

    @cached_property
    def _parents(self) -> dict[int, int | None]:
        with acting_as(system_actor("approval")):
            found = db.session.execute(select(Position.id, Position.parent_id)).all()
        return {each.id: each.parent_id for each in found}
