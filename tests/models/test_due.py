"""What is due, by when, for whom, and what settles it."""

from __future__ import annotations

import pytest
from due_records import ZONE, call, day, due, handed_over, noon, only
from flask import Flask

from factories import Factory
from models import db
from models.base import now
from models.call_record import CallPurpose, CallResult
from models.complaint import Severity
from models.deadline import pause, settle_deadline, start_deadlines
from models.deadline_rule import DeadlineKind
from models.department_task import TaskState
from models.due import NOBODY, DueKind, Wanted, Window, due_lists
from models.service_receipt import ServiceKind
from models.warranty_claim import ClaimKind, ClaimOutcome


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them: two would get in each other's way on one connection."""
    return Factory(db.session)


def test_what_a_complaint_owes_stands_there_until_it_is_settled(in_app: Flask, make: Factory) -> None:
    due_at = noon(-1)
    customer = make.customer(phone="13900001111")
    given = {"customer_id": customer.id, "customer_name": "王师傅", "phone": None}
    complaint = make.owing(DeadlineKind.FIRST_ANSWER, due_at, **given)
    make.complaint(registered_at=due_at)
    item = only(DueKind.FIRST_ANSWER)
    assert item is not None
    assert (item.table, item.row_id, item.label) == ("complaint", complaint.id, complaint.number)
    assert (item.due_at, item.is_late, item.is_urgent) == (due_at, True, False)
    assert (item.who, item.phone, item.customer_id) == ("王师傅", "13900001111", customer.id)
    settle_deadline(complaint, DeadlineKind.FIRST_ANSWER, now())
    assert only(DueKind.FIRST_ANSWER) is None


def test_an_answer_that_is_still_in_time_is_due_tomorrow_and_not_late(in_app: Flask, make: Factory) -> None:
    make.owing(DeadlineKind.FIRST_ANSWER, noon(1))
    item = only(DueKind.FIRST_ANSWER, 1)
    assert item is not None
    assert not item.is_late
    assert item.due_on == day(1)
    assert only(DueKind.FIRST_ANSWER, 0) is None


def test_while_the_customer_is_waited_for_nothing_is_due(in_app: Flask, make: Factory) -> None:
    complaint = make.owing(DeadlineKind.SOLVED, noon(-1))
    assert only(DueKind.SOLVED) is not None
    pause(complaint, now())
    assert only(DueKind.SOLVED) is None


def test_a_complaint_says_its_next_step_once(in_app: Flask, make: Factory) -> None:
    complaint = make.owing(DeadlineKind.FIRST_ANSWER, noon(0))
    start_deadlines([(complaint.id, DeadlineKind.SOLVED, now())])
    assert [item.kind for item in due()] == [DueKind.FIRST_ANSWER]
    settle_deadline(complaint, DeadlineKind.FIRST_ANSWER, now())
    assert [item.kind for item in due()] == [DueKind.SOLVED]


def test_a_solution_is_carried_out_once_its_tasks_are(in_app: Flask, make: Factory) -> None:
    complaint = make.owing(DeadlineKind.CARRIED_OUT, noon(1))
    task = make.department_task(complaint_id=complaint.id, due_on=day(1), what="寄电池")
    assert [(item.kind, item.row_id, item.about) for item in due()] == [
        (DueKind.DEPARTMENT_TASK, task.id, "寄电池")
    ]
    task.report, task.state = "寄了", TaskState.DONE
    db.session.flush()
    assert [item.kind for item in due()] == [DueKind.CARRIED_OUT]


def test_who_handled_a_complaint_is_not_the_one_to_ask_whether_it_satisfies(
    in_app: Flask, make: Factory
) -> None:
    handler, agent = make.staff(), make.staff()
    customer = make.customer(responsible_id=agent.id)
    make.owing(DeadlineKind.CONFIRMED, noon(1), responsible_id=handler.id, customer_id=customer.id)
    alone = make.owing(DeadlineKind.CONFIRMED, noon(1), responsible_id=handler.id)
    assert due(responsible_ids=[handler.id, NOBODY]) == []
    assert [item.responsible_id for item in due(responsible_ids=[agent.id])] == [agent.id]
    assert [item.row_id for item in due(responsible_ids=[NOBODY])] == [alone.id]


def test_who_proposed_finds_no_decision_to_take(in_app: Flask, make: Factory) -> None:
    proposer, other = make.staff(), make.staff()
    complaint = make.owing(DeadlineKind.DECISION, noon(1), responsible_id=proposer.id)
    make.proposal(complaint_id=complaint.id, created_by_id=proposer.id, details="换一个")
    assert due(responsible_ids=[proposer.id, NOBODY]) == []
    assert [item.about for item in due(responsible_ids=[other.id, NOBODY])] == ["换一个"]


