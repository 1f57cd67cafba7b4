"""Counting the figures that the centre is held to, by the week, month or year in which each case fell.

One statement for each figure over a span of time, by unit or by person; each reads an index range of the span
alone. Only the first answers are those of a department's subjects: the others tell of the centre as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, Select, case, cast, func, or_, select, union_all

from models.base import db
from models.call_record import CallPurpose, CallRecord, CallResult
from models.complaint import Complaint
from models.customer import FILE_DAYS, Customer, is_complete
from models.deadline import Deadline
from models.deadline_rule import DeadlineKind
from models.due_kinds import ATTEMPT_DAYS, FIRST_FOLLOW_UP_DAYS, LATE_SLIP_DAYS, SECOND_FOLLOW_UP_DAYS
from models.figure_kind import FigureKind
from models.proportion import Proportion
from models.service_receipt import ServiceKind, ServiceReceipt
from models.shipment import PartsShipment
from models.span import Span
from models.vehicle import Vehicle
from models.warranty_claim import ClaimKind, ClaimOutcome, WarrantyClaim

ByUnit = Mapping[date, Proportion]
# Answers from here on are satisfied ones.
SATISFIED_FROM = 4
# A call may have come before its follow-up was due, also where a slip came late.
LOOKED_BACK = timedelta(days=60)
_FOLLOW_UPS = (CallPurpose.FIRST_FOLLOW_UP, CallPurpose.SECOND_FOLLOW_UP)
_DAY = timedelta(days=1)


def counts_of(span: Span, kinds: Collection[FigureKind]) -> dict[FigureKind, ByUnit]:
    """Return the figures of these kinds by the first day of each unit; one without a case is left out."""
    assert span.staff_ids is None
    return {kind: _by_unit(_COUNTED[kind](span)) for kind in FigureKind if kind in kinds}


def _by_unit(statement: Select[Any]) -> ByUnit:
    return {first.date(): Proportion(met, total) for first, met, total in db.session.execute(statement)}


def counts_by_person(span: Span, people: Collection[int]) -> dict[str, dict[int, Proportion]]:
    """Return how the work of these people went, by the figure's name and the person; four statements.

    Who has no case of a figure is left out of it.
    """
    own = replace(span, staff_ids=frozenset(people))
    return {
        name: {
            person: Proportion(met, total) for person, met, total in db.session.execute(counted(own)).all()
        }
        for name, counted in _OF_PEOPLE.items()
    }


def _grouped(span: Span, unit: Any, is_met: Any, model: Any, person: Any = None) -> Select[Any]:
    """Count cases and those met; `person` is None where a figure tells of nobody's work in particular."""
    key, number = span.key(unit, person), func.count()
    found = select(key, number.filter(is_met), number).select_from(model).group_by(key)
    return found.where(span.of_people(person))


def _satisfaction(span: Span) -> Select[Any]:
    """Count the answers of follow-up calls, and those at the end of complaints."""
    call = select(
        span.unit_of(CallRecord.called_at).label("unit"),
        CallRecord.responsible_id.label("person"),
        CallRecord.satisfaction,
    ).where(
        CallRecord.satisfaction.is_not(None),
        CallRecord.purpose.in_(_FOLLOW_UPS),
        span.has_instant(CallRecord.called_at),
    )
    confirmed: Any = Complaint.confirmed_at
    complaint = select(
        span.unit_of(confirmed).label("unit"),
        Complaint.responsible_id.label("person"),
        Complaint.satisfaction,
    ).where(Complaint.satisfaction.is_not(None), span.has_instant(confirmed))
    # A subquery each: the row limits reach it there, also inside the union.
    answers = union_all(select(call.subquery()), select(complaint.subquery())).subquery()
    return _grouped(span, answers.c.unit, answers.c.satisfaction >= SATISFIED_FROM, answers, answers.c.person)


