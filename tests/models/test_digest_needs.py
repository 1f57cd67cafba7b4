"""What a department is asked to do, and what customers and shipments told it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from digest_weeks import CUT, STARTS, WEEK, content
from flask import Flask

from factories import Factory
from models import Department, db
from models.department_task import TaskState
from models.measure import MeasureState


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them: two would get in each other's way on one connection."""
    return Factory(db.session)


@pytest.fixture
def department(in_app: Flask, make: Factory) -> Department:
    return make.department("quality-test")


def test_tasks_of_the_department_come_first_those_most_overdue_before_others(
    make: Factory, department: Department
) -> None:
    owner, today = make.staff(name="李雷"), CUT.date()

    def task(days: int, **attributes: object) -> None:
        due_on = today - timedelta(days=days)
        make.department_task(**({"department_id": department.id, "due_on": due_on} | attributes))

    task(3, what="寄出补偿配件，电话13812345678", responsible_id=owner.id)
    task(-2)
    task(0)
    task(5, state=TaskState.DONE, report="已寄出")
    task(9, department_id=make.department().id)
    needs = content(department)["needs_you"]
    assert (needs["tasks_open"], needs["tasks_late"], needs["total"]) == (3, 1, 3)
    first = needs["items"][0]
    assert (first["kind"], first["days_late"], first["owner"]) == ("task", 3, "李雷")
    assert first["text"] == "寄出补偿配件，电话***"
    assert [item["days_late"] for item in needs["items"]] == [3, 0, 0]
    assert not content(department)["is_calm"]


def test_measures_of_the_department_come_before_all_else(make: Factory, department: Department) -> None:
    today = CUT.date()
    make.department_task(department_id=department.id, due_on=today - timedelta(days=9))
    for days in (3, -2, 5, 1):
        make.measure(department_id=department.id, due_on=today - timedelta(days=days))
    make.measure(
        department_id=department.id, due_on=today, state=MeasureState.DONE, done_on=today, report="已换"
    )
    make.measure(due_on=today - timedelta(days=9))
    needs = content(department)["needs_you"]
    assert (needs["measures_open"], needs["measures_late"], needs["total"]) == (4, 3, 5)
    found = [(item["kind"], item["days_late"]) for item in needs["items"]]
    assert found == [("measure", 5), ("measure", 3), ("measure", 1), ("task", 9)]


def test_decisions_that_wait_are_told_to_those_who_get_everything(
    make: Factory, department: Department
) -> None:
    subject = make.subject(name="电机", departments=[department])
    for days in (2, 9, 5):
        complaint = make.complaint(subject_id=subject.id)
        make.proposal(complaint_id=complaint.id, created_at=CUT - timedelta(days=days))
    management = make.department(gets_all_subjects=True)
    needs = content(management)["needs_you"]
    decisions = [item for item in needs["items"] if item["kind"] == "decision"]
    assert needs["decisions"] == 3
    assert [(item["waiting_days"], item["subject"]["name"]) for item in decisions] == [
        (9, "电机"),
        (5, "电机"),
    ]
    assert content(department)["needs_you"]["decisions"] == 0


def test_wrong_shipments_are_told_with_part_dealer_and_why(make: Factory, department: Department) -> None:
    department.gets_shipments = True
    part, dealer = make.part(name="电机", code="P1"), make.dealer(name="徐州宏达")
    make.parts_shipment(shipped_on=WEEK.monday)
    make.parts_shipment(
        shipped_on=WEEK.sunday, part_id=part.id, dealer_id=dealer.id, quantity=4,
        is_right=False, wrong_because="批号错",
    )  # fmt: skip
    shipped = content(department)["shipments"]
    assert (shipped["lines"], shipped["wrong"]) == (2, 1)
    (item,) = shipped["items"]
    assert (item["part"], item["dealer"], item["quantity"], item["because"]) == (
        "电机 P1",
        "徐州宏达",
        4,
        "批号错",
    )
    assert content(make.department())["shipments"] is None


def test_praise_and_wishes_come_masked_and_from_different_customers_and_dealers(
    make: Factory, department: Department
) -> None:
    department.gets_calls = True
    near, far = (make.vehicle(dealer_id=make.dealer().id) for _ in range(2))
    talker = make.customer(name="韩梅梅")

    def call(wish: str, vehicle: object = near, **attributes: object) -> None:
        make.call_record(called_at=STARTS, wishes=wish, vehicle_id=vehicle.id, **attributes)  # type: ignore[attr-defined]  # a vehicle

    call("希望周末也能修车，电话13812345678，我韩梅梅一定来", customer_id=talker.id)
    call("希望韩梅梅那样的老客户有优惠", customer_id=talker.id)
    call("希望换件的时候先打电话问一声")
    call("希望多一点保养点", far)
    make.call_record(called_at=STARTS, praise="换件快，当天就开走了")
    calls = content(department)["calls"]
    assert (calls["total"], calls["praise"]["count"], calls["wishes"]["count"]) == (5, 1, 4)
    said = [quotation["text"] for quotation in calls["wishes"]["quotations"]]
    assert said == [
        "希望周末也能修车，电话***，我***一定来",
        "希望多一点保养点",
        "希望换件的时候先打电话问一声",
    ]
    assert "韩梅梅" not in json.dumps(calls, ensure_ascii=False)