def test_what_is_severe_or_unsafe_is_told_apart(in_app: Flask, make: Factory) -> None:
    plain = make.owing(DeadlineKind.SOLVED, noon(-2))
    severe = make.owing(DeadlineKind.SOLVED, noon(0), severity=Severity.SEVERE)
    unsafe = make.owing(DeadlineKind.FIRST_ANSWER, noon(-1), is_safety_relevant=True)
    make.call_record(promise="寄", promised_until=day(-1))
    windows = [Window(day(0), is_urgent=True), Window(day(0), is_urgent=False)]
    urgent, other = due_lists(windows, Wanted(), zone=ZONE)
    assert [(item.row_id, item.is_urgent) for item in urgent] == [(unsafe.id, True), (severe.id, True)]
    assert [item.kind for item in other] == [DueKind.SOLVED, DueKind.PROMISE]
    assert other[0].row_id == plain.id


def test_the_first_follow_up_lies_3_to_7_days_after_the_hand_over(in_app: Flask, make: Factory) -> None:
    agent = make.staff()
    customer = make.customer(responsible_id=agent.id, phone="13900002222")
    vehicle = make.vehicle(plate_number="鲁Q12345")
    receipt = handed_over(make, -2, customer_id=customer.id, vehicle_id=vehicle.id, work_done="换电机")
    item = only(DueKind.FIRST_FOLLOW_UP)
    assert item is not None
    assert (item.starts_on, item.due_on, item.is_late) == (day(1), day(5), False)
    assert (item.table, item.row_id, item.about) == ("service_receipt", receipt.id, "换电机")
    assert (item.who, item.phone, item.responsible) == (customer.name, "13900002222", agent.name)
    assert item.vehicle is not None
    assert item.vehicle.startswith("鲁Q12345")
    assert only(DueKind.FIRST_FOLLOW_UP, 4) is None


def test_a_slip_that_came_late_is_followed_up_within_3_days_of_its_entry(
    in_app: Flask, make: Factory
) -> None:
    handed_over(make, -20, created_at=noon(-1))
    item = only(DueKind.FIRST_FOLLOW_UP)
    assert item is not None
    assert (item.starts_on, item.due_on) == (day(-1), day(2))


def test_a_vehicle_that_is_still_in_the_workshop_is_not_followed_up(in_app: Flask, make: Factory) -> None:
    make.service_receipt(came_in_on=day(-9))
    assert due() == []


def test_follow_ups_that_nobody_made_drop_out_after_90_days(in_app: Flask, make: Factory) -> None:
    handed_over(make, -91)
    assert only(DueKind.FIRST_FOLLOW_UP) is None
    handed_over(make, -90)
    item = only(DueKind.FIRST_FOLLOW_UP)
    assert item is not None
    assert item.is_late


