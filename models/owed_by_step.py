"""What a complaint owes by the step at which it stands, where no step of the procedure said so: imports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import and_, or_, select, update

from models.base import db
from models.complaint import Complaint, Step
from models.deadline import Deadline, start_deadlines
from models.deadline_rule import DeadlineKind
from models.office_calendar import working_calendar

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


def owe_by_step(
    new: Collection[Complaint],
    moved: Collection[Complaint],
    at: datetime,
    history_until: date | None = None,
) -> None:
    """Let complaints owe what their steps ask for, and note at `at` that they owe nothing else; flushes.

    The time runs from when each was registered, so what is old is late at once. What was registered up to
    the day `history_until` is history and owes nothing; nor does what moved and came in as that before. The
    time of a step that somebody takes here runs as ever. A handful of statements, however many complaints.
    """
    if not new and not moved:
        return
    db.session.flush()
    _settle_others([*new, *moved], at)
    day_of = working_calendar().day_of
    start_deadlines(
        (each.id, kind, each.carried_out_at or each.registered_at)
        for each in (*new, *_not_history(moved))
        if history_until is None or day_of(each.registered_at) > history_until
        for kind in OWED[each.step]
    )


def _not_history(moved: Collection[Complaint]) -> list[Complaint]:
    """Return the complaints that owed something before: a newer file makes no work of what is history."""
    keys = [each.id for each in moved]
    found = select(Deadline.complaint_id).where(Deadline.complaint_id.in_(keys)).distinct()
    owing = set(db.session.scalars(found)) if keys else set()
    return [each for each in moved if each.id in owing]


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
