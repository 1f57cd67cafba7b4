"""Reminders of tasks that somebody added by hand, and of days that were not closed: each told once.

The tasks of an agreed solution are due with the complaint's own deadline, of which people are told already.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select

from models.base import db
from models.centre import site_zone
from models.complaint import Complaint
from models.daily_close import last_working_day, owing_on
from models.deadline_rule import DeadlineKind, all_rules, rule_on
from models.department_task import DepartmentTask, TaskState
from models.due_complaints import is_urgent
from models.due_kinds import DueKind
from models.due_source import start_of_day
from models.office_calendar import working_calendar
from models.organisation import Staff
from models.reminding import Reminder, Stage
from models.told_once import ToldOf, ToldOnce, claim
from models.told_people import People, read_people

_NOTED_AS = {
    Stage.BEFORE: ToldOf.TASK_BEFORE,
    Stage.LATE: ToldOf.TASK_LATE,
    Stage.ESCALATED: ToldOf.TASK_ESCALATED,
}


def tell_of_tasks(at: datetime) -> dict[int, list[Reminder]]:
    """Note which tasks have to be told of at `at`, and return them by the person who is told; flushes.

    The responsible person, or today's substitute, is told on the day before and once it is late; supervisors
    of what stays late, of urgent complaints at once. One that is put off is told of anew.
    """
    day = at.astimezone(site_zone()).date()
    found = [(stage, row) for stage in Stage for row in _claimed(stage, day, at)]
    if not found:
        return {}
    people, told = read_people(), dict[int, list[Reminder]]()
    for stage, row in found:
        reminder = Reminder(
            stage,
            DueKind.DEPARTMENT_TASK,
            end_of(row.due_on),
            row.complaint_id,
            row.number,
            is_urgent=bool(row.is_urgent),
            task_id=row.id,
        )
        for person in _recipients(stage, row, people):
            told.setdefault(person, []).append(reminder)
    return told


def end_of(day: date) -> datetime:
    """Return the last second of a day, in which a task of that day is still in time."""
    return start_of_day(day + timedelta(days=1), site_zone()) - timedelta(seconds=1)


def _claimed(stage: Stage, day: date, at: datetime) -> list[Any]:
    """Note what of a stage has to be told, and return it."""
    rows = db.session.execute(_untold(stage, day)).all()
    if stage is Stage.ESCALATED and rows:
        rules, calendar = all_rules(), working_calendar()

        def told_after(row: Any) -> datetime:
            due_at = end_of(row.due_on)
            return rule_on(rules, DeadlineKind.ESCALATED, calendar.day_of(due_at)).due_after(due_at, calendar)

        rows = [row for row in rows if row.is_urgent or told_after(row) < at]
    own = claim(_NOTED_AS[stage], [(row.id, row.due_on) for row in rows], at)
    return [row for row in rows if row.id in own]


def _untold(stage: Stage, day: date) -> Any:
    """Return the open tasks that were added by hand and of which the stage was not told."""
    before = (DepartmentTask.due_on >= day) & (DepartmentTask.due_on <= day + timedelta(days=1))
    told = exists().where(
        ToldOnce.told_of == _NOTED_AS[stage],
        ToldOnce.row_id == DepartmentTask.id,
        ToldOnce.day == DepartmentTask.due_on,
    )
    return (
        select(
            DepartmentTask.id,
            DepartmentTask.number,
            DepartmentTask.due_on,
            DepartmentTask.complaint_id,
            DepartmentTask.responsible_id,
            DepartmentTask.region_id,
            is_urgent().label("is_urgent"),
        )
        .select_from(DepartmentTask)
        .join(Complaint, Complaint.id == DepartmentTask.complaint_id)
        .where(
            DepartmentTask.state == TaskState.OPEN,
            DepartmentTask.remedy.is_(None),
            before if stage is Stage.BEFORE else DepartmentTask.due_on < day,
            ~told,
        )
        .order_by(DepartmentTask.due_on, DepartmentTask.id)
    )


def _recipients(stage: Stage, row: Any, people: People) -> set[int]:
    supervisors = people.supervisors_of(row.region_id)
    if stage is Stage.ESCALATED:
        return supervisors | people.above(row.responsible_id)
    own = people.standing_in(row.responsible_id)
    return {own} if own is not None else supervisors


def tell_of_open_day(at: datetime) -> tuple[date, Collection[Staff]] | None:
    """Note that a day is told of, and return it with who has not closed it; None where nobody is to be told.

    Told once, when the office opens on the next day on which it works: who closes later is asked no more.
    """
    calendar = working_calendar()
    today = at.astimezone(site_zone()).date()
    hours = calendar.hours_on(today)
    if not hours or at < start_of_day(today, site_zone()) + timedelta(minutes=hours[0][0]):
        return None
    day = last_working_day(today)
    known = exists().where(ToldOnce.told_of == ToldOf.DAY_OPEN, ToldOnce.row_id == 0, ToldOnce.day == day)
    if db.session.scalar(select(known)) or not claim(ToldOf.DAY_OPEN, [(0, day)], at):
        return None
    working = select(Staff).where(Staff.active, func.cardinality(Staff.role_names) > 0)
    return day, owing_on(day, list(db.session.scalars(working.order_by(Staff.id))))
