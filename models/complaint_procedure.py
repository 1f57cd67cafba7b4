"""Taking the steps of the procedure of complaints; models.complaint_transitions is the table of them.

A conditional UPDATE decides between two people, and nothing happens before it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update

from models.actor import Actor, current_actor
from models.agreement import check_agreement, keep_agreement
from models.approval import right_to_decide
from models.attached_file import CheckedFile
from models.base import db, now
from models.centre import centre_facts
from models.complaint import Complaint, Step
from models.complaint_tasks import assign_tasks, open_tasks
from models.complaint_transitions import TRANSITIONS, Transition
from models.deadline import pause, resume, settle_deadline, start_deadlines
from models.deadline_rule import DeadlineKind
from models.own_rights import allows_on
from models.proposal import OPEN_STATES, DecidedAs, Proposal
from models.refused_step import RefusedStepError
from models.step_answers import check_answers
from models.step_taken import Move, StepTaken

_REOPENING = frozenset({Move.REJECT, Move.REOPEN})
_DECIDING = frozenset({Move.APPROVE, Move.REFUSE})
_OF_CONFIRMATION = frozenset({Move.CONFIRM, Move.REJECT})
# What an answer on the spot does in one go.
_ON_THE_SPOT = (
    (Move.VERIFY, Step.REGISTERED, Step.VERIFIED),
    (Move.ANALYSE, Step.VERIFIED, Step.ANALYSED),
    (Move.ANSWER_ON_THE_SPOT, Step.ANALYSED, Step.CARRIED_OUT),
)
_FROM_THE_START = (DeadlineKind.FIRST_ANSWER, DeadlineKind.SOLVED)
# Of what is given with a step, what its record repeats: the first that is there.
_REMARKS = ("remark", "decision_reason", "reply", "spot_answer", "confirmation")
_NOTHING: tuple[Any, ...] = (None, "", [], False)
_MOVED_ON = _("Somebody else has gone on with this complaint meanwhile. Look at where it stands now.")


def open_proposal(complaint: Complaint) -> Proposal | None:
    """Return the proposal that waits for a decision or for the customer; None where there is none."""
    found = select(Proposal).where(Proposal.complaint_id == complaint.id, Proposal.state.in_(OPEN_STATES))
    return db.session.scalars(found.execution_options(populate_existing=True)).one_or_none()


def possible(complaint: Complaint, proposal: Proposal | None, actor: Actor | None) -> list[Transition]:
    """Return the steps that `actor` may take now, the way on first."""
    state = None if proposal is None else proposal.state
    ways = [
        each
        for each in TRANSITIONS.values()
        if complaint.step in each.sources
        and each.proposal == state
        and allows_on(actor, complaint, each.right)
        and why_not(each, complaint, proposal, actor) is None
    ]
    if complaint.step is Step.ANALYSED and complaint.analysed_at is None:
        # Opened again: what is behind it comes before what is offered.
        ways.sort(key=lambda each: each.move is not Move.ANALYSE)
    return ways


def may_decide(complaint: Complaint, actor: Actor | None) -> bool:
    """Tell whether a proposal waits that `actor` may decide about, by whatever right."""
    proposal = open_proposal(complaint)
    approve = TRANSITIONS[Move.APPROVE]
    if actor is None or proposal is None or proposal.state != approve.proposal:
        return False
    return allows_on(actor, complaint, approve.right) and why_not(approve, complaint, proposal, actor) is None


def why_not(
    transition: Transition, complaint: Complaint, proposal: Proposal | None, actor: Actor | None
) -> RefusedStepError | None:
    """Return what stands against this person's taking the step; None where nothing does."""
    assert actor is not None
    try:
        if transition.move in _DECIDING:
            assert proposal is not None
            right_to_decide(actor, complaint, proposal)
        if transition.move in _OF_CONFIRMATION:
            _check_confirmer(actor, complaint)
        if transition.move is Move.WITHDRAW:
            _check_proposer(actor, proposal)
        if transition.move is Move.TELL:
            _check_untold(proposal)
    except RefusedStepError as refused:
        return refused
    return None


def _check_confirmer(actor: Actor, complaint: Complaint) -> None:
    if centre_facts().is_confirmed_by_other and actor.staff_id == complaint.responsible_id:
        raise RefusedStepError(
            _("Who handled the complaint does not ask whether the customer is satisfied. A colleague does.")
        )


def _check_proposer(actor: Actor, proposal: Proposal | None) -> None:
    assert proposal is not None
    if proposal.created_by_id is not None and proposal.created_by_id not in actor.queue_ids:
        raise RefusedStepError(_("Only who proposed it withdraws a proposal. Send it back instead."))


def _check_untold(proposal: Proposal | None) -> None:
    assert proposal is not None
    if proposal.told_at is not None:
        raise RefusedStepError(_("The customer was told already. What does the customer say?"))


def take(
    complaint: Complaint,
    move: Move,
    given: Mapping[str, Any],
    *,
    seen_version: int,
    papers: Sequence[CheckedFile] = (),
) -> StepTaken:
    """Take a step as who acts now, with what was `given` by column, and return the record of it; flushes.

    `seen_version` is the version of the complaint that the person saw, `papers` the signed agreement.

    Raises:
        RefusedStepError: when the step can't be taken; nothing is changed then.
    """
    transition, actor = TRANSITIONS[move], current_actor()
    assert actor is not None
    proposal = open_proposal(complaint)
    _check(transition, complaint, proposal, actor, given)
    if move is Move.AGREE and proposal is not None:
        check_agreement(proposal, given, papers)
    at, before = now(), complaint.step
    values = dict(given) if transition.asked_of is Complaint else {}
    _advance(complaint, transition, seen_version, values | _stamps(transition, complaint, at))
    if transition.asked_of is Proposal or transition.becomes is not None:
        _change_proposal(complaint, proposal, transition, given, at)
    keep_time(complaint, transition, at)
    remark = remark_of(given)
    if move is Move.ANSWER_ON_THE_SPOT:
        return [_record(complaint, *each, at=at, remark=remark) for each in _ON_THE_SPOT][-1]
    taken = _record(complaint, move, before, transition.target, at=at, remark=remark)
    if move is Move.AGREE and proposal is not None:
        if papers:
            keep_agreement(complaint, proposal, papers)
        assign_tasks(complaint, proposal, at)
    return taken


