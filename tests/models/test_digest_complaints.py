"""The complaints that a digest lists and quotes, against rows that are known by heart."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from digest_weeks import ENDS, STARTS, complaints, content, first_answer_due
from flask import Flask

from factories import Factory
from models import Department, Subject, db
from models.complaint import Severity, Step


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them: two would get in each other's way on one connection."""
    return Factory(db.session)


@pytest.fixture
def department(in_app: Flask, make: Factory) -> Department:
    return make.department("quality-test")


@pytest.fixture
def subject(make: Factory, department: Department) -> Subject:
    return make.subject(name="电机", name_en="Motor", departments=[department])


def test_open_and_unanswered_complaints_are_counted_by_age(
    make: Factory, department: Department, subject: Subject
) -> None:
    def at(days: float, **attributes: Any) -> None:
        first_answer_due(make, subject, ENDS - timedelta(days=days), **attributes)

    at(0.5)  # not late yet
    at(1)  # 24 hours to the instant: in time until it has passed
    at(1.1)
    at(2.9, step=Step.VERIFIED, verified_at=ENDS)
    at(3)
    at(7.9)
    at(8, step=Step.ANALYSED)
    at(30.9)
    at(31)
    at(400, step=Step.CONFIRMED)
    first_answer_due(make, subject, ENDS)
    payload = content(department)
    ages = [(age["from"], age["to"], age["open"], age["late"]) for age in payload["open"]["by_age"]]
    assert ages == [(0, 2, 4, 1), (3, 7, 2, 2), (8, 30, 2, 1), (31, None, 1, 1)]
    assert (payload["open"]["total"], payload["open"]["late"]) == (9, 5)


def test_grave_complaints_come_first_then_the_longest_waiting(
    make: Factory, department: Department, subject: Subject
) -> None:
    def at(days: float, **attributes: Any) -> str:
        at = ENDS - timedelta(days=days)
        return first_answer_due(make, subject, at, description=None, **attributes).number

    oldest, older = at(20), at(10)
    severe = at(9, severity=Severity.SEVERE, step=Step.VERIFIED)
    newer_severe = at(2, severity=Severity.SEVERE, step=Step.VERIFIED)
    safety = at(15, is_safety_relevant=True)
    at(5, step=Step.VERIFIED)
    at(5, severity=Severity.SEVERE, step=Step.CONFIRMED)
    needs = content(department)["needs_you"]
    assert [item["number"] for item in needs["items"]] == [safety, newer_severe, severe, oldest, older]
    assert needs["total"] == 5
    assert needs["items"][0]["waiting_days"] == 15
    assert needs["items"][0]["is_late"]
    assert not needs["items"][1]["is_late"]


def test_never_more_than_ten_complaints_are_listed(
    make: Factory, department: Department, subject: Subject
) -> None:
    complaints(make, subject, 12, severity=Severity.SEVERE)
    for _ in range(12):
        first_answer_due(make, subject, STARTS - timedelta(days=7))
    needs = content(department)["needs_you"]
    assert len(needs["items"]) <= 10
    assert needs["total"] == 24


def test_owner_product_and_dealer_stand_with_a_complaint(
    make: Factory, department: Department, subject: Subject
) -> None:
    dealer, owner = make.dealer(name="徐州宏达"), make.staff(name="李雷")
    complaints(
        make, subject, 1, severity=Severity.SEVERE, dealer_id=dealer.id, responsible_id=owner.id,
        product="HS-150", description="客户韩梅梅电话13812345678，行驶中电机突然异响。",
        customer_name="韩梅梅",
    )  # fmt: skip
    (item,) = content(department)["needs_you"]["items"]
    assert (item["owner"], item["product"], item["dealer"]) == ("李雷", "HS-150", "徐州宏达")
    assert item["text"] == "客户***电话***，行驶中电机突然异响。"


def test_no_phone_plate_frame_number_or_name_leaves_in_the_payload(
    make: Factory, department: Department, subject: Subject
) -> None:
    text = "我叫韩梅梅，电话13812345678，车牌苏D12345，车架号LHS00000000001234，行驶中电机异响严重。"
    complaints(make, subject, 3, description=text, customer_name="韩梅梅", address="常州1号")
    complaints(make, subject, 1, description=text, customer_name="韩梅梅", severity=Severity.SEVERE)
    frozen = json.dumps(content(department), ensure_ascii=False)
    for secret in ("韩梅梅", "13812345678", "苏D12345", "LHS00000000001234", "常州1号"):
        assert secret not in frozen
    assert "电机异响严重" in frozen


def test_a_quotation_prefers_what_is_not_said_above(
    make: Factory, department: Department, subject: Subject
) -> None:
    first_answer_due(make, subject, STARTS, description="行驶中电机异响，突然断电，无法启动。")
    complaints(make, subject, 1, description="上坡时没有力气，只好推着车走。", step=Step.VERIFIED)
    payload = content(department)
    assert payload["needs_you"]["items"][0]["text"] == "行驶中电机异响，突然断电，无法启动。"
    assert payload["subjects"]["top"][0]["quotation"]["text"] == "上坡时没有力气，只好推着车走。"


def test_a_quotation_is_of_this_week_and_of_one_subject(
    make: Factory, department: Department, subject: Subject
) -> None:
    other = make.subject(departments=[department])
    complaints(make, subject, 2, description="上周行驶时电机异响，无法启动。", weeks_back=1)
    complaints(make, subject, 2, description="本周行驶时电机异响，无法启动。")
    complaints(make, other, 1, description="本周行驶时电机异响，无法启动。")
    quotations = {row["id"]: row["quotation"] for row in content(department)["subjects"]["top"]}
    assert quotations[subject.id]["text"] == "本周行驶时电机异响，无法启动。"
    assert quotations[other.id] is None
