"""What a complaint owes by the step at which it stands, where no step of the procedure said so: imports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import and_, or_, update

from models.base import db
from models.complaint import Complaint, Step
from models.deadline import Deadline, start_deadlines
from models.deadline_rule import DeadlineKind

OWED: Mapping[Step, frozenset[DeadlineKind]] = {
    Step.REGISTERED: frozenset({DeadlineKind.FIRST_ANSWER, DeadlineKind.SOLVED}),
    Step.VERIFIED: frozenset({DeadlineKind.SOLVED}),
    Step.ANALYSED: frozenset({DeadlineKind.SOLVED}),
    # Elsewhere something was offered: what and when, only its own papers know.
    Step.PROPOSED: frozenset({DeadlineKind.SOLVED}),
    Step.AGREED: frozenset({DeadlineKind.CARRIED_OUT}),
    Step.CARRIED_OUT: frozenset({DeadlineKind.CONFIRMED}),
    Step.CONFIRMED: frozenset(),
}


def owe_by_step(complaints: Collection[Complaint], at: datetime) -> None:
    """Let complaints owe what their steps ask for, and note at `at` that they owe nothing else; flushes.

    The time runs from when each was registered, so what is old is late at once. A handful of statements,
    however many complaints.
    """
    if not complaints:
        return
    db.session.flush()
    _settle_others(complaints, at)
    start_deadlines(
        (each.id, kind, each.carried_out_at or each.registered_at)
        for each in complaints
        for kind in OWED[each.step]
    )


def _settle_others(complaints: Collection[Complaint], at: datetime) -> None:
    """Settle what is open and not owed any more."""
    keys: dict[Step, list[int]] = {}
    for each in complaints:
        keys.setdefault(each.step, []).append(each.id)
    past = [
        and_(Deadline.complaint_id.in_(of_step), Deadline.kind.not_in(OWED[step]))
        for step, of_step in keys.items()
    ]
    db.session.execute(
        update(Deadline)
        .where(or_(*past), Deadline.settled_at.is_(None))
        .values(settled_at=at, paused_at=None, resumes_at=None)
        .execution_options(synchronize_session=False)
    )
