"""What there is to do or to know in each table: counted on the first page, and listed by the same rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, func, select

from models.actor import current_actor
from models.base import Record, db, now
from models.call_record import CallRecord
from models.centre import site_zone
from models.complaint import Complaint, Severity, Step
from models.customer import FILE_DAYS, Customer, is_complete
from models.deadline import Deadline, owes_late
from models.deadline_rule import DeadlineKind
from models.letter import Letter
from models.organisation import Staff
from models.part import Part, PartsQualityRecord
from models.permissions import allows
from models.service_receipt import ServiceKind, ServiceReceipt
from models.shipment import PartsShipment
from models.warranty_claim import ClaimOutcome, WarrantyClaim

RECENT_DAYS = 7
# Beyond this nobody reads a number, and the database need not count.
COUNT_MOST = 999


@dataclass(frozen=True, slots=True)
class Task:
    """Records of one type that ask for something; `is_bad` where each of them is one too many.

    `oldest_by` names the column by which what waits longest comes first; None leaves the list's order.
    """

    name: str
    model: type[Record]
    label: LazyString
    condition: Callable[[], ColumnElement[bool]]
    is_bad: bool = False
    oldest_by: str | None = None


def _since() -> date:
    return now().astimezone(site_zone()).date() - timedelta(days=RECENT_DAYS)


def _own() -> list[int]:
    """Return whose complaints are one's own: those of absent colleagues for whom one stands in as well."""
    actor = current_actor()
    return [] if actor is None else sorted(actor.queue_ids)


def _recent() -> datetime:
    return datetime.combine(_since(), time.min, site_zone())


def _is_open() -> ColumnElement[bool]:
    return Complaint.step != Step.CONFIRMED


def _unsolved() -> ColumnElement[bool]:
    return owes_late(DeadlineKind.SOLVED, now())


def _late_answer() -> ColumnElement[bool]:
    return owes_late(DeadlineKind.FIRST_ANSWER, now())


def _escalated() -> ColumnElement[bool]:
    late = (Deadline.due_at < now()) & Deadline.settled_at.is_(None) & Deadline.paused_at.is_(None)
    return Complaint.id.in_(select(Deadline.complaint_id).where(late, Deadline.escalated_at.is_not(None)))


def _in_workshop() -> ColumnElement[bool]:
    # An inquiry or a visit on the spot hands nothing over.
    stays = ServiceReceipt.kind.in_((ServiceKind.REPAIR, ServiceKind.MAINTENANCE, ServiceKind.INSPECTION))
    return ServiceReceipt.handed_over_on.is_(None) & stays


def _promises() -> ColumnElement[bool]:
    today = now().astimezone(site_zone()).date()
    return (
        CallRecord.promised_until.is_not(None)
        & CallRecord.promise_kept_on.is_(None)
        & (CallRecord.promised_until <= today)
    )


def _incomplete() -> ColumnElement[bool]:
    """Return the condition of customer files that people entered and that should be complete by now."""
    day = now().astimezone(site_zone()).date() - timedelta(days=FILE_DAYS)
    since_entry = Customer.first_contact_on.is_(None) & (
        Customer.created_at < datetime.combine(day, time.min, site_zone())
    )
    return (
        Customer.created_by_id.is_not(None)
        & ~is_complete()
        & ((Customer.first_contact_on < day) | since_entry)
    )


def _key_parts() -> ColumnElement[bool]:
    keys = select(Part.id).where(Part.is_key_part)
    return (PartsQualityRecord.found_on >= _since()) & PartsQualityRecord.part_id.in_(keys)


_C, _R, _Q, _S = Complaint, ServiceReceipt, PartsQualityRecord, PartsShipment
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("new", _C, _("New in 7 days"), lambda: _C.registered_at >= _recent()),
        Task("open", _C, _("Open complaints"), _is_open),
        Task("own", _C, _("My open complaints"), lambda: _is_open() & _C.responsible_id.in_(_own())),
        Task("unanswered", _C, _("Waiting for a first answer"), lambda: _C.step == Step.REGISTERED),
        Task("late_answer", _C, _("First answer late"), _late_answer, True, "registered_at"),
        Task("unsolved", _C, _("Not solved in time"), _unsolved, True, "registered_at"),
        Task("escalated", _C, _("Still late, passed on to supervisors"), _escalated, is_bad=True),
        Task(
            "severe",
            _C,
            _("Severe and open"),
            lambda: _is_open() & (_C.severity == Severity.SEVERE),
            is_bad=True,
        ),
        Task(
            "unsafe",
            _C,
            _("Safety relevant and open"),
            lambda: _is_open() & _C.is_safety_relevant,
            is_bad=True,
        ),
        Task(
            "unassigned",
            _C,
            _("Open, nobody responsible"),
            lambda: _is_open() & _C.responsible_id.is_(None),
            is_bad=True,
        ),
        Task("in_workshop", _R, _("Not handed over yet"), _in_workshop),
        Task(
            "awaited",
            _R,
            _("On-site: engineer not arrived yet"),
            lambda: _R.asked_at.is_not(None) & _R.arrived_at.is_(None),
            is_bad=True,
        ),
        Task("promises", CallRecord, _("Promises due or late"), _promises, is_bad=True),
        Task("incomplete", Customer, _("Customer files late and not complete"), _incomplete, is_bad=True),
        Task("unsent", Letter, _("Letters to send"), lambda: Letter.sent_on.is_(None)),
        Task("found", _Q, _("Parts faults found in 7 days"), lambda: _Q.found_on >= _since()),
        Task("key_parts", _Q, _("Of these, on key parts"), _key_parts, is_bad=True),
        Task("undecided", _Q, _("Parts without a disposition"), lambda: _Q.disposition.is_(None)),
        Task("shipped", _S, _("Shipped in 7 days"), lambda: _S.shipped_on >= _since()),
        Task(
            "wrong",
            _S,
            _("Shipped wrong in 7 days"),
            lambda: (_S.shipped_on >= _since()) & _S.is_right.is_(False),
            is_bad=True,
        ),
        Task(
            "claims",
            WarrantyClaim,
            _("Warranty claims undecided"),
            lambda: WarrantyClaim.outcome == ClaimOutcome.OPEN,
        ),
        Task(
            "no_password",
            Staff,
            _("Staff who have never logged in"),
            lambda: Staff.password.is_(None) & Staff.active,
        ),
        Task("no_department", Staff, _("Staff without a department"), lambda: Staff.department_id.is_(None)),
    )
}


def tasks_of(model: type[Record]) -> dict[str, Task]:
    """Return the tasks whose records are of this type."""
    return {name: task for name, task in TASKS.items() if task.model is model}


def count_tasks(names: Iterable[str]) -> dict[str, int]:
    """Return how many records each of these holds, up to one beyond COUNT_MOST; one query for all.

    What who acts now may not list is left out.
    """
    actor = current_actor()
    counts: dict[str, Any] = {}
    for name in names:
        model = TASKS[name].model
        if allows(actor, model.__tablename__, "list"):
            rows = select(model.id).where(TASKS[name].condition()).limit(COUNT_MOST + 1).subquery()
            counts[name] = select(func.count()).select_from(rows).scalar_subquery().label(name)
    if not counts:
        return {}
    row = db.session.execute(select(*counts.values())).one()
    return dict(zip(counts, row, strict=True))
