"""What complaints owe to somebody, as their deadlines say; a clock that stands still owes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func
from sqlalchemy.orm import aliased

from models.centre import centre_facts
from models.complaint import Complaint, Severity, Step
from models.customer import Customer
from models.deadline import Deadline
from models.deadline_rule import DeadlineKind
from models.department_task import DepartmentTask, TaskState
from models.digest import Delivery
from models.due_source import Source, Window, day_of, keys_of, of_customer
from models.notice import Notice, is_undelivered
from models.proposal import Proposal, ProposalState

# Of all that was answered, the end, where the latest stands: so many characters.
ANSWER_MOST = 200
# While one of these runs, it says what to do next; the time for the solution runs on behind it.
_NEXT = (DeadlineKind.FIRST_ANSWER, DeadlineKind.DECISION, DeadlineKind.TELL_CUSTOMER)


def first_answer(window: Window, zone: ZoneInfo) -> Source:
    """Return the complaints whose customers wait for a first answer."""
    return _source(DeadlineKind.FIRST_ANSWER, window, zone)


def solved(window: Window, zone: ZoneInfo) -> Source:
    """Return the complaints for which a solution has to be found."""
    other = aliased(Deadline)
    has_other = exists().where(
        other.complaint_id == Complaint.id, other.settled_at.is_(None), other.kind.in_(_NEXT)
    )
    return _source(DeadlineKind.SOLVED, window, zone, [~has_other])


def decision(window: Window, zone: ZoneInfo) -> Source:
    """Return the complaints whose proposal waits for a decision: open to all but who proposed."""
    source = _source(DeadlineKind.DECISION, window, zone)
    waiting = (Proposal.complaint_id == Complaint.id) & (Proposal.state == ProposalState.WAITING)
    return replace(
        source,
        keys={**source.keys, "responsible_id": None},
        joins=[*source.joins, (Proposal, waiting)],
        about=Proposal.details,
        never_by=Proposal.created_by_id,
    )


def tell_customer(window: Window, zone: ZoneInfo) -> Source:
    """Return the complaints of which the customer has to hear what was decided."""
    return _source(DeadlineKind.TELL_CUSTOMER, window, zone)


def department_task(_window: Window, _zone: ZoneInfo) -> Source:
    """Return what departments were asked to do and have not reported done."""
    return Source(
        DepartmentTask,
        DepartmentTask.due_on,
        [DepartmentTask.state == TaskState.OPEN],
        {"responsible_id": DepartmentTask.responsible_id},
        [(Complaint, Complaint.id == DepartmentTask.complaint_id)],
        Complaint.phone,
        who=Complaint.customer_name,
        about=DepartmentTask.what,
        is_urgent=is_urgent(),
        department_id=DepartmentTask.department_id,
    )


def notice(_window: Window, zone: ZoneInfo) -> Source:
    """Return the notices whose mail could not be delivered, of complaints that go on and not answered."""
    return Source(
        Notice,
        day_of(Notice.told_at, zone),
        [*is_undelivered(), Complaint.step != Step.CONFIRMED],
        {"responsible_id": Notice.responsible_id},
        [(Delivery, Delivery.id == Notice.delivery_id), (Complaint, Complaint.id == Notice.complaint_id)],
        None,
        who=Complaint.customer_name,
        about=func.concat_ws(" ", Notice.name, Notice.email),
        is_urgent=is_urgent(),
    )


def answer(window: Window, zone: ZoneInfo) -> Source:
    """Return the answers of departments that nobody here has read yet, on the day on which they came."""
    return Source(
        Notice,
        day_of(Notice.answered_at, zone),
        [and_(Notice.has_new_answer), *window.contains_instant(Notice.answered_at, zone, timedelta(0))],
        {"responsible_id": Notice.responsible_id},
        [(Complaint, Complaint.id == Notice.complaint_id)],
        None,
        who=Complaint.customer_name,
        # Who said it, and when, stands before each of them.
        about=func.right(Notice.answer, ANSWER_MOST),
        is_urgent=is_urgent(),
    )


def carried_out(window: Window, zone: ZoneInfo) -> Source:
    """Return the complaints whose solution has to be carried out; open tasks are lines of their own."""
    open_task = exists().where(
        DepartmentTask.complaint_id == Complaint.id,
        DepartmentTask.state == TaskState.OPEN,
        DepartmentTask.deleted_at.is_(None),
    )
    return _source(DeadlineKind.CARRIED_OUT, window, zone, [~open_task])


def confirmed(window: Window, zone: ZoneInfo) -> Source:
    """Return the complaints whose customers are to be asked whether they are satisfied.

    Where somebody other than the handler has to ask, it is the customer's own agent, or anybody else.
    """
    source = _source(DeadlineKind.CONFIRMED, window, zone)
    if not centre_facts().is_confirmed_by_other:
        return source
    agent = func.nullif(Customer.responsible_id, Complaint.responsible_id)
    return replace(source, keys={**source.keys, "responsible_id": agent}, never_by=Complaint.responsible_id)


def is_urgent() -> ColumnElement[bool]:
    """Return the condition of complaints that come first, and are escalated as soon as they are late."""
    return Complaint.is_safety_relevant | (Complaint.severity == Severity.SEVERE)


def _source(
    kind: DeadlineKind, window: Window, zone: ZoneInfo, conditions: Sequence[ColumnElement[bool]] = ()
) -> Source:
    """Return the complaints with an open deadline of a kind; what was imported without one owes nothing."""
    due_at: Any = Deadline.due_at
    return Source(
        Complaint,
        day_of(due_at, zone),
        [
            Deadline.kind == kind,
            Deadline.settled_at.is_(None),
            Deadline.paused_at.is_(None),
            *window.contains_instant(due_at, zone, timedelta(0)),
            *conditions,
        ],
        keys_of(Complaint, dealer_id=Complaint.dealer_id),
        [(Deadline, Deadline.complaint_id == Complaint.id), of_customer(Complaint)],
        func.coalesce(Complaint.phone, Customer.phone),
        due_at=due_at,
        who=Complaint.customer_name,
        about=Complaint.description,
        is_urgent=is_urgent(),
    )
