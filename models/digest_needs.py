"""What a department is asked to do: overdue work first, then what customers wait for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from models.base import db
from models.complaint import Complaint, Severity, Step, Subject
from models.dealer import Dealer
from models.department_task import DepartmentTask, TaskState
from models.digest_counts import Frame, is_grave, is_late
from models.masking import mask
from models.measure import Measure, MeasureState
from models.organisation import Department, Staff
from models.proposal import Proposal, ProposalState
from models.quotation import Heard, choose, sentences
from models.sql import labels_for

# What a reader takes in before putting the phone away: ten lines in all.
MOST_ITEMS = 10
MOST_MEASURES = 3
MOST_TASKS = 3
MOST_DECISIONS = 2
MOST_GRAVE = 3
MOST_LATE = 2
# Signs read of a complaint, and shown of a task.
LONGEST_READ = 1500
LONGEST_SHOWN = 60


def needs_payload(
    department: Department, frame: Frame, tree: Mapping[int, Subject], urgent: int, cut_on: date
) -> dict[str, Any]:
    """Return what `department` has to see to, most pressing first, with how many of each kind there are.

    `urgent` complaints of its subjects are open at the end of the week; work is late at the day `cut_on`.
    """
    measures, open_measures, late_measures = _measures(department, cut_on)
    tasks, open_tasks, late_tasks = _tasks(department, cut_on)
    decisions, waiting = _decisions(frame, tree, cut_on) if department.gets_all_subjects else ([], 0)
    items = [*measures, *tasks, *decisions, *_urgent(frame, tree)][:MOST_ITEMS]
    return {
        "total": open_measures + open_tasks + waiting + urgent,
        "measures_late": late_measures,
        "measures_open": open_measures,
        "tasks_late": late_tasks,
        "tasks_open": open_tasks,
        "decisions": waiting,
        "urgent": urgent,
        "items": items,
    }


def _measures(department: Department, cut_on: date) -> tuple[list[dict[str, Any]], int, int]:
    """Return the department's open measures, the longest late first, and how many are open, and late."""
    measure, number = Measure, func.count()
    owed = (measure.department_id == department.id, measure.state == MeasureState.DECIDED)
    open_measures, late = db.session.execute(
        select(number, number.filter(measure.due_on < cut_on)).select_from(measure).where(*owed)
    ).one()
    if not open_measures:
        return [], 0, 0
    found = db.session.scalars(
        select(measure).where(*owed).order_by(measure.due_on, measure.id).limit(MOST_MEASURES)
    ).all()
    rows = [
        {
            "kind": "measure",
            "measure_id": each.id,
            "number": each.number,
            "due_on": each.due_on.isoformat(),
            "days_late": max((cut_on - each.due_on).days, 0),
            "owner": each.owner_name,
            "text": shortened(mask(each.what)),
        }
        for each in found
    ]
    return rows, open_measures, late


def _tasks(department: Department, cut_on: date) -> tuple[list[dict[str, Any]], int, int]:
    """Return the department's tasks that were due first, and how many are open, and late."""
    task = DepartmentTask
    number = func.count()
    owed = (task.department_id == department.id, task.state == TaskState.OPEN)
    is_overdue = task.due_on < cut_on
    open_tasks, late = db.session.execute(
        select(number, number.filter(is_overdue)).select_from(task).where(*owed)
    ).one()
    if not open_tasks:
        return [], 0, 0
    found = db.session.execute(
        select(task.id, task.number, task.what, task.due_on, task.complaint_id, Staff.name)
        .select_from(task)
        .outerjoin(Staff, Staff.id == task.responsible_id)
        .where(*owed)
        .order_by(task.due_on, task.id)
        .limit(MOST_TASKS)
    ).all()
    rows = [
        {
            "kind": "task",
            "task_id": row.id,
            "number": row.number,
            "complaint_id": row.complaint_id,
            "due_on": row.due_on.isoformat(),
            "days_late": max((cut_on - row.due_on).days, 0),
            "owner": row.name,
            "text": shortened(mask(row.what)),
        }
        for row in found
    ]
    return rows, open_tasks, late


