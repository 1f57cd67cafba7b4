"""What people did on a day and what is open with them, counted for any number of people at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, func, select

from models.base import db, now
from models.call_record import CallRecord, CallResult
from models.centre import site_zone
from models.complaint import Complaint, Step
from models.deadline import Deadline
from models.department_task import DepartmentTask, TaskState
from models.service_receipt import ServiceReceipt
from models.step_taken import Move, StepTaken

# Each figure by the name under which a closed day keeps it, in the order in which people read them.
FIGURES: dict[str, LazyString] = {
    "calls": _("Calls"),
    "reached": _("Of these, reached"),
    "receipts": _("Receipts entered"),
    "registered": _("Complaints registered"),
    "steps": _("Steps of complaints taken"),
    "open": _("Complaints open"),
    "late": _("Of these, late"),
    "tasks": _("Tasks open"),
    "kept": _("Promises kept that day"),
    "promises": _("Promises due or late"),
}


def figures_of(staff_ids: Collection[int], day: date) -> dict[int, dict[str, int]]:
    """Return the figures of a day by person; what is open or late is so at this moment. Eight queries."""
    figures = {key: dict.fromkeys(FIGURES, 0) for key in staff_ids}
    for names, statement in _counts(sorted(staff_ids), day):
        for staff_id, *numbers in db.session.execute(statement):
            figures[staff_id].update(zip(names, numbers, strict=True))
    return figures


def _counts(people: list[int], day: date) -> list[tuple[tuple[str, ...], Any]]:
    """Return the statements that count by person, with the figures that each of them gives."""
    return [*done(people, day, day), *_open(people, day)]


def done(people: list[int], first: date, last: date) -> list[tuple[tuple[str, ...], Any]]:
    """Return the statements that count what people did from the first to the last of some days."""
    begins, ends = _instant(first), _instant(last + timedelta(days=1))

    def within(column: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = (column >= begins) & (column < ends)
        return found

    call, receipt, step, number = CallRecord, ServiceReceipt, StepTaken, func.count()
    is_registered = step.move == Move.REGISTER
    return [
        (
            ("calls", "reached"),
            select(call.responsible_id, number, number.filter(call.result == CallResult.REACHED))
            .where(within(call.called_at), call.responsible_id.in_(people))
            .group_by(call.responsible_id),
        ),
        (
            ("receipts",),
            select(receipt.created_by_id, number)
            .where(within(receipt.created_at), receipt.created_by_id.in_(people))
            .group_by(receipt.created_by_id),
        ),
        (
            ("registered", "steps"),
            select(step.created_by_id, number.filter(is_registered), number.filter(~is_registered))
            .where(within(step.taken_at), step.created_by_id.in_(people))
            .group_by(step.created_by_id),
        ),
        (
            ("kept",),
            select(call.responsible_id, number)
            .where(call.promise_kept_on.between(first, last), call.responsible_id.in_(people))
            .group_by(call.responsible_id),
        ),
    ]


def _open(people: list[int], day: date) -> list[tuple[tuple[str, ...], Any]]:
    call, task, number = CallRecord, DepartmentTask, func.count()
    is_open = (Complaint.step != Step.CONFIRMED) & Complaint.responsible_id.in_(people)
    is_late = Deadline.settled_at.is_(None) & Deadline.paused_at.is_(None) & (Deadline.due_at < now())
    return [
        (
            ("open",),
            select(Complaint.responsible_id, number).where(is_open).group_by(Complaint.responsible_id),
        ),
        (
            ("late",),
            select(Complaint.responsible_id, func.count(Complaint.id.distinct()))
            .join(Deadline, Deadline.complaint_id == Complaint.id)
            .where(is_open, is_late)
            .group_by(Complaint.responsible_id),
        ),
        (
            ("tasks",),
            select(task.responsible_id, number)
            .where(task.state == TaskState.OPEN, task.responsible_id.in_(people))
            .group_by(task.responsible_id),
        ),
        (
            ("promises",),
            select(call.responsible_id, number)
            .where(
                call.promised_until <= day, call.promise_kept_on.is_(None), call.responsible_id.in_(people)
            )
            .group_by(call.responsible_id),
        ),
    ]


def _instant(day: date) -> datetime:
    """Return the instant at which a day begins for the centre's people."""
    return datetime.combine(day, time.min, site_zone()).astimezone(UTC)
