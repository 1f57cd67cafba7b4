"""The kinds of things that are due, and of each the rows that ask for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from models.actor import Actor
from models.base import Labelled, Record
from models.call_record import CallPurpose, CallRecord, CallResult
from models.complaint import Complaint
from models.customer import Customer
from models.dealer import Dealer
from models.department_task import DepartmentTask
from models.due_complaints import (
    answer,
    carried_out,
    confirmed,
    decision,
    department_task,
    first_answer,
    notice,
    solved,
    tell_customer,
)
from models.due_measures import measure, measure_check
from models.due_source import Source, Window, day_of, keys_of, of_customer, start_of_day
from models.letter import Letter
from models.measure import Measure
from models.notice import Notice
from models.permissions import allows
from models.proposal import Proposal
from models.service_receipt import ServiceKind, ServiceReceipt
from models.vehicle import Vehicle
from models.warranty_claim import ClaimKind, ClaimOutcome, WarrantyClaim

# Days after the vehicle was handed over between which the first follow-up lies.
FIRST_FOLLOW_UP_DAYS = (3, 7)
# Days after a first follow-up that reached the customer between which the second lies.
SECOND_FOLLOW_UP_DAYS = (7, 14)
# Where a slip comes in after the first follow-up was due: days from its entry.
LATE_SLIP_DAYS = 3
# Attempts on as many different days count for a customer who can't be reached.
ATTEMPT_DAYS = 3
# Days before a maintenance, or before the warranty ends, from which the customer is told.
TELL_DAYS = 30
# Days within which a dealer hears what became of a claim.
CLAIM_DAYS = 14
# Days after which a follow-up or a maintenance that nobody did drops out: it can't be made up for any more.
LAPSES_AFTER_DAYS = 90


class DueKind(Labelled):
    """What there is to do."""

    FIRST_ANSWER = "first_answer", _("First answer")
    SOLVED = "solved", _("Complaint to solve")
    DECISION = "decision", _("Proposal to decide")
    TELL_CUSTOMER = "tell_customer", _("Customer to be told")
    DEPARTMENT_TASK = "department_task", _("Task of a department")
    CARRIED_OUT = "carried_out", _("Solution to carry out")
    CONFIRMED = "confirmed", _("Satisfaction to ask")
    NOTICE = "notice", _("Notice not delivered")
    ANSWER = "answer", _("Answer of a department to read")
    PROMISE = "promise", _("Promise to keep")
    FIRST_FOLLOW_UP = "first_follow_up", _("First follow-up")
    SECOND_FOLLOW_UP = "second_follow_up", _("Second follow-up")
    MAINTENANCE = "maintenance", _("Maintenance")
    WARRANTY_END = "warranty_end", _("End of warranty")
    WARRANTY_CLAIM = "warranty_claim", _("Warranty claim to decide")
    LETTER = "letter", _("Letter to send")
    MEASURE = "measure", _("Corrective measure to carry out")
    MEASURE_CHECK = "measure_check", _("Corrective measure to verify")


def _oldest(zone: ZoneInfo) -> date:
    return datetime.now(zone).date() - timedelta(days=LAPSES_AFTER_DAYS)


def _promise(_window: Window, _zone: ZoneInfo) -> Source:
    return Source(
        CallRecord,
        CallRecord.promised_until,
        [CallRecord.promised_until.is_not(None), CallRecord.promise_kept_on.is_(None)],
        keys_of(CallRecord),
        [of_customer(CallRecord)],
        func.coalesce(CallRecord.phone, Customer.phone),
        about=CallRecord.promise,
    )


def _is_followed_up(purpose: CallPurpose, zone: ZoneInfo) -> ColumnElement[bool]:
    """Return the condition under which calls of this purpose about a receipt count as its follow-up."""
    call = aliased(CallRecord)
    days = func.count(day_of(call.called_at, zone).distinct())
    reached = func.bool_or(call.result == CallResult.REACHED)
    counted = (
        select(call.service_receipt_id)
        .where(call.service_receipt_id == ServiceReceipt.id, call.purpose == purpose)
        .group_by(call.service_receipt_id)
        .having(or_(reached, days >= ATTEMPT_DAYS))
    )
    return counted.correlate(ServiceReceipt).exists()


def _calls_of(purpose: CallPurpose, figure: Callable[[type[CallRecord]], Any]) -> Any:
    """Return a figure over the calls that were made for this purpose about a receipt."""
    call = aliased(CallRecord)
    made = select(figure(call)).select_from(call)
    return made.where(call.service_receipt_id == ServiceReceipt.id, call.purpose == purpose).scalar_subquery()


def _receipt_source(
    purpose: CallPurpose, due_on: Any, conditions: Sequence[ColumnElement[bool]], starts_on: Any
) -> Source:
    # The customer's own agent calls; where there is none, who is responsible for the receipt.
    agent = func.coalesce(Customer.responsible_id, ServiceReceipt.responsible_id)
    return Source(
        ServiceReceipt,
        due_on,
        conditions,
        keys_of(ServiceReceipt, dealer_id=ServiceReceipt.dealer_id, responsible_id=agent),
        [of_customer(ServiceReceipt)],
        Customer.phone,
        starts_on=starts_on,
        about=func.coalesce(ServiceReceipt.work_done, ServiceReceipt.fault),
        attempts=_calls_of(purpose, lambda call: func.count(call.id)),
        tried_at=_calls_of(purpose, lambda call: func.max(call.called_at)),
    )


def _first_follow_up(window: Window, zone: ZoneInfo) -> Source:
    begins, ends = FIRST_FOLLOW_UP_DAYS
    visited_on, entered_on = ServiceReceipt.handed_over_on, day_of(ServiceReceipt.created_at, zone)
    is_late_slip = entered_on > visited_on + ends
    return _receipt_source(
        CallPurpose.FIRST_FOLLOW_UP,
        case((is_late_slip, entered_on + LATE_SLIP_DAYS), else_=visited_on + ends),
        [
            visited_on.between(_oldest(zone), window.until - timedelta(days=ends)),
            ~_is_followed_up(CallPurpose.FIRST_FOLLOW_UP, zone),
        ],
        case((is_late_slip, entered_on), else_=visited_on + begins),
    )


def _second_follow_up(window: Window, zone: ZoneInfo) -> Source:
    begins, ends = SECOND_FOLLOW_UP_DAYS
    # Not by another name: the row limits can't follow one into an outer join.
    call, earlier = CallRecord, aliased(CallRecord)
    is_first = call.purpose == CallPurpose.FIRST_FOLLOW_UP
    told_before = exists().where(
        earlier.service_receipt_id == call.service_receipt_id,
        earlier.purpose == CallPurpose.FIRST_FOLLOW_UP,
        earlier.result == CallResult.REACHED,
        earlier.id < call.id,
    )
    reached_on = day_of(call.called_at, zone)
    source = _receipt_source(
        CallPurpose.SECOND_FOLLOW_UP,
        reached_on + ends,
        [
            is_first & (call.result == CallResult.REACHED),
            call.called_at >= start_of_day(_oldest(zone), zone),
            *window.contains_instant(call.called_at, zone, timedelta(days=ends)),
            ~told_before,
            ~_is_followed_up(CallPurpose.SECOND_FOLLOW_UP, zone),
        ],
        reached_on + begins,
    )
    # What was said stands beside, so that the second doesn't repeat the first.
    return replace(
        source,
        joins=[(call, call.service_receipt_id == ServiceReceipt.id), *source.joins],
        about=call.points,
    )


def _vehicle_source(due_on: Any, conditions: Sequence[ColumnElement[bool]]) -> Source:
    since = due_on - TELL_DAYS
    is_told = exists().where(
        CallRecord.vehicle_id == Vehicle.id,
        CallRecord.purpose == CallPurpose.REMINDER,
        CallRecord.result == CallResult.REACHED,
        CallRecord.called_at >= since,
    )
    is_done = exists().where(
        ServiceReceipt.vehicle_id == Vehicle.id,
        ServiceReceipt.kind == ServiceKind.MAINTENANCE,
        ServiceReceipt.came_in_on >= since,
    )
    return Source(
        Vehicle,
        due_on,
        [Vehicle.customer_id.is_not(None), *conditions, ~is_told, ~is_done],
        {
            "customer_id": Vehicle.customer_id,
            "vehicle_id": Vehicle.id,
            "dealer_id": Vehicle.dealer_id,
            "responsible_id": Customer.responsible_id,
        },
        [of_customer(Vehicle)],
        Customer.phone,
        starts_on=since,
    )


def _maintenance(_window: Window, zone: ZoneInfo) -> Source:
    return _vehicle_source(Vehicle.next_maintenance_on, [Vehicle.next_maintenance_on >= _oldest(zone)])


def _warranty_end(_window: Window, zone: ZoneInfo) -> Source:
    # Once it has ended there is nothing to tell any more.
    return _vehicle_source(Vehicle.warranty_until, [Vehicle.warranty_until >= datetime.now(zone).date()])


def _warranty_claim(window: Window, _zone: ZoneInfo) -> Source:
    claimed_on = WarrantyClaim.claimed_on
    return Source(
        WarrantyClaim,
        claimed_on + CLAIM_DAYS,
        [
            WarrantyClaim.outcome == ClaimOutcome.OPEN,
            WarrantyClaim.kind == ClaimKind.FROM_DEALER,
            claimed_on <= window.until - timedelta(days=CLAIM_DAYS),
        ],
        {
            "vehicle_id": WarrantyClaim.vehicle_id,
            "dealer_id": WarrantyClaim.dealer_id,
            "responsible_id": WarrantyClaim.responsible_id,
        },
        [(Dealer, Dealer.id == WarrantyClaim.dealer_id)],
        Dealer.phone,
        about=WarrantyClaim.fault,
    )


def _letter(window: Window, zone: ZoneInfo) -> Source:
    # On the day on which it was drafted.
    return Source(
        Letter,
        day_of(Letter.created_at, zone),
        [Letter.sent_on.is_(None), *window.contains_instant(Letter.created_at, zone, timedelta())],
        {
            "customer_id": Letter.customer_id,
            "dealer_id": Letter.dealer_id,
            "responsible_id": Letter.responsible_id,
        },
        [of_customer(Letter)],
        Customer.phone,
        about=Letter.regarding,
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """How the rows of a kind are found, what a line of it tells of, and what it takes to do it."""

    model: type[Record]
    make: Callable[[Window, ZoneInfo], Source]
    # Whose values stand in a line: who may not list all of these gets none.
    shows: frozenset[type[Record]]
    # The rights with which it is done.
    done_by: tuple[tuple[type[Record], str], ...]
    # Nobody's work but theirs: others don't read of it.
    is_for_doers: bool = False


_CALLED_ABOUT = ((CallRecord, "create"),)
_VISIT = frozenset({ServiceReceipt, Customer, Vehicle, Dealer, CallRecord})
_VEHICLE = frozenset({Vehicle, Customer, Dealer})

_COMPLAINT = frozenset({Complaint, Customer, Vehicle, Dealer})
_STEP = ((Complaint, "act"),)

RULES: Mapping[DueKind, Rule] = {
    DueKind.FIRST_ANSWER: Rule(Complaint, first_answer, _COMPLAINT, _STEP),
    DueKind.SOLVED: Rule(Complaint, solved, _COMPLAINT, _STEP),
    DueKind.DECISION: Rule(
        Complaint,
        decision,
        _COMPLAINT | {Proposal},
        ((Complaint, "approve"),),
        is_for_doers=True,
    ),
    DueKind.TELL_CUSTOMER: Rule(Complaint, tell_customer, _COMPLAINT, _STEP),
    DueKind.DEPARTMENT_TASK: Rule(
        DepartmentTask,
        department_task,
        frozenset({DepartmentTask, Complaint}),
        ((DepartmentTask, "edit"),),
    ),
    DueKind.CARRIED_OUT: Rule(Complaint, carried_out, _COMPLAINT, _STEP),
    DueKind.CONFIRMED: Rule(Complaint, confirmed, _COMPLAINT, _STEP),
    DueKind.NOTICE: Rule(Notice, notice, frozenset({Notice, Complaint}), _STEP, is_for_doers=True),
    DueKind.ANSWER: Rule(Notice, answer, frozenset({Notice, Complaint}), _STEP, is_for_doers=True),
    DueKind.PROMISE: Rule(
        CallRecord, _promise, frozenset({CallRecord, Customer, Vehicle}), ((CallRecord, "edit"),)
    ),
    DueKind.FIRST_FOLLOW_UP: Rule(ServiceReceipt, _first_follow_up, _VISIT, _CALLED_ABOUT),
    DueKind.SECOND_FOLLOW_UP: Rule(ServiceReceipt, _second_follow_up, _VISIT, _CALLED_ABOUT),
    DueKind.MAINTENANCE: Rule(Vehicle, _maintenance, _VEHICLE, _CALLED_ABOUT),
    DueKind.WARRANTY_END: Rule(Vehicle, _warranty_end, _VEHICLE, _CALLED_ABOUT),
    DueKind.WARRANTY_CLAIM: Rule(
        WarrantyClaim,
        _warranty_claim,
        frozenset({WarrantyClaim, Vehicle, Dealer}),
        ((WarrantyClaim, "edit"), (WarrantyClaim, "approve")),
    ),
    DueKind.LETTER: Rule(Letter, _letter, frozenset({Letter, Customer, Dealer}), ((Letter, "edit"),)),
    DueKind.MEASURE: Rule(Measure, measure, frozenset({Measure}), ((Measure, "act"),)),
    DueKind.MEASURE_CHECK: Rule(
        Measure, measure_check, frozenset({Measure}), ((Measure, "approve"),), is_for_doers=True
    ),
}


def kinds_shown(actor: Actor | None) -> list[DueKind]:
    """Return the kinds of which `actor` may read lines: every type that they tell of is open by role."""
    return [
        kind
        for kind, rule in RULES.items()
        if all(allows(actor, model.__tablename__, "list") for model in rule.shows)
        and (not rule.is_for_doers or _does(actor, rule))
    ]


def kinds_done(actor: Actor | None) -> list[DueKind]:
    """Return the kinds that `actor` reads and may also do by role, whoever answers for the record."""
    return [kind for kind in kinds_shown(actor) if _does(actor, RULES[kind])]


def _does(actor: Actor | None, rule: Rule) -> bool:
    return all(allows(actor, model.__tablename__, action) for model, action in rule.done_by)