def _decisions(frame: Frame, tree: Mapping[int, Subject], cut_on: date) -> tuple[list[dict[str, Any]], int]:
    """Return the proposals that have waited longest for a decision, and how many wait."""
    proposal = Proposal
    waiting = proposal.state == ProposalState.WAITING
    total = db.session.scalar(select(func.count()).select_from(proposal).where(waiting)) or 0
    if not total:
        return [], 0
    found = db.session.execute(
        select(
            proposal.id,
            proposal.number,
            proposal.details,
            proposal.created_at,
            proposal.complaint_id,
            Complaint.subject_id,
        )
        .select_from(proposal)
        .join(Complaint, Complaint.id == proposal.complaint_id)
        .where(waiting)
        .order_by(proposal.created_at, proposal.id)
        .limit(MOST_DECISIONS)
    ).all()
    rows = [
        {
            "kind": "decision",
            "proposal_id": row.id,
            "number": row.number,
            "complaint_id": row.complaint_id,
            "subject": names_of(tree[row.subject_id]),
            "waiting_days": (cut_on - _day(row.created_at, frame)).days,
            "text": shortened(mask(row.details)),
        }
        for row in found
    ]
    return rows, total


def shortened(text: str) -> str:
    """Return a masked text at a length that fits a line or two of a phone."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def heard_columns() -> tuple[ColumnElement[Any], ...]:
    """Return what is read of a complaint to quote from it."""
    return (
        Complaint.id.expression,
        Complaint.number.expression,
        Complaint.subject_id.expression,
        Complaint.registered_at.expression,
        func.left(Complaint.description, LONGEST_READ).label("description"),
        Complaint.product.expression,
        Complaint.fault.expression,
        Complaint.dealer_id.expression,
        Complaint.customer_name.expression,
        is_grave().label("is_grave"),
    )


def heard(row: Any, frame: Frame) -> Heard:
    """Return a complaint that was read by these columns."""
    return Heard(
        complaint_id=row.id,
        number=row.number,
        on=_day(row.registered_at, frame),
        text=row.description or "",
        product=row.product,
        dealer_id=row.dealer_id,
        fault=row.fault,
        names=(row.customer_name,),
        is_grave=row.is_grave,
    )


def dealer_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of dealers by id."""
    return {key: label.text for key, label in labels_for(Dealer, {key for key in ids if key}).items()}


def names_of(named: Department | Subject) -> dict[str, str | None]:
    """Return a name in both languages, as a payload holds it."""
    return {"name": named.name, "name_en": named.name_en}


def _urgent(frame: Frame, tree: Mapping[int, Subject]) -> list[dict[str, Any]]:
    """Return the complaints that wait for somebody: grave ones latest first, then late ones longest first."""
    query = select(
        *heard_columns(),
        Complaint.step,
        Complaint.severity,
        Complaint.is_safety_relevant,
        Complaint.responsible_id,
        is_late(frame.ends_at).label("is_late"),
    ).where(Complaint.step != Step.CONFIRMED, Complaint.registered_at < frame.ends_at, frame.concerns())
    oldest = (Complaint.registered_at, Complaint.id)
    grave = db.session.execute(
        query.where(is_grave())
        .order_by(Complaint.is_safety_relevant.desc(), *(column.desc() for column in oldest))
        .limit(MOST_GRAVE)
    ).all()
    late = db.session.execute(
        query.where(is_late(frame.ends_at), ~is_grave()).order_by(*oldest).limit(MOST_LATE)
    ).all()
    rows = [*grave, *late]
    dealers = dealer_names(row.dealer_id for row in rows)
    owners = labels_for(Staff, {row.responsible_id for row in rows if row.responsible_id})
    return [
        {
            "kind": "complaint",
            "complaint_id": row.id,
            "number": row.number,
            "subject": names_of(tree[row.subject_id]),
            "on": _day(row.registered_at, frame).isoformat(),
            "waiting_days": (frame.ends_at - row.registered_at).days,
            "step": row.step.value,
            "is_severe": row.severity == Severity.SEVERE,
            "is_safety_relevant": row.is_safety_relevant,
            "is_late": row.is_late,
            "product": row.product,
            "dealer": dealers.get(row.dealer_id or 0),
            "owner": owners[row.responsible_id].text if row.responsible_id in owners else None,
            "text": _own_words(heard(row, frame), tree[row.subject_id].name),
        }
        for row in rows
    ]


def _day(instant: datetime, frame: Frame) -> date:
    return instant.astimezone(frame.zone).date()


def _own_words(said: Heard, topic: str) -> str | None:
    quotation = choose([said], topic)
    if quotation is not None:
        return quotation.text
    # Not fit to stand for a subject, but better than nothing where somebody has to act.
    return next((mask(sentence, said.names) for sentence in sentences(said.text)), None)
