"""Whom a complaint or a task is told to by mail: the departments concerned, and who is above them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import any_, exists, or_, select

from models.audit import AuditEntry
from models.base import db
from models.complaint import Complaint, Severity, Step
from models.department_task import DepartmentTask
from models.digest import DigestRecipient
from models.digest_counts import departments_told
from models.notice import Notice
from models.organisation import Department, Locale, Region, Role, Staff
from models.step_taken import Move, StepTaken

# By its code: the department that hears at once of what is severe or unsafe, besides management.
QUALITY = "quality"


@dataclass(frozen=True, slots=True)
class Told:
    """A person who is told; `department_id` is None where the person belongs to none."""

    name: str
    email: str
    locale: Locale
    department_id: int | None


def is_urgent(complaint: Complaint) -> bool:
    """Tell whether those above hear of it at once: it is severe, or somebody could be hurt."""
    return complaint.is_safety_relevant or complaint.severity is Severity.SEVERE


def people_of_complaint(complaint: Complaint) -> list[Told]:
    """Return who is told of a complaint, each address once, the departments of its subject first."""
    found = people_of(sorted(departments_told(complaint.subject_id)))
    return _each_once(found + (people_above(complaint) if is_urgent(complaint) else []))


def people_above(complaint: Complaint) -> list[Told]:
    """Return who hears of what is severe or unsafe: management, quality inspection and supervisors."""
    above = or_(Department.gets_all_subjects, Department.code == QUALITY)
    ids = db.session.scalars(select(Department.id).where(above).order_by(Department.id))
    supervisors = [
        Told(person.name, person.email, person.locale, person.department_id)
        for person in supervisors_of(complaint.region_id)
    ]
    return _each_once(people_of(ids.all()) + supervisors)


def _each_once(people: Sequence[Told]) -> list[Told]:
    return list({told.email: told for told in reversed(people)}.values())[::-1]


def address_now(notice: Notice) -> Told:
    """Return where a notice goes now: to the same person, whose address may have been mended since."""
    found = select(DigestRecipient).where(
        DigestRecipient.department_id == notice.department_id,
        DigestRecipient.name == notice.name,
        DigestRecipient.is_active,
    )
    person = db.session.scalars(found.order_by(DigestRecipient.id.desc()).limit(1)).first()
    told = Told(notice.name, notice.email, notice.locale, notice.department_id)
    if person is None or person.email == notice.email:
        return told
    # Whoever was told of the point under that address already has a notice of it.
    same = select(Notice.id).where(
        Notice.complaint_id == notice.complaint_id,
        Notice.department_task_id.is_not_distinct_from(notice.department_task_id),
        Notice.email == person.email,
    )
    is_known = db.session.scalar(same.limit(1)) is not None
    return told if is_known else Told(person.name, person.email, person.locale, notice.department_id)


def people_of_task(task: DepartmentTask) -> list[Told]:
    """Return who is told of a task: the people of its department."""
    return people_of([task.department_id] if task.department_id is not None else [])


def people_of(department_ids: Iterable[int]) -> list[Told]:
    """Return the people of these departments who get its mails, in the order of the departments."""
    order = {key: place for place, key in enumerate(department_ids)}
    found = select(DigestRecipient).where(DigestRecipient.department_id.in_(order), DigestRecipient.is_active)
    people = sorted(db.session.scalars(found), key=lambda one: (order[one.department_id or 0], one.id))
    return [Told(one.name, one.email, one.locale, one.department_id) for one in people]


def supervisors_of(region_id: int | None) -> list[Staff]:
    """Return the supervisors of a region, or of one above it, or of all; where there is none, every one."""
    is_supervisor = any_(Staff.role_names) == Role.SUPERVISOR.value
    found = select(Staff).where(Staff.active, is_supervisor).order_by(Staff.id)
    everyone = list(db.session.scalars(found))
    above = _regions_above(region_id)
    return [one for one in everyone if one.region_id is None or one.region_id in above] or everyone


def _regions_above(region_id: int | None) -> set[int]:
    parents = {row.id: row.parent_id for row in db.session.execute(select(Region.id, Region.parent_id))}
    found: set[int] = set()
    while region_id is not None and region_id not in found:
        found.add(region_id)
        region_id = parents.get(region_id)
    return found


def was_raised(complaint: Complaint) -> bool:
    """Tell whether the newest change, flushed just now, made the complaint severe or safety relevant."""
    newest = select(AuditEntry.changes).where(
        AuditEntry.table_name == Complaint.__tablename__, AuditEntry.row_id == complaint.id
    )
    changes = db.session.scalar(newest.order_by(AuditEntry.id.desc()).limit(1)) or {}
    raised = {"severity": Severity.SEVERE.value, "is_safety_relevant": True}
    return any(name in changes and changes[name][1] == value for name, value in raised.items())


def is_untold(complaint: Complaint) -> bool:
    """Tell whether a complaint that somebody registered here, and that is still open, was told to nobody."""
    if complaint.step is Step.CONFIRMED:
        return False
    registered = exists().where(StepTaken.complaint_id == complaint.id, StepTaken.move == Move.REGISTER)
    told = exists().where(Notice.complaint_id == complaint.id)
    # What was imported before anybody could be told is no warning.
    return bool(
        db.session.scalar(select(Complaint.id).where(Complaint.id == complaint.id, registered, ~told))
    )
