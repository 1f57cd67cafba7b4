"""The figures of a digest against their targets, over rows that are known by heart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from digest_weeks import ENDS, STARTS, WEEK, content
from flask import Flask
from sqlalchemy import update

from factories import Factory
from models import Customer, Department, Subject, db
from models.call_record import CallPurpose, CallResult
from models.centre import find_centre
from models.complaint import Step
from models.customer import CustomerKind
from models.deadline_rule import DeadlineKind
from models.digest_figures import judged
from models.figure_kind import FigureKind
from models.proportion import Proportion
from models.service_receipt import ServiceKind
from models.warranty_claim import ClaimKind, ClaimOutcome

DAY = timedelta(days=1)


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them: two would get in each other's way on one connection."""
    return Factory(db.session)


@pytest.fixture
def department(in_app: Flask, make: Factory) -> Department:
    return make.department("quality-test", digest_figures=[kind.value for kind in FigureKind])


@pytest.fixture
def subject(make: Factory, department: Department) -> Subject:
    return make.subject(departments=[department])


def figure(department: Department, kind: FigureKind) -> dict[str, Any]:
    return next(each for each in content(department)["figures"] if each["key"] == kind.value)


def counted(department: Department, kind: FigureKind) -> tuple[int, int]:
    found = figure(department, kind)
    return found["met"], found["total"]


def test_first_answers_are_those_due_in_the_week_by_their_stored_deadline(
    make: Factory, department: Department, subject: Subject
) -> None:
    def owed(due_at: Any, answered_at: Any = None, of: Subject = subject, **attributes: Any) -> None:
        complaint = make.complaint(subject_id=of.id, registered_at=due_at - DAY, verified_at=answered_at)
        make.deadline(complaint, due_at=due_at, settled_at=answered_at, **attributes)

    owed(STARTS, STARTS)
    owed(STARTS + DAY, STARTS + 2 * DAY)
    owed(ENDS - timedelta(seconds=1))
    owed(ENDS)
    owed(STARTS + DAY, STARTS, make.subject())
    owed(STARTS + DAY, paused_at=STARTS, resumes_at=ENDS)
    owed(STARTS - DAY, STARTS - DAY)
    found = figure(department, FigureKind.FIRST_ANSWER)
    assert (found["met"], found["total"], found["target"]) == (1, 3, 1.0)
    assert found["interval"] == pytest.approx([0.0615, 0.7923], abs=5e-5)
    assert found["is_missed"]
    assert found["last_week"] == {"met": 1, "total": 1}
    assert found["median"] is None


def test_what_customers_are_told_the_same_day_counts_for_the_whole_centre(
    make: Factory, department: Department
) -> None:
    make.deadline(kind=DeadlineKind.TELL_CUSTOMER, due_at=ENDS - DAY, settled_at=ENDS - 2 * DAY)
    make.deadline(kind=DeadlineKind.TELL_CUSTOMER, due_at=ENDS - DAY)
    assert counted(department, FigureKind.SAME_DAY_ANSWER) == (1, 2)


def test_satisfied_are_the_answers_of_follow_ups_and_at_the_end_of_complaints(
    make: Factory, department: Department
) -> None:
    def call(satisfaction: int | None, purpose: CallPurpose = CallPurpose.FIRST_FOLLOW_UP) -> None:
        make.call_record(called_at=STARTS, purpose=purpose, satisfaction=satisfaction)

    for answer in (5, 4, 3, None):
        call(answer)
    call(1, CallPurpose.REMINDER)
    make.complaint(confirmed_at=STARTS, satisfaction=5, step=Step.CONFIRMED)
    make.complaint(confirmed_at=ENDS, satisfaction=1, step=Step.CONFIRMED)
    assert counted(department, FigureKind.SATISFACTION) == (3, 4)


@pytest.mark.parametrize(("met", "is_missed"), [(48, False), (40, True)])
def test_a_target_is_missed_only_where_chance_does_not_explain_it(met: int, *, is_missed: bool) -> None:
    found = judged(FigureKind.SATISFACTION, Proportion(met, 50), 0.98)
    assert (found["is_met"], found["is_missed"]) == (False, is_missed)


def test_shipments_repairs_and_claims_count_by_their_day(make: Factory, department: Department) -> None:
    monday, sunday = WEEK.monday, WEEK.sunday
    for day, is_right in ((monday, True), (sunday, False), (monday - DAY, False)):
        make.parts_shipment(shipped_on=day, is_right=is_right, wrong_because=None if is_right else "批号错")
    for kind, is_return in (
        (ServiceKind.REPAIR, True),
        (ServiceKind.REPAIR, False),
        (ServiceKind.INQUIRY, False),
    ):
        make.service_receipt(came_in_on=monday, kind=kind, is_return_repair=is_return)
    supplier = {"kind": ClaimKind.ON_SUPPLIER, "supplier_id": make.supplier().id}
    for outcome, more in (
        (ClaimOutcome.PASSED, {}),
        (ClaimOutcome.REJECTED, {}),
        (ClaimOutcome.PASSED, supplier),
    ):
        make.warranty_claim(
            claimed_on=monday, decided_on=sunday, outcome=outcome, decision_reason="非质量原因", **more
        )
    assert counted(department, FigureKind.SHIPPED_RIGHT) == (1, 2)
    assert counted(department, FigureKind.RETURN_REPAIRS) == (1, 2)
    assert counted(department, FigureKind.CLAIMS_PASSED) == (1, 2)
    assert counted(department, FigureKind.SUPPLIER_CLAIMS_PASSED) == (1, 1)


