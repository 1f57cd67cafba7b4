"""Which records papers keep from going."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from factories import Factory
from models import (
    CallRecord,
    Complaint,
    Customer,
    Dealer,
    DepartmentTask,
    Letter,
    Record,
    ServiceReceipt,
    Vehicle,
    WarrantyClaim,
    db,
)
from models.base import now
from models.complaint import Step
from models.keeping import RULES, kept_among
from models.warranty_claim import ClaimOutcome

CAME_IN = date(2026, 3, 2)
DECIDED: dict[str, Any] = {"outcome": ClaimOutcome.PASSED, "decided_on": date(2026, 3, 9)}


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Return the factory of records, in the session that the rules ask."""
    return Factory(db.session())


def is_kept(record: Record) -> bool:
    return bool(kept_among(type(record), [record.id]))


@pytest.mark.parametrize("step", list(Step))
def test_a_closed_complaint_is_kept_an_open_one_is_not(step: Step, make: Factory) -> None:
    assert is_kept(make.complaint(step=step)) is (step is Step.CONFIRMED)


def test_a_decided_claim_is_kept_an_open_one_is_not(make: Factory) -> None:
    assert is_kept(make.warranty_claim(**DECIDED))
    rejected = {"outcome": ClaimOutcome.REJECTED, "decision_reason": "过期", "decided_on": CAME_IN}
    assert is_kept(make.warranty_claim(**rejected))
    assert not is_kept(make.warranty_claim())


@pytest.mark.parametrize(
    ("until", "kept"), [(CAME_IN, True), (date(2026, 3, 1), False), (None, False)], ids=str
)
def test_a_receipt_is_kept_where_the_vehicle_came_within_its_warranty(
    until: date | None, kept: bool, make: Factory
) -> None:
    vehicle = make.vehicle(warranty_until=until)
    assert is_kept(make.service_receipt(vehicle_id=vehicle.id, came_in_on=CAME_IN)) is kept


def test_a_claimed_receipt_is_kept_as_long_as_its_claim_is_there(make: Factory) -> None:
    receipt = make.service_receipt()
    claim = make.warranty_claim(service_receipt_id=receipt.id)
    assert is_kept(receipt)
    claim.deleted_at = now()
    make.session.commit()
    assert not is_kept(receipt)


@pytest.mark.parametrize(
    ("media_type", "kept"),
    [("application/pdf", True), ("image/jpeg", True), ("text/plain", True), ("audio/mpeg", False)],
)
def test_a_file_that_may_be_a_paper_keeps_a_record_of_any_type(
    media_type: str, kept: bool, make: Factory
) -> None:
    dealer, other = make.dealer(), make.dealer()
    file = make.attachment(make.note(dealer), media_type=media_type)
    assert is_kept(dealer) is kept
    assert not is_kept(other)
    file.deleted_at = now()
    make.session.commit()
    assert not is_kept(dealer)


@pytest.mark.parametrize("model", [Customer, Vehicle])
def test_who_has_papers_that_are_kept_is_kept_too(model: type[Record], make: Factory) -> None:
    owner, key = make.record(model), f"{model.__tablename__}_id"
    make.complaint(**{key: owner.id})
    assert not is_kept(owner)
    make.complaint(**{key: owner.id, "step": Step.CONFIRMED})
    assert is_kept(owner)
    assert not is_kept(make.record(model))


def test_a_vehicle_is_kept_by_a_receipt_within_its_own_warranty_alone(make: Factory) -> None:
    make.vehicle(warranty_until=date(2030, 1, 1))
    ended = make.vehicle(warranty_until=date(2026, 1, 1))
    make.service_receipt(vehicle_id=ended.id, came_in_on=CAME_IN)
    assert not is_kept(ended)
    ended.warranty_until = CAME_IN
    make.session.commit()
    assert is_kept(ended)


def test_papers_of_what_hangs_on_a_customer_count(make: Factory) -> None:
    customer = make.customer()
    complaint = make.complaint(customer_id=customer.id)
    make.attachment(make.note(complaint), media_type="application/pdf")
    assert is_kept(customer)


def test_several_are_told_apart_by_one_query_a_rule(make: Factory) -> None:
    kept, free = make.complaint(step=Step.CONFIRMED), make.complaint()
    (found,) = kept_among(Complaint, [free.id, kept.id])
    assert found.ids == (kept.id,)
    papers = {CallRecord, DepartmentTask, Letter}
    assert {Complaint, WarrantyClaim, ServiceReceipt, Customer, Vehicle, *papers} == set(RULES)
    assert Dealer not in RULES