def remark_of(given: Mapping[str, Any]) -> str | None:
    """Return what the record of a step repeats of what was given with it; None where nothing was said."""
    return next((given[name] for name in _REMARKS if given.get(name)), None)


def register(complaint: Complaint) -> StepTaken:
    """Record that a complaint was registered, and by whom, and let its time run; flushes."""
    start_deadlines((complaint.id, kind, complaint.registered_at) for kind in _FROM_THE_START)
    return _record(complaint, Move.REGISTER, None, complaint.step, at=complaint.registered_at)


def _check(
    transition: Transition,
    complaint: Complaint,
    proposal: Proposal | None,
    actor: Actor,
    given: Mapping[str, Any],
) -> None:
    """Raise RefusedStepError where the step is not one of this moment, this person, or lacks something."""
    state = None if proposal is None else proposal.state
    if complaint.step not in transition.sources or transition.proposal != state:
        raise RefusedStepError(_MOVED_ON)
    if not allows_on(actor, complaint, transition.right):
        raise RefusedStepError(_("You may not take this step."))
    refused = why_not(transition, complaint, proposal, actor)
    if refused is not None:
        raise refused
    for name in transition.asks:
        if name in transition.needs and given.get(name) in _NOTHING:
            raise RefusedStepError(_("Fill this in."), name)
    check_answers(transition.move, given)
    if transition.move is Move.CARRY_OUT and open_tasks(complaint):
        raise RefusedStepError(_("Tasks are still open. Report them done, or cancel them, first."))


def _advance(
    complaint: Complaint, transition: Transition, seen_version: int, values: Mapping[str, Any]
) -> None:
    """Move the complaint on, if it still is as the person saw it: of two who try one finds no row."""
    moved = db.session.execute(
        update(Complaint)
        .where(
            Complaint.id == complaint.id,
            Complaint.step == complaint.step,
            Complaint.version == seen_version,
        )
        .values(step=transition.target, version=Complaint.version + 1, updated_at=now(), **values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result counts rows
        raise RefusedStepError(_MOVED_ON)
    db.session.refresh(complaint)


def _stamps(transition: Transition, complaint: Complaint, at: datetime) -> dict[str, Any]:
    """Return what the panel itself sets on the complaint with a step."""
    stamps: dict[str, Any] = {transition.stamps: at} if transition.stamps else {}
    if transition.move in _REOPENING:
        # The analysis was not the whole truth: it is asked for anew.
        stamps |= {
            "times_reopened": complaint.times_reopened + 1,
            "analysed_at": None,
            "carried_out_at": None,
        }
    if transition.move is Move.REOPEN:
        stamps["confirmed_at"] = None
    if transition.move is Move.ANSWER_ON_THE_SPOT:
        stamps |= {"verified_at": at, "analysed_at": at, "is_confirmed_with_customer": True}
    return stamps


def _change_proposal(
    complaint: Complaint,
    proposal: Proposal | None,
    transition: Transition,
    given: Mapping[str, Any],
    at: datetime,
) -> None:
    """Make the proposal, or bring the open one on."""
    actor = current_actor()
    assert actor is not None
    if proposal is None:
        made = Proposal(complaint_id=complaint.id, **given)
        made.region_id, made.responsible_id = complaint.region_id, complaint.responsible_id
        made.department_id = complaint.department_id
        db.session.add(made)
        db.session.flush()
        return
    values = dict(given) if transition.asked_of is Proposal else {}
    if transition.becomes is not None:
        values["state"] = transition.becomes
    if transition.move in _DECIDING:
        decided_as: DecidedAs = right_to_decide(actor, complaint, proposal)
        values |= {"decided_at": at, "decided_by_id": actor.staff_id, "decided_as": decided_as}
    if transition.move is Move.TELL:
        values["told_at"] = at
    if transition.move in (Move.AGREE, Move.DECLINE):
        values |= {"replied_at": at, "told_at": proposal.told_at or at}
    for name, value in values.items():
        setattr(proposal, name, value)
    db.session.flush()


def keep_time(complaint: Complaint, transition: Transition, at: datetime) -> None:
    """Settle what the step did, start what it makes due, and let the clocks stand while one waits."""
    for kind in transition.settles:
        settle_deadline(complaint, kind, at)
    start_deadlines((complaint.id, kind, at) for kind in transition.starts)
    if transition.waits:
        pause(complaint, at)
    else:
        resume(complaint, at)


def _record(
    complaint: Complaint,
    move: Move,
    before: Step | None,
    after: Step,
    *,
    at: datetime,
    remark: str | None = None,
) -> StepTaken:
    taken = StepTaken(
        complaint_id=complaint.id, move=move, from_step=before, to_step=after, taken_at=at, remark=remark
    )
    taken.region_id, taken.responsible_id = complaint.region_id, complaint.responsible_id
    taken.department_id = complaint.department_id
    db.session.add(taken)
    db.session.flush()
    return taken