def _answers(kind: DeadlineKind, *, of_subjects: bool) -> Callable[[Span], Select[Any]]:
    """Return how answers are counted by their stored deadlines; what has none owes nothing by a rule."""

    def counted(span: Span) -> Select[Any]:
        unit, is_met = span.unit_of(Deadline.due_at), Deadline.settled_at <= Deadline.due_at
        found = _grouped(span, unit, is_met, Deadline, Complaint.responsible_id).where(
            Deadline.kind == kind,
            span.has_instant(Deadline.due_at),
            # While the customer is waited for, nothing is owed.
            Deadline.paused_at.is_(None),
        )
        found = found.join(Complaint, Complaint.id == Deadline.complaint_id)
        return found.where(span.concerns()) if of_subjects else found

    return counted


def _customer_file(span: Span) -> Select[Any]:
    """Count the files that had to be complete, and those that were by then."""
    due_on, early = Customer.first_contact_on + FILE_DAYS, FILE_DAYS * _DAY
    # What was complete before that was noted counts from its entry.
    completed_at = func.coalesce(Customer.completed_at, case((is_complete(), Customer.created_at)))
    is_met = func.coalesce(span.day_of(completed_at) <= due_on, False)
    return _grouped(span, span.unit_of_day(due_on), is_met, Customer).where(
        Customer.first_contact_on.between(span.first_on - early, span.last_on - early),
        # What an import brought was entered elsewhere, and who knows when.
        Customer.created_by_id.is_not(None),
    )


def _shipped_right(span: Span) -> Select[Any]:
    shipment = PartsShipment
    unit = span.unit_of_day(shipment.shipped_on)
    return _grouped(span, unit, shipment.is_right, shipment).where(span.has_day(shipment.shipped_on))


def _return_repairs(span: Span) -> Select[Any]:
    receipt = ServiceReceipt
    unit = span.unit_of_day(receipt.came_in_on)
    return _grouped(span, unit, receipt.is_return_repair, receipt).where(
        span.has_day(receipt.came_in_on), receipt.kind == ServiceKind.REPAIR
    )


def _claims(kind: ClaimKind) -> Callable[[Span], Select[Any]]:
    def counted(span: Span) -> Select[Any]:
        claim: Any = WarrantyClaim
        unit = span.unit_of_day(claim.decided_on)
        return _grouped(span, unit, claim.outcome == ClaimOutcome.PASSED, claim).where(
            claim.kind == kind, span.has_day(claim.decided_on)
        )

    return counted


def _follow_ups(span: Span) -> Select[Any]:
    """Count the follow-ups that fell due, and those made by the end of the week in which they did.

    As the list of what is due reckons them: a first one after the hand-over, or after the entry of a slip
    that came late, and a second one after a first that reached the customer.
    """
    first, second = _first_due(span).subquery(), _second_due(span).subquery()
    rows = union_all(select(first), select(second)).subquery()
    unit = span.unit_of_day(rows.c.due_on)
    return _grouped(span, unit, rows.c.is_met, rows, rows.c.person).where(span.has_day(rows.c.due_on))


def _first_due(span: Span) -> Select[Any]:
    receipt, last = ServiceReceipt, FIRST_FOLLOW_UP_DAYS[1]
    entered_on = span.day_of(receipt.created_at)
    came_late = entered_on > receipt.handed_over_on + last
    due_on = case((came_late, entered_on + LATE_SLIP_DAYS), else_=receipt.handed_over_on + last)
    return _owed(span, due_on, CallPurpose.FIRST_FOLLOW_UP).where(
        or_(
            receipt.handed_over_on.between(span.first_on - last * _DAY, span.last_on - last * _DAY),
            span.has_instant(receipt.created_at) & came_late,
        ),
        receipt.handed_over_on.is_not(None),
    )


