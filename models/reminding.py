"""Reminders and escalation: what is due and nobody was told of yet, each told once.

Asked is always "due, and not told yet", never "due today": whatever was missed while the panel stood still is
made up for. A conditional UPDATE decides between clocks; the functions flush and never commit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, extract, select, update
from sqlalchemy.orm import InstrumentedAttribute

from models.approval import Deciders
from models.base import Labelled, db
from models.centre import centre_facts
from models.complaint import Complaint
from models.customer import Customer
from models.deadline import Deadline
from models.deadline_rule import DeadlineKind, all_rules, rule_on
from models.due_complaints import is_urgent
from models.office_calendar import working_calendar
from models.proposal import Proposal, ProposalState
from models.told_people import People, read_people

# So many are noted at once.
TOLD_MOST = 500
# Before it is due one is reminded within the last quarter of the time, and never more than a day ahead.
NOTICE_PART, NOTICE_MOST = 4, timedelta(days=1)


class Stage(StrEnum):
    """Why somebody is told."""

    BEFORE = "before"
    LATE = "late"
    ESCALATED = "escalated"


_NOTED_IN: dict[Stage, InstrumentedAttribute[datetime | None]] = {
    Stage.BEFORE: Deadline.reminded_before_at,
    Stage.LATE: Deadline.reminded_late_at,
    Stage.ESCALATED: Deadline.escalated_at,
}


@dataclass(frozen=True, slots=True)
class Reminder:
    """What people are told of: by its number alone, since mails leave the house."""

    stage: Stage
    kind: Labelled
    due_at: datetime
    # The record on whose page it is done.
    table: str
    row_id: int
    number: str
    is_urgent: bool


class Deciding(NamedTuple):
    """Who proposed, and who decides about it."""

    proposer_id: int | None
    who: set[int]


def tell_of_deadlines(at: datetime) -> dict[int, list[Reminder]]:
    """Note what has to be told at `at`, and return it by the person who is told; flushes.

    The responsible person is told, or today's substitute; of decisions those who decide, of a satisfaction
    to ask not the handler; of what stays late the supervisors and who stands above the handler. However much
    there is, all of it is told at once, so that each person gets one mail.
    """
    claimed = [(stage, key) for stage in Stage for key in _claim_all(stage, at)]
    if not claimed:
        return {}
    rows = {row.id: row for row in db.session.execute(_told({key for _stage, key in claimed}))}
    people = read_people()
    deciding = _who_decides([row for row in rows.values() if row.kind is DeadlineKind.DECISION])
    found: dict[int, list[Reminder]] = {}
    for stage, key in claimed:
        if key not in rows:
            # Deleted this moment: nobody has to do anything any more.
            continue
        row = rows[key]
        reminder = Reminder(
            stage,
            row.kind,
            row.due_at,
            Complaint.__tablename__,
            row.complaint_id,
            row.number,
            is_urgent=row.is_urgent,
        )
        for person in _recipients(stage, row, people, deciding):
            found.setdefault(person, []).append(reminder)
    return found


def _claim_all(stage: Stage, at: datetime) -> Iterator[int]:
    """Note a stage of all that is there to tell of, in portions."""
    while keys := _claim(stage, at):
        yield from keys
        if len(keys) < TOLD_MOST:
            return


def _claim(stage: Stage, at: datetime) -> Sequence[int]:
    """Note that a stage is told of, and return of which deadlines; of two clocks one gets each."""
    keys = _late_for_long(at) if stage is Stage.ESCALATED else _held(stage, _is_due(stage, at))
    if not keys:
        return []
    noted_in = _NOTED_IN[stage]
    return db.session.scalars(
        update(Deadline)
        .where(Deadline.id.in_(keys), noted_in.is_(None), Deadline.settled_at.is_(None))
        .values({noted_in: at})
        .returning(Deadline.id)
        .execution_options(synchronize_session=False)
    ).all()


def _is_due(stage: Stage, at: datetime) -> ColumnElement[bool]:
    if stage is Stage.LATE:
        return Deadline.due_at < at
    left = extract("epoch", Deadline.due_at - at) * NOTICE_PART
    soon = left <= extract("epoch", Deadline.due_at - Deadline.started_at)
    return and_(Deadline.due_at >= at, Deadline.due_at <= at + NOTICE_MOST, soon)


def _held(stage: Stage, condition: ColumnElement[bool]) -> list[int]:
    """Return some deadlines that run and of which the stage was not told, held until the transaction ends."""
    found = _untold(stage, condition).limit(TOLD_MOST).with_for_update(of=Deadline, skip_locked=True)
    return [row.id for row in db.session.execute(found)]


def _untold(stage: Stage, condition: ColumnElement[bool]) -> Any:
    """Return the deadlines that run and of which the stage was not told, the longest late first."""
    return (
        select(Deadline.id, Deadline.due_at)
        .join(Complaint, Complaint.id == Deadline.complaint_id)
        .where(
            Deadline.settled_at.is_(None),
            Deadline.paused_at.is_(None),
            _NOTED_IN[stage].is_(None),
            condition,
        )
        .order_by(Deadline.due_at, Deadline.id)
    )


def _late_for_long(at: datetime) -> list[int]:
    """Return what has been late for as long as the rule of escalation says; urgent ones as soon as late."""
    stage = Stage.ESCALATED
    urgent = _held(stage, and_(Deadline.due_at < at, is_urgent()))
    # All of them: one that is not ready for long, by an earlier rule, hides none behind it.
    waiting = db.session.execute(_untold(stage, and_(Deadline.due_at < at, ~is_urgent()))).all()
    if not waiting:
        return urgent
    rules, calendar = all_rules(), working_calendar()

    def told_after(due_at: datetime) -> datetime:
        rule = rule_on(rules, DeadlineKind.ESCALATED, calendar.day_of(due_at))
        return rule.due_after(due_at, calendar)

    ready = [row.id for row in waiting if told_after(row.due_at) < at]
    return urgent + (_held(stage, Deadline.id.in_(ready[:TOLD_MOST])) if ready else [])


def _told(keys: set[int]) -> Any:
    return (
        select(
            Deadline.id,
            Deadline.kind,
            Deadline.due_at,
            Deadline.complaint_id,
            Complaint.number,
            Complaint.region_id,
            Complaint.responsible_id,
            is_urgent().label("is_urgent"),
            Customer.responsible_id.label("agent_id"),
        )
        .select_from(Deadline)
        .join(Complaint, Complaint.id == Deadline.complaint_id)
        .outerjoin(Customer, Customer.id == Complaint.customer_id)
        .where(Deadline.id.in_(keys))
    )


def _who_decides(rows: Sequence[Any]) -> Mapping[int, Deciding]:
    """Return by complaint who decides about the proposal that waits; few queries, however many."""
    if not rows:
        return {}
    keys = [row.complaint_id for row in rows]
    waiting = select(Proposal).where(Proposal.complaint_id.in_(keys), Proposal.state == ProposalState.WAITING)
    complaints = {
        each.id: each for each in db.session.scalars(select(Complaint).where(Complaint.id.in_(keys)))
    }
    deciders = Deciders(list(complaints.values()))
    return {
        each.complaint_id: Deciding(each.created_by_id, deciders.who(complaints[each.complaint_id], each))
        for each in db.session.scalars(waiting)
        if each.complaint_id in complaints
    }


def _recipients(stage: Stage, row: Any, people: People, deciding: Mapping[int, Deciding]) -> set[int]:
    """Return who is told; never nobody, while the centre has anybody above."""
    supervisors = people.supervisors_of(row.region_id)
    if stage is Stage.ESCALATED:
        return supervisors | people.above(row.responsible_id)
    if row.kind is DeadlineKind.DECISION:
        # Of those who may, the nearest to the region.
        proposer_id, who = deciding.get(row.complaint_id, Deciding(None, set()))
        found = people.present((supervisors & who) or who) or supervisors
        return (found - {proposer_id}) or found
    handler = row.responsible_id
    if row.kind is DeadlineKind.CONFIRMED and centre_facts().is_confirmed_by_other:
        handler = row.agent_id if row.agent_id != handler else None
    own = people.standing_in(handler)
    return {own} if own is not None else supervisors
