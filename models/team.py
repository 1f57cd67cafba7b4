"""A team: who belongs to it, and how much work lies with each; a few queries, however many people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, or_, select

from models.absence import Absence, is_today
from models.actor import Actor
from models.base import Record, db, now
from models.call_record import CallRecord
from models.centre import site_zone
from models.complaint import Complaint, Step
from models.customer import Customer
from models.department_task import DepartmentTask, TaskState
from models.due import DueKind, due_by_person
from models.organisation import Staff
from models.permissions import ACTIONS, letters
from models.sight import people_below, regions_under
from models.warranty_claim import ClaimOutcome, WarrantyClaim

PEOPLE_MOST = 300
# Days after today whose work counts as coming.
COMING_DAYS = 7
# Work that is a call to a customer, and lies with the customer's agent.
CALLS = frozenset(
    {
        DueKind.PROMISE,
        DueKind.FIRST_FOLLOW_UP,
        DueKind.SECOND_FOLLOW_UP,
        DueKind.MAINTENANCE,
        DueKind.WARRANTY_END,
    }
)
# Done by whoever has the position or the right, so that nobody can be given it.
OPEN_TO_ALL = frozenset({DueKind.DECISION, DueKind.CONFIRMED})


@dataclass(slots=True)
class Load:
    """How much lies with a person: open complaints by step, and what is late, due today and coming."""

    steps: dict[Step, int] = field(default_factory=dict)
    late: int = 0
    today: int = 0
    coming: int = 0
    # Due or late by kind, calls and tasks among them.
    kinds: dict[DueKind, int] = field(default_factory=dict)
    customers: int = 0

    @property
    def open(self) -> int:
        """Return how many complaints are open."""
        return sum(self.steps.values())

    @property
    def calls(self) -> int:
        """Return how many calls are due or late."""
        return sum(number for kind, number in self.kinds.items() if kind in CALLS)

    @property
    def tasks(self) -> int:
        """Return how many tasks of departments are due or late."""
        return self.kinds.get(DueKind.DEPARTMENT_TASK, 0)


@dataclass(frozen=True, slots=True)
class Presence:
    """Who of a team is absent today and until when, with the substitute; and for whom each stands in."""

    away: Mapping[int, Absence]
    standing_in: Mapping[int, list[int]]


def people_of_team(
    actor: Actor, *, is_own: bool, region_id: int | None = None, department_id: int | None = None
) -> list[Staff]:
    """Return the active people with a role whose work the reader leads, by name.

    `is_own` keeps to positions under the reader's own. Who does not see every region has nobody else.
    """
    found = select(Staff).where(Staff.active, func.cardinality(Staff.role_names) > 0)
    if actor.region_ids is not None:
        found = found.where(Staff.id.in_(sorted(actor.below_ids)))
    elif is_own:
        found = found.where(Staff.id.in_(sorted(people_below(actor))))
    if region_id is not None:
        found = found.where(Staff.region_id.in_(regions_under(region_id)))
    if department_id is not None:
        found = found.where(Staff.department_id == department_id)
    return list(db.session.scalars(found.order_by(Staff.sort_column(), Staff.id).limit(PEOPLE_MOST)))


# What it takes to do the work that hangs on a record of a type.
_TAKES: dict[type[Record], tuple[type[Record], str]] = {
    Complaint: (Complaint, "act"),
    DepartmentTask: (DepartmentTask, "edit"),
    CallRecord: (CallRecord, "edit"),
    WarrantyClaim: (WarrantyClaim, "edit"),
    Customer: (CallRecord, "create"),
}


def can_take(staff: Staff, models: Collection[type[Record]]) -> bool:
    """Tell whether a person's roles let him or her do work on records of all these types."""
    needed = (_TAKES[model] for model in models)
    return staff.active and all(
        any(
            ACTIONS[letter] == action for role in staff.roles for letter in letters(role, model.__tablename__)
        )
        for model, action in needed
    )


def loads_of(people: Collection[int]) -> dict[int | None, Load]:
    """Return by person how much lies with each of them, and under None with nobody; three queries."""
    loads: dict[int | None, Load] = {key: Load() for key in (*people, None)}
    owner, number = Complaint.responsible_id, func.count(Complaint.id)
    opened = select(owner, Complaint.step, number).select_from(Complaint)
    mine = or_(owner.in_(sorted(people)), owner.is_(None))
    for key, step, count in db.session.execute(
        opened.where(Complaint.step != Step.CONFIRMED, mine).group_by(owner, Complaint.step)
    ):
        loads[key].steps[step] = count
    day = now().astimezone(site_zone()).date()
    _add_due(loads, day)
    agent = Customer.responsible_id
    counted = select(agent, func.count(Customer.id)).select_from(Customer)
    for key, count in db.session.execute(counted.where(agent.in_(sorted(people))).group_by(agent)):
        loads[key].customers = count
    return loads


def _add_due(loads: Mapping[int | None, Load], day: date) -> None:
    people = [key for key in loads if key is not None]
    statement = due_by_person(people, day, day + timedelta(days=COMING_DAYS))
    for row in db.session.execute(statement) if statement is not None else ():
        load, kind = loads[row.responsible_id], DueKind[row.kind.upper()]
        if row.responsible_id is None and kind in OPEN_TO_ALL:
            continue
        load.late += row.late
        load.today += row.today
        load.coming += row.coming
        if row.late + row.today:
            load.kinds[kind] = row.late + row.today


def presence_of(people: Collection[int]) -> Presence:
    """Return who of these people is absent today, and for whom they stand in; one query."""
    found = select(Absence).where(
        is_today(), or_(Absence.staff_id.in_(people), Absence.substitute_id.in_(people))
    )
    absences = list(db.session.scalars(found))
    standing_in: dict[int, list[int]] = {}
    for each in absences:
        standing_in.setdefault(each.substitute_id, []).append(each.staff_id)
    return Presence({each.staff_id: each for each in absences}, standing_in)


def open_work_of(staff_id: int, most: int) -> dict[type[Record], list[int]]:
    """Return the keys of what a person has to do and can be given to another, up to `most` of each type.

    Customers are among it: their agent makes the calls. A query for each type.
    """
    conditions = {
        Complaint: Complaint.step != Step.CONFIRMED,
        DepartmentTask: DepartmentTask.state == TaskState.OPEN,
        CallRecord: CallRecord.promised_until.is_not(None) & CallRecord.promise_kept_on.is_(None),
        WarrantyClaim: WarrantyClaim.outcome == ClaimOutcome.OPEN,
        Customer: Customer.id.is_not(None),
    }
    found = {}
    for model, condition in conditions.items():
        keys = select(model.id).where(model.responsible_id == staff_id, condition)
        found[model] = list(db.session.scalars(keys.order_by(model.id).limit(most)))
    return {model: keys for model, keys in found.items() if keys}