def _second_due(span: Span) -> Select[Any]:
    last = SECOND_FOLLOW_UP_DAYS[1]
    reached_on = span.day_of(func.min(CallRecord.called_at))
    firsts = (
        select(CallRecord.service_receipt_id, reached_on.label("reached_on"))
        .where(
            CallRecord.purpose == CallPurpose.FIRST_FOLLOW_UP,
            CallRecord.result == CallResult.REACHED,
            CallRecord.service_receipt_id.is_not(None),
            CallRecord.called_at >= span.starts_at - last * _DAY,
            CallRecord.called_at < span.ends_at - last * _DAY,
        )
        .group_by(CallRecord.service_receipt_id)
        .subquery()
    )
    owed = _owed(span, firsts.c.reached_on + last, CallPurpose.SECOND_FOLLOW_UP)
    return owed.join(firsts, firsts.c.service_receipt_id == ServiceReceipt.id)


def _owed(span: Span, due_on: Any, purpose: CallPurpose) -> Select[Any]:
    """Return receipts of vehicles in warranty with day and person of their follow-up, and if it was made."""
    called_on = span.day_of(CallRecord.called_at)
    reached_on = func.min(called_on).filter(CallRecord.result == CallResult.REACHED)
    days: Any = func.array_agg(func.distinct(called_on))
    # On the last of so many days the customer counts as not to be reached; the days come sorted.
    given_up_on = days[ATTEMPT_DAYS]
    calls = (
        select(CallRecord.service_receipt_id, func.least(reached_on, given_up_on).label("made_on"))
        .where(
            CallRecord.purpose == purpose,
            CallRecord.service_receipt_id.is_not(None),
            # No follow-up is made before the vehicle is handed over.
            CallRecord.called_at >= span.starts_at - LOOKED_BACK,
            CallRecord.called_at < span.week_ends_at,
        )
        .group_by(CallRecord.service_receipt_id)
        .subquery()
    )
    # In a month too a follow-up has until the end of its week: one case, one verdict.
    ends_on = cast(func.date_trunc("week", due_on), Date) + 6
    is_met = func.coalesce(calls.c.made_on <= ends_on, False)
    person: Any = ServiceReceipt.responsible_id
    found = select(due_on.label("due_on"), is_met.label("is_met"))
    if span.staff_ids is not None:
        # As for the list of what is due: the customer's own agent calls.
        person = func.coalesce(Customer.responsible_id, person)
    found = (
        found.add_columns(person.label("person"))
        .select_from(ServiceReceipt)
        .join(Vehicle, Vehicle.id == ServiceReceipt.vehicle_id)
        .outerjoin(calls, calls.c.service_receipt_id == ServiceReceipt.id)
        .where(Vehicle.warranty_until >= ServiceReceipt.handed_over_on, span.of_people(person))
    )
    if span.staff_ids is not None:
        found = found.outerjoin(Customer, Customer.id == ServiceReceipt.customer_id)
    return found


_COUNTED: Mapping[FigureKind, Callable[[Span], Select[Any]]] = {
    FigureKind.SATISFACTION: _satisfaction,
    FigureKind.FIRST_ANSWER: _answers(DeadlineKind.FIRST_ANSWER, of_subjects=True),
    FigureKind.SAME_DAY_ANSWER: _answers(DeadlineKind.TELL_CUSTOMER, of_subjects=False),
    FigureKind.FOLLOW_UP: _follow_ups,
    FigureKind.CUSTOMER_FILE: _customer_file,
    FigureKind.SHIPPED_RIGHT: _shipped_right,
    FigureKind.RETURN_REPAIRS: _return_repairs,
    FigureKind.CLAIMS_PASSED: _claims(ClaimKind.FROM_DEALER),
    FigureKind.SUPPLIER_CLAIMS_PASSED: _claims(ClaimKind.ON_SUPPLIER),
}
# Of the work of one person, by the names that summaries keep.
_OF_PEOPLE: Mapping[str, Callable[[Span], Select[Any]]] = {
    "answered": _COUNTED[FigureKind.FIRST_ANSWER],
    "solved": _answers(DeadlineKind.SOLVED, of_subjects=False),
    "satisfied": _COUNTED[FigureKind.SATISFACTION],
    "followed_up": _COUNTED[FigureKind.FOLLOW_UP],
}
