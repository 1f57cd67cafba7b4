"""Counting the figures that the centre is held to, by the week in which each case fell due or happened.

One statement for each figure, over the weeks of a frame; each reads an index range of those weeks alone.
Only the first answers are those of a department's subjects: the others tell of the centre as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, case, cast, func, or_, select, union_all

from models.base import db
from models.call_record import CallPurpose, CallRecord, CallResult
from models.complaint import Complaint
from models.customer import FILE_DAYS, Customer, is_complete
from models.deadline import Deadline
from models.deadline_rule import DeadlineKind
from models.digest_counts import Frame
from models.due_kinds import ATTEMPT_DAYS, FIRST_FOLLOW_UP_DAYS, LATE_SLIP_DAYS, SECOND_FOLLOW_UP_DAYS
from models.figure_kind import FigureKind
from models.iso_week import IsoWeek
from models.proportion import Proportion
from models.service_receipt import ServiceKind, ServiceReceipt
from models.shipment import PartsShipment
from models.vehicle import Vehicle
from models.warranty_claim import ClaimKind, ClaimOutcome, WarrantyClaim

ByWeek = Mapping[IsoWeek, Proportion]
# Answers from here on are satisfied ones.
SATISFIED_FROM = 4
# A call may have come before its follow-up was due, also where a slip came late.
LOOKED_BACK = timedelta(days=60)
_FOLLOW_UPS = (CallPurpose.FIRST_FOLLOW_UP, CallPurpose.SECOND_FOLLOW_UP)
_DAY = timedelta(days=1)


def counts_of(frame: Frame, kinds: frozenset[FigureKind]) -> dict[FigureKind, ByWeek]:
    """Return the figures of these kinds by week; a week without a case is left out."""
    return {kind: _by_week(_COUNTED[kind](frame)) for kind in FigureKind if kind in kinds}


def _by_week(statement: Select[Any]) -> ByWeek:
    found = db.session.execute(statement)
    return {IsoWeek.of(monday.date()): Proportion(met, total) for monday, met, total in found}


def _grouped(week: Any, is_met: Any, model: Any) -> Select[Any]:
    number = func.count()
    return select(week, number.filter(is_met), number).select_from(model).group_by(week)


def _days(frame: Frame, column: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.between(frame.weeks[-1].monday, frame.week.sunday)
    return found


def _instants(frame: Frame, column: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = (column >= frame.history_from) & (column < frame.ends_at)
    return found


def _week(day: Any) -> Any:
    return func.date_trunc("week", day)


def _satisfaction(frame: Frame) -> Select[Any]:
    """Count the answers of follow-up calls, and those at the end of complaints."""
    call = select(frame.week_of(CallRecord.called_at).label("week"), CallRecord.satisfaction).where(
        CallRecord.satisfaction.is_not(None),
        CallRecord.purpose.in_(_FOLLOW_UPS),
        _instants(frame, CallRecord.called_at),
    )
    confirmed: Any = Complaint.confirmed_at
    complaint = select(frame.week_of(confirmed).label("week"), Complaint.satisfaction).where(
        Complaint.satisfaction.is_not(None), _instants(frame, confirmed)
    )
    # A subquery each: the row limits reach it there, also inside the union.
    answers = union_all(select(call.subquery()), select(complaint.subquery())).subquery()
    return _grouped(answers.c.week, answers.c.satisfaction >= SATISFIED_FROM, answers)


def _answers(kind: DeadlineKind, *, of_subjects: bool) -> Callable[[Frame], Select[Any]]:
    """Return how answers are counted by their stored deadlines; what has none owes nothing by a rule."""

    def counted(frame: Frame) -> Select[Any]:
        week = frame.week_of(Deadline.due_at)
        found = _grouped(week, Deadline.settled_at <= Deadline.due_at, Deadline).where(
            Deadline.kind == kind,
            _instants(frame, Deadline.due_at),
            # While the customer is waited for, nothing is owed.
            Deadline.paused_at.is_(None),
        )
        found = found.join(Complaint, Complaint.id == Deadline.complaint_id)
        return found.where(frame.concerns()) if of_subjects else found

    return counted


def _day(frame: Frame, instant: Any) -> Any:
    return cast(func.timezone(frame.zone.key, instant), Date)


def _customer_file(frame: Frame) -> Select[Any]:
    """Count the files that had to be complete, and those that were by then."""
    due_on = Customer.first_contact_on + FILE_DAYS
    # What was complete before that was noted counts from its entry.
    completed_at = func.coalesce(Customer.completed_at, case((is_complete(), Customer.created_at)))
    is_met = func.coalesce(_day(frame, completed_at) <= due_on, False)
    return _grouped(_week(due_on), is_met, Customer).where(
        Customer.first_contact_on.between(
            frame.weeks[-1].monday - FILE_DAYS * _DAY, frame.week.sunday - FILE_DAYS * _DAY
        ),
        # What an import brought was entered elsewhere, and who knows when.
        Customer.created_by_id.is_not(None),
    )


def _shipped_right(frame: Frame) -> Select[Any]:
    shipment = PartsShipment
    return _grouped(_week(shipment.shipped_on), shipment.is_right, shipment).where(
        _days(frame, shipment.shipped_on)
    )


def _return_repairs(frame: Frame) -> Select[Any]:
    receipt = ServiceReceipt
    return _grouped(_week(receipt.came_in_on), receipt.is_return_repair, receipt).where(
        _days(frame, receipt.came_in_on), receipt.kind == ServiceKind.REPAIR
    )


def _claims(kind: ClaimKind) -> Callable[[Frame], Select[Any]]:
    def counted(frame: Frame) -> Select[Any]:
        claim: Any = WarrantyClaim
        return _grouped(_week(claim.decided_on), claim.outcome == ClaimOutcome.PASSED, claim).where(
            claim.kind == kind, _days(frame, claim.decided_on)
        )

    return counted


def _follow_ups(frame: Frame) -> Select[Any]:
    """Count the follow-ups that fell due, and those made by the end of the week in which they did.

    As the list of what is due reckons them: a first one after the hand-over, or after the entry of a slip
    that came late, and a second one after a first that reached the customer.
    """
    first, second = _first_due(frame).subquery(), _second_due(frame).subquery()
    rows = union_all(
        select(first.c.due_on, first.c.is_met), select(second.c.due_on, second.c.is_met)
    ).subquery()
    week = _week(rows.c.due_on)
    return _grouped(week, rows.c.is_met, rows).where(_days(frame, rows.c.due_on))


def _first_due(frame: Frame) -> Select[Any]:
    receipt, last = ServiceReceipt, FIRST_FOLLOW_UP_DAYS[1]
    entered_on = _day(frame, receipt.created_at)
    came_late = entered_on > receipt.handed_over_on + last
    due_on = case((came_late, entered_on + LATE_SLIP_DAYS), else_=receipt.handed_over_on + last)
    since, until = frame.weeks[-1].monday, frame.week.sunday
    return _owed(frame, due_on, CallPurpose.FIRST_FOLLOW_UP).where(
        or_(
            receipt.handed_over_on.between(since - last * _DAY, until - last * _DAY),
            _instants(frame, receipt.created_at) & came_late,
        ),
        receipt.handed_over_on.is_not(None),
    )


def _second_due(frame: Frame) -> Select[Any]:
    last = SECOND_FOLLOW_UP_DAYS[1]
    reached_on = _day(frame, func.min(CallRecord.called_at))
    firsts = (
        select(CallRecord.service_receipt_id, reached_on.label("reached_on"))
        .where(
            CallRecord.purpose == CallPurpose.FIRST_FOLLOW_UP,
            CallRecord.result == CallResult.REACHED,
            CallRecord.service_receipt_id.is_not(None),
            CallRecord.called_at >= frame.history_from - last * _DAY,
            CallRecord.called_at < frame.ends_at - last * _DAY,
        )
        .group_by(CallRecord.service_receipt_id)
        .subquery()
    )
    owed = _owed(frame, firsts.c.reached_on + last, CallPurpose.SECOND_FOLLOW_UP)
    return owed.join(firsts, firsts.c.service_receipt_id == ServiceReceipt.id)


def _owed(frame: Frame, due_on: Any, purpose: CallPurpose) -> Select[Any]:
    """Return receipts of vehicles in warranty with the day of their follow-up, and whether it was made."""
    called_on = _day(frame, CallRecord.called_at)
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
            CallRecord.called_at >= frame.history_from - LOOKED_BACK,
            CallRecord.called_at < frame.ends_at,
        )
        .group_by(CallRecord.service_receipt_id)
        .subquery()
    )
    ends_on = cast(_week(due_on), Date) + 6
    is_met = func.coalesce(calls.c.made_on <= ends_on, False)
    return (
        select(due_on.label("due_on"), is_met.label("is_met"))
        .select_from(ServiceReceipt)
        .join(Vehicle, Vehicle.id == ServiceReceipt.vehicle_id)
        .outerjoin(calls, calls.c.service_receipt_id == ServiceReceipt.id)
        .where(Vehicle.warranty_until >= ServiceReceipt.handed_over_on)
    )


_COUNTED: Mapping[FigureKind, Callable[[Frame], Select[Any]]] = {
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