ATTEMPTS: dict[str, tuple[list[tuple[int, CallResult]], bool]] = {
    "reached": ([(-5, CallResult.REACHED)], True),
    "asked to call again": ([(-5, CallResult.CALL_BACK)], False),
    "twice": ([(-5, CallResult.NOT_REACHED), (-4, CallResult.NOT_REACHED)], False),
    "three times on one day": ([(-5, CallResult.NOT_REACHED)] * 3, False),
    "on three days": ([(-n, CallResult.NOT_REACHED) for n in (5, 4, 3)], True),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_first_follow_up_counts_once_reached_or_after_three_days(
    in_app: Flask, make: Factory, name: str
) -> None:
    calls, counts = ATTEMPTS[name]
    receipt = handed_over(make, -8)
    for distance, result in calls:
        call(make, receipt, distance, result)
    assert (only(DueKind.FIRST_FOLLOW_UP) is None) == counts


def test_a_follow_up_tells_of_the_calls_that_reached_nobody(in_app: Flask, make: Factory) -> None:
    receipt = handed_over(make, -8)
    item = only(DueKind.FIRST_FOLLOW_UP)
    assert item is not None
    assert (item.attempts, item.tried_at) == (0, None)
    for distance in (-4, -2):
        call(make, receipt, distance, CallResult.NOT_REACHED)
    call(make, receipt, -1, CallResult.REACHED, purpose=CallPurpose.INQUIRY)
    call(make, handed_over(make, -200), -1, CallResult.NOT_REACHED)
    item = only(DueKind.FIRST_FOLLOW_UP)
    assert item is not None
    assert (item.attempts, item.tried_at) == (2, noon(-2))


def test_a_call_about_something_else_is_no_follow_up(in_app: Flask, make: Factory) -> None:
    receipt = handed_over(make, -8)
    call(make, receipt, -5, CallResult.REACHED, purpose=CallPurpose.INQUIRY)
    call(make, handed_over(make, -200), -5, CallResult.REACHED)
    item = only(DueKind.FIRST_FOLLOW_UP)
    assert item is not None
    assert item.row_id == receipt.id


def test_the_second_follow_up_lies_in_the_week_after_one_week(in_app: Flask, make: Factory) -> None:
    receipt = handed_over(make, -8)
    call(make, receipt, -4, CallResult.NOT_REACHED)
    assert only(DueKind.SECOND_FOLLOW_UP) is None
    call(make, receipt, -3, CallResult.REACHED, points="嫌减震太硬")
    call(make, receipt, -1, CallResult.REACHED, points="又问了一次")
    item = only(DueKind.SECOND_FOLLOW_UP)
    assert item is not None
    assert (item.starts_on, item.due_on) == (day(4), day(11))
    assert (item.table, item.row_id, item.about) == ("service_receipt", receipt.id, "嫌减震太硬")
    call(make, receipt, 0, CallResult.REACHED, purpose=CallPurpose.SECOND_FOLLOW_UP)
    assert only(DueKind.SECOND_FOLLOW_UP) is None


def test_a_promise_is_due_until_it_was_kept_however_old_it_is(in_app: Flask, make: Factory) -> None:
    made = make.call_record(promise="寄配件", promised_until=day(-400))
    make.call_record(promise="寄手册", promised_until=day(-4), promise_kept_on=day(-5))
    make.call_record(promise="以后再说")
    item = only(DueKind.PROMISE)
    assert item is not None
    assert (item.table, item.row_id, item.about, item.is_late) == ("call_record", made.id, "寄配件", True)


VEHICLE_DAYS = {DueKind.MAINTENANCE: "next_maintenance_on", DueKind.WARRANTY_END: "warranty_until"}


@pytest.mark.parametrize("kind", VEHICLE_DAYS)
def test_the_customer_is_told_of_maintenance_and_end_of_warranty(
    in_app: Flask, make: Factory, kind: DueKind
) -> None:
    customer = make.customer()
    vehicle = make.vehicle(customer_id=customer.id, **{VEHICLE_DAYS[kind]: day(10)})
    make.vehicle(**{VEHICLE_DAYS[kind]: day(10)})
    item = only(kind)
    assert item is not None
    assert (item.due_on, item.starts_on, item.row_id) == (day(10), day(-20), vehicle.id)
    told = {"customer_id": customer.id, "vehicle_id": vehicle.id, "purpose": CallPurpose.REMINDER}
    make.call_record(called_at=noon(-100), **told)
    make.call_record(called_at=noon(-1), result=CallResult.NOT_REACHED, **told)
    assert only(kind) is not None
    make.call_record(called_at=noon(-1), **told)
    assert only(kind) is None


def test_a_maintenance_that_was_done_is_not_due(in_app: Flask, make: Factory) -> None:
    vehicle = make.vehicle(customer_id=make.customer().id, next_maintenance_on=day(10))
    make.service_receipt(vehicle_id=vehicle.id, kind=ServiceKind.REPAIR, came_in_on=day(-1))
    make.service_receipt(vehicle_id=vehicle.id, kind=ServiceKind.MAINTENANCE, came_in_on=day(-150))
    assert only(DueKind.MAINTENANCE) is not None
    make.service_receipt(vehicle_id=vehicle.id, kind=ServiceKind.MAINTENANCE, came_in_on=day(-1))
    assert only(DueKind.MAINTENANCE) is None


@pytest.mark.parametrize(
    ("attributes", "is_due"),
    [
        ({"next_maintenance_on": -90}, True),
        ({"next_maintenance_on": -91}, False),
        ({"warranty_until": 0}, True),
        ({"warranty_until": -1}, False),
    ],
)
def test_vehicles_of_former_years_do_not_bury_the_work_of_today(
    in_app: Flask, make: Factory, attributes: dict[str, int], is_due: bool
) -> None:
    days = {name: day(distance) for name, distance in attributes.items()}
    make.vehicle(customer_id=make.customer().id, **days)
    assert bool(due()) == is_due


def test_a_claim_of_a_dealer_is_decided_within_14_days(in_app: Flask, make: Factory) -> None:
    dealer = make.dealer(name="鲁南车行", phone="0539-1234567")
    claim = make.warranty_claim(dealer_id=dealer.id, claimed_on=day(-15))
    make.warranty_claim(claimed_on=day(-15), outcome=ClaimOutcome.PASSED, decided_on=day(-1))
    make.warranty_claim(claimed_on=day(-15), kind=ClaimKind.ON_SUPPLIER, supplier_id=make.supplier().id)
    item = only(DueKind.WARRANTY_CLAIM)
    assert item is not None
    assert (item.row_id, item.due_on, item.is_late) == (claim.id, day(-1), True)
    assert (item.who, item.phone, item.dealer_id) == ("鲁南车行", "0539-1234567", dealer.id)
