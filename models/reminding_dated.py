"""Reminders of what has a day: tasks added by hand, measures, days not closed, summaries owed; each once.

The tasks of an agreed solution are due with the complaint's own deadline, of which people are told already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, select

from models.base import Base, Record, db
from models.centre import site_zone
from models.complaint import Complaint
from models.daily_close import last_working_day, owing_on
from models.deadline_rule import DeadlineKind, all_rules, rule_on
from models.department_task import DepartmentTask, TaskState
from models.due_complaints import is_urgent
from models.due_kinds import DueKind
from models.due_source import start_of_day
from models.measure import Measure, MeasureState
from models.office_calendar import working_calendar
from models.organisation import Staff
from models.reminding import Reminder, Stage
from models.summary import asked_for, owing
from models.summary_period import SummaryPeriod
from models.told_once import ToldOf, ToldOnce, claim
from models.told_people import People, read_people


@dataclass(frozen=True, slots=True)
class _Dated:
    """Records that are due on their `due_on`: which of them are owed, and as what each stage is noted."""

    model: type[Record]
    kind: DueKind
    noted_as: Mapping[Stage, ToldOf]
    is_owed: Sequence[ColumnElement[bool]]
    is_urgent: ColumnElement[bool]
    # A row whose other record is deleted is told of no more.
    joins: Sequence[tuple[type[Base], ColumnElement[bool]]] = ()


_DATED = (
    _Dated(
        DepartmentTask,
        DueKind.DEPARTMENT_TASK,
        {
            Stage.BEFORE: ToldOf.TASK_BEFORE,
            Stage.LATE: ToldOf.TASK_LATE,
            Stage.ESCALATED: ToldOf.TASK_ESCALATED,
        },
        (DepartmentTask.state == TaskState.OPEN, DepartmentTask.remedy.is_(None)),
        is_urgent(),
        ((Complaint, Complaint.id == DepartmentTask.complaint_id),),
    ),
    _Dated(
        Measure,
        DueKind.MEASURE,
        {
            Stage.BEFORE: ToldOf.MEASURE_BEFORE,
            Stage.LATE: ToldOf.MEASURE_LATE,
            Stage.ESCALATED: ToldOf.MEASURE_ESCALATED,
        },
        (Measure.state == MeasureState.DECIDED,),
        false(),
    ),
)


def tell_of_dated(at: datetime) -> dict[int, list[Reminder]]:
    """Note which tasks and measures have to be told of at `at`, and return them by who is told; flushes.

    The responsible person, or today's substitute, is told on the day before and once it is late; supervisors
    of what stays late, of urgent complaints at once. One that is put off is told of anew.
    """
    day = at.astimezone(site_zone()).date()
    found = [
        (dated, stage, row) for dated in _DATED for stage in Stage for row in _claimed(dated, stage, day, at)
    ]
    if not found:
        return {}
    people, told = read_people(), dict[int, list[Reminder]]()
    for dated, stage, row in found:
        reminder = Reminder(
            stage,
            dated.kind,
            end_of(row.due_on),
            dated.model.__tablename__,
            row.id,
            row.number,
            is_urgent=bool(row.is_urgent),
        )
        for person in _recipients(stage, row, people):
            told.setdefault(person, []).append(reminder)
    return told


def end_of(day: date) -> datetime:
    """Return the last second of a day, in which a task of that day is still in time."""
    return start_of_day(day + timedelta(days=1), site_zone()) - timedelta(seconds=1)


def _claimed(dated: _Dated, stage: Stage, day: date, at: datetime) -> list[Any]:
    """Note what of a stage has to be told, and return it."""
    rows = db.session.execute(_untold(dated, stage, day)).all()
    if stage is Stage.ESCALATED and rows:
        rules, calendar = all_rules(), working_calendar()

        def told_after(row: Any) -> datetime:
            due_at = end_of(row.due_on)
            return rule_on(rules, DeadlineKind.ESCALATED, calendar.day_of(due_at)).due_after(due_at, calendar)

        rows = [row for row in rows if row.is_urgent or told_after(row) < at]
    own = claim(dated.noted_as[stage], [(row.id, row.due_on) for row in rows], at)
    return [row for row in rows if row.id in own]


def _untold(dated: _Dated, stage: Stage, day: date) -> Any:
    """Return what is owed and of which the stage was not told."""
    model: Any = dated.model
    before = (model.due_on >= day) & (model.due_on <= day + timedelta(days=1))
    told = exists().where(
        ToldOnce.told_of == dated.noted_as[stage],
        ToldOnce.row_id == model.id,
        ToldOnce.day == model.due_on,
    )
    statement = select(
        model.id,
        model.number,
        model.due_on,
        model.responsible_id,
        model.region_id,
        dated.is_urgent.label("is_urgent"),
    ).select_from(model)
    for joined, condition in dated.joins:
        statement = statement.join(joined, condition)
    return statement.where(
        *dated.is_owed, before if stage is Stage.BEFORE else model.due_on < day, ~told
    ).order_by(model.due_on, model.id)


def _recipients(stage: Stage, row: Any, people: People) -> set[int]:
    supervisors = people.supervisors_of(row.region_id)
    if stage is Stage.ESCALATED:
        return supervisors | people.above(row.responsible_id)
    own = people.standing_in(row.responsible_id)
    return {own} if own is not None else supervisors


def _has_opened(at: datetime) -> bool:
    """Tell whether the office has opened on the day of `at`, a day on which it works."""
    day = at.astimezone(site_zone()).date()
    hours = working_calendar().hours_on(day)
    return bool(hours) and at >= start_of_day(day, site_zone()) + timedelta(minutes=hours[0][0])


def tell_of_open_day(at: datetime) -> tuple[date, Collection[Staff]] | None:
    """Note that a day is told of, and return it with who has not closed it; None where nobody is to be told.

    Told once, when the office opens on the next day on which it works: who closes later is asked no more.
    """
    if not _has_opened(at):
        return None
    day = last_working_day(at.astimezone(site_zone()).date())
    known = exists().where(ToldOnce.told_of == ToldOf.DAY_OPEN, ToldOnce.row_id == 0, ToldOnce.day == day)
    if db.session.scalar(select(known)) or not claim(ToldOf.DAY_OPEN, [(0, day)], at):
        return None
    working = select(Staff).where(Staff.active, func.cardinality(Staff.role_names) > 0)
    return day, owing_on(day, list(db.session.scalars(working.order_by(Staff.id))))


def tell_of_open_summaries(at: datetime) -> dict[Staff, list[SummaryPeriod]]:
    """Note which months and years are told of, and return them by who has not handed in; each once.

    On the second working day after the period; where the panel was down then, up to a few days later.
    """
    told: dict[Staff, list[SummaryPeriod]] = {}
    for period in asked_for(at) if _has_opened(at) else ():
        told_of = ToldOf.MONTH_OPEN if period.is_month else ToldOf.YEAR_OPEN
        noted = ToldOnce.told_of == told_of, ToldOnce.row_id == 0, ToldOnce.day == period.first_on
        if db.session.scalar(select(exists().where(*noted))) or not claim(
            told_of, [(0, period.first_on)], at
        ):
            continue
        for person in owing(period):
            told.setdefault(person, []).append(period)
    return told
