"""Random people take random steps with a complaint: each is refused whole, or does what the table says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from test_complaint_procedure import GIVEN, Office, office

from models import Complaint, DepartmentTask, Proposal, StepTaken, db
from models.complaint import Step
from models.complaint_procedure import open_proposal, take
from models.complaint_transitions import TRANSITIONS
from models.deadline import open_deadlines
from models.department_task import TaskState
from models.proposal import OPEN_STATES
from models.refused_step import RefusedStepError
from models.step_taken import Move

__all__ = ["office"]

PEOPLE = ("handler", "colleague", "supervisor")
# Who tries which step, how far behind the version is that was seen, and whether something is missing.
# A number stands for one of the steps that lead on from here: else few examples would come far.
TRIES = st.tuples(
    st.sampled_from(PEOPLE),
    st.one_of(st.integers(0, 20), st.integers(0, 20), st.sampled_from(list(TRANSITIONS))),
    st.sampled_from([0, 0, 0, 0, 1]),
    st.sampled_from([False, False, False, True]),
)

Try = tuple[str, Move | int, int, bool]


def state_of(complaint_id: int) -> dict[str, Any]:
    """Return all that a refused step must leave as it was."""
    row = db.session.get_one(Complaint, complaint_id, populate_existing=True)
    columns = {column.key: getattr(row, column.key) for column in Complaint.__mapper__.column_attrs}
    mine = Proposal.complaint_id == complaint_id
    proposals = select(Proposal.id, Proposal.state, Proposal.version).where(mine).order_by(Proposal.id)
    steps = select(func.count(StepTaken.id)).where(StepTaken.complaint_id == complaint_id)
    return {
        "columns": columns,
        "proposals": [tuple(each) for each in db.session.execute(proposals)],
        "steps": db.session.scalar(steps),
        "deadlines": [(each.kind, each.due_at, each.paused_at) for each in open_deadlines(row)],
    }


def chosen(complaint_id: int, wanted: Move | int) -> Move:
    """Return the step that is meant."""
    if isinstance(wanted, Move):
        return wanted
    row = db.session.get_one(Complaint, complaint_id, populate_existing=True)
    proposal = open_proposal(row)
    state = proposal.state if proposal else None
    ways = [m for m, way in TRANSITIONS.items() if row.step in way.sources and way.proposal == state]
    return ways[wanted % len(ways)]


def attempt(office: Office, complaint_id: int, tried: Try) -> Move | None:
    """Try a step; return it where it was taken, and hold a refused one to changing nothing."""
    who, wanted, behind, is_lacking = tried
    move = chosen(complaint_id, wanted)
    if move is Move.CARRY_OUT:
        finish_tasks(complaint_id)
    office.complaint_id = complaint_id
    before = state_of(complaint_id)
    given_now = dict(GIVEN[move])
    if is_lacking and TRANSITIONS[move].needs:
        given_now[min(TRANSITIONS[move].needs)] = None
    try:
        with office.acting(getattr(office, who)) as complaint:
            take(complaint, move, given_now, seen_version=complaint.version - behind)
        db.session.commit()
    except RefusedStepError:
        db.session.rollback()
        assert state_of(complaint_id) == before
        return None
    assert not behind
    assert not (is_lacking and TRANSITIONS[move].needs)
    after = state_of(complaint_id)
    assert before["columns"]["step"] in TRANSITIONS[move].sources
    assert after["columns"]["step"] is TRANSITIONS[move].target
    assert after["columns"]["version"] == before["columns"]["version"] + 1
    assert after["steps"] == before["steps"] + (3 if move is Move.ANSWER_ON_THE_SPOT else 1)
    return move


def check_laws(complaint_id: int, taken: list[Move]) -> None:
    """Hold what must be true of a complaint whatever was done with it."""
    row = db.session.get_one(Complaint, complaint_id, populate_existing=True)
    proposals = db.session.scalars(select(Proposal).where(Proposal.complaint_id == complaint_id)).all()
    assert sum(each.state in OPEN_STATES for each in proposals) <= 1
    assert all(each.decided_by_id != each.created_by_id for each in proposals)
    assert row.times_reopened == sum(move in (Move.REJECT, Move.REOPEN) for move in taken)
    assert (row.confirmed_at is not None) == (row.step is Step.CONFIRMED)
    kinds = {each.kind.value for each in open_deadlines(row)}
    assert ("confirmed" in kinds) == (row.step is Step.CARRIED_OUT)
    assert ("carried_out" in kinds) == (row.step is Step.AGREED)
    assert not (kinds and row.step is Step.CONFIRMED)
    waiting = [each for each in proposals if each.state == "waiting"]
    assert ("decision" in kinds) == bool(waiting)


def finish_tasks(complaint_id: int) -> None:
    open_tasks = select(DepartmentTask).where(
        DepartmentTask.complaint_id == complaint_id, DepartmentTask.state == TaskState.OPEN
    )
    for task in db.session.scalars(open_tasks):
        task.report, task.state = "已完成", TaskState.DONE
    db.session.commit()


def run(office: Office, tries: list[Try]) -> list[Move]:
    """Try one after another with a new complaint; return the steps that were taken."""
    complaint_id = office.make.complaint(responsible_id=office.handler.id).id
    taken: list[Move] = []
    for tried in tries:
        move = attempt(office, complaint_id, tried)
        taken += [move] if move is not None else []
        check_laws(complaint_id, taken)
    return taken


QUIET = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "derandomize": True,
}


@settings(max_examples=8, **QUIET)
@given(tries=st.lists(TRIES, min_size=5, max_size=14))
def test_whatever_is_tried_is_refused_whole_or_done_whole(office: Office, tries: list[Try]) -> None:
    taken = run(office, tries)
    recorded = select(StepTaken.move).where(StepTaken.complaint_id == office.complaint_id)
    leapt = (Move.VERIFY, Move.ANALYSE, Move.ANSWER_ON_THE_SPOT)
    told = [each for move in taken for each in (leapt if move is Move.ANSWER_ON_THE_SPOT else (move,))]
    assert list(db.session.scalars(recorded.order_by(StepTaken.id))) == told


@pytest.mark.faults
def test_long_sequences_come_through_every_step(office: Office) -> None:
    seen: set[Move] = set()

    @settings(max_examples=300, **QUIET)
    @given(tries=st.lists(TRIES, min_size=20, max_size=60))
    def try_many(tries: list[Try]) -> None:
        seen.update(run(office, tries))

    try_many()
    assert seen == set(TRANSITIONS)
