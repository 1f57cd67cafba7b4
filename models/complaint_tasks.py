"""The tasks that an agreed solution brings: written to each department concerned, with a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select

from models.base import db
from models.centre import site_zone
from models.complaint import Complaint
from models.deadline import start_deadline
from models.deadline_rule import DeadlineKind
from models.department_task import DepartmentTask, TaskState
from models.organisation import Department
from models.proposal import Proposal, Remedy

# By the code of the department that carries it out; what is said only gives nobody a task.
CARRIED_OUT_BY: Mapping[Remedy, str] = {
    Remedy.REPAIR: "service",
    Remedy.REPLACEMENT: "warehouse",
    Remedy.RETURN: "warehouse",
    Remedy.REFUND: "service",
    Remedy.GOODS: "warehouse",
    Remedy.MONEY: "service",
    Remedy.GIFT: "marketing",
    Remedy.PROMOTION: "marketing",
    Remedy.SHOP_HELP: "sales",
}


def assign_tasks(complaint: Complaint, proposal: Proposal, at: datetime) -> list[DepartmentTask]:
    """Write a task for each remedy of the agreed proposal that somebody carries out; flushes.

    Where the centre has no such department, the complaint's own or else the first one gets it; a centre
    without departments has nobody to write to.
    """
    wanted = [remedy for remedy in CARRIED_OUT_BY if remedy.value in proposal.remedies]
    if not wanted:
        return []
    by_code = {row.code: row.id for row in db.session.scalars(select(Department).order_by(Department.id))}
    other = complaint.department_id or next(iter(by_code.values()), None)
    if other is None:
        return []
    due_at = start_deadline(complaint, DeadlineKind.CARRIED_OUT, at).due_at
    due_on = due_at.astimezone(site_zone()).date()
    tasks = []
    for remedy in wanted:
        task = DepartmentTask(complaint_id=complaint.id, remedy=remedy, due_on=due_on, state=TaskState.OPEN)
        task.what = _("%(remedy)s: %(details)s", remedy=remedy.label, details=proposal.details)
        task.department_id = by_code.get(CARRIED_OUT_BY[remedy], other)
        task.region_id, task.responsible_id = complaint.region_id, complaint.responsible_id
        tasks.append(task)
    db.session.add_all(tasks)
    db.session.flush()
    return tasks


def tasks_of(complaint: Complaint) -> list[DepartmentTask]:
    """Return the tasks of a complaint, the first due first."""
    found = select(DepartmentTask).where(DepartmentTask.complaint_id == complaint.id)
    return list(db.session.scalars(found.order_by(DepartmentTask.due_on, DepartmentTask.id)))


def open_tasks(complaint: Complaint) -> int:
    """Return how many tasks of the complaint are still to be done."""
    found = select(func.count(DepartmentTask.id)).where(
        DepartmentTask.complaint_id == complaint.id, DepartmentTask.state == TaskState.OPEN
    )
    return db.session.scalar(found) or 0