def test_follow_ups_of_vehicles_in_warranty_count_in_the_week_in_which_they_fall_due(
    make: Factory, department: Department
) -> None:
    covered = make.vehicle(warranty_until=WEEK.sunday)
    lapsed = make.vehicle(warranty_until=WEEK.monday - 30 * DAY)

    def visit(due_on: Any, vehicle: Any = covered, **attributes: Any) -> int:
        day = due_on - 7 * DAY
        made = make.service_receipt(
            came_in_on=day, handed_over_on=day, vehicle_id=vehicle.id,
            **({"created_at": STARTS - 7 * DAY} | attributes),
        )  # fmt: skip
        return made.id

    def call(
        receipt: int, at: Any, result: CallResult = CallResult.REACHED, *, is_second: bool = False
    ) -> None:
        purpose = CallPurpose.SECOND_FOLLOW_UP if is_second else CallPurpose.FIRST_FOLLOW_UP
        make.call_record(service_receipt_id=receipt, called_at=at, result=result, purpose=purpose)

    def missed(receipt: int, days: int) -> None:
        for day in range(days):
            call(receipt, STARTS + day * DAY, CallResult.NOT_REACHED)

    call(visit(WEEK.monday), STARTS)
    # Made, but after the week in which it was due.
    call(visit(WEEK.sunday), ENDS)
    missed(visit(WEEK.sunday), 3)
    missed(visit(WEEK.sunday), 2)
    call(visit(WEEK.sunday, lapsed), STARTS)
    # Slips that came late are due three days after they were entered.
    call(visit(WEEK.monday - 40 * DAY, created_at=STARTS + DAY), STARTS + 2 * DAY)
    visit(WEEK.monday - 40 * DAY, created_at=ENDS - DAY)
    # A second is due two weeks after a first that reached the customer.
    for second_at in (STARTS, None):
        receipt = visit(WEEK.monday - 9 * DAY)
        call(receipt, STARTS - 10 * DAY)
        if second_at:
            call(receipt, second_at, is_second=True)
    assert counted(department, FigureKind.FOLLOW_UP) == (4, 7)


FULL_FILE = {
    "address": "徐州市解放路 1 号",
    "source": "展会",
    "wished_service": "上门保养",
    "first_contact_on": WEEK.monday,
}


def test_customer_files_count_as_made_once_they_are_complete_within_two_days(
    make: Factory, department: Department
) -> None:
    staff, region = make.staff(), make.region()
    full = FULL_FILE | {"region": region, "created_by_id": staff.id}
    in_time, late = STARTS + DAY, ENDS
    make.customer(**full, created_at=in_time, completed_at=in_time)
    make.customer(**full, created_at=in_time, completed_at=late)
    # Entered in time, and never complete.
    make.customer(**full | {"address": None}, created_at=in_time)
    make.customer(**full | {"kind": CustomerKind.COMPANY}, created_at=in_time)
    # Not due in this week, and imported.
    make.customer(**full | {"first_contact_on": WEEK.sunday}, created_at=late)
    make.customer(**full | {"created_by_id": None}, created_at=late)
    assert counted(department, FigureKind.CUSTOMER_FILE) == (1, 4)
    # What was complete before that was noted counts from its entry.
    db.session.execute(update(Customer).values(completed_at=None))
    assert counted(department, FigureKind.CUSTOMER_FILE) == (2, 4)


def test_a_limit_is_missed_only_where_the_whole_interval_lies_above_it(
    make: Factory, department: Department
) -> None:
    for number in range(20):
        make.service_receipt(came_in_on=WEEK.monday, is_return_repair=number < 1)
    found = figure(department, FigureKind.RETURN_REPAIRS)
    assert (found["is_met"], found["is_missed"], found["target"]) == (False, False, 0.02)
    for _ in range(10):
        make.service_receipt(came_in_on=WEEK.monday, is_return_repair=True)
    assert figure(department, FigureKind.RETURN_REPAIRS)["is_missed"]


def test_a_department_is_told_of_the_figures_and_targets_that_were_chosen(
    make: Factory, department: Department
) -> None:
    department.digest_figures = [FigureKind.SHIPPED_RIGHT.value]
    find_centre().figure_targets = {FigureKind.SHIPPED_RIGHT.value: 99.5}
    db.session.flush()
    (found,) = content(department)["figures"]
    assert (found["key"], found["target"]) == ("shipped_right", pytest.approx(0.995))
