"""The figures of one record's page: what counts, from when on, and only what the reader may see."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask

from conftest import count_queries
from factories import Factory
from models import acting_as
from models.actor import Actor
from models.call_record import CallResult
from models.complaint import Step
from models.organisation import Role
from models.overview import (
    customer_overview,
    dealer_overview,
    part_overview,
    supplier_faults,
    vehicle_overview,
)
from models.proportion import Proportion
from models.rate import Rate
from models.service_receipt import ServiceKind
from models.warranty_claim import ClaimKind, ClaimOutcome

FIRST = date(2026, 1, 1)
SINCE = datetime(2025, 12, 31, 16, tzinfo=UTC)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def test_a_customer_was_last_heard_when_somebody_reached_them(in_app: Flask, make: Factory) -> None:
    key = make.customer().id
    make.call_record(customer_id=key, called_at=at(2), satisfaction=4)
    make.call_record(customer_id=key, called_at=at(5))
    make.call_record(customer_id=key, called_at=at(9), result=CallResult.NOT_REACHED)
    make.service_receipt(customer_id=key, came_in_on=date(2026, 3, 7))
    make.call_record(called_at=at(20), satisfaction=1)
    found = customer_overview(key)
    assert (found.last_call_at, found.last_visit_on) == (at(5), date(2026, 3, 7))
    assert (found.satisfaction, found.satisfaction_at) == (4, at(2))
    assert found.last_complaint_at is None


def test_a_customer_of_whom_nothing_is_known_has_no_figures_but_zeros(in_app: Flask, make: Factory) -> None:
    found = customer_overview(make.customer().id)
    assert (found.open_complaints, found.vehicles, found.satisfaction) == (0, 0, None)


def test_complaints_are_open_until_they_are_confirmed(in_app: Flask, make: Factory) -> None:
    customer, subject = make.customer(), make.subject()
    for step in Step:
        make.complaint(customer_id=customer.id, subject_id=subject.id, step=step)
    make.vehicle(customer_id=customer.id)
    found = customer_overview(customer.id)
    assert (found.open_complaints, found.vehicles) == (len(Step) - 1, 1)


def test_a_dealer_is_looked_at_from_the_first_day_on(in_app: Flask, make: Factory) -> None:
    dealer, subject, customer = make.dealer(), make.subject(), make.customer()
    for registered_at in (SINCE, SINCE - timedelta(seconds=1)):
        make.complaint(dealer_id=dealer.id, subject_id=subject.id, registered_at=registered_at)
    for came_in_on, is_return, kind in (
        (FIRST, True, ServiceKind.REPAIR),
        (FIRST, False, ServiceKind.REPAIR),
        (FIRST, False, ServiceKind.MAINTENANCE),
        (FIRST - timedelta(days=1), True, ServiceKind.REPAIR),
    ):
        make.service_receipt(
            dealer_id=dealer.id,
            customer_id=customer.id,
            came_in_on=came_in_on,
            is_return_repair=is_return,
            kind=kind,
        )
    found = dealer_overview(dealer.id, FIRST, SINCE)
    assert (found.complaints, found.open_complaints) == (1, 2)
    assert found.return_repairs == Proportion(1, 2)


def test_claims_of_a_dealer_count_once_they_are_decided(in_app: Flask, make: Factory) -> None:
    dealer, supplier = make.dealer(), make.supplier()
    decided = {"dealer_id": dealer.id, "claimed_on": FIRST - timedelta(days=30), "decided_on": FIRST}
    make.warranty_claim(**decided, outcome=ClaimOutcome.PASSED)
    make.warranty_claim(**decided, outcome=ClaimOutcome.REJECTED, decision_reason="超过保修期")
    make.warranty_claim(dealer_id=dealer.id)
    make.warranty_claim(**decided | {"decided_on": FIRST - timedelta(days=1)}, outcome=ClaimOutcome.PASSED)
    make.warranty_claim(
        **decided, outcome=ClaimOutcome.PASSED, kind=ClaimKind.ON_SUPPLIER, supplier_id=supplier.id
    )
    assert dealer_overview(dealer.id, FIRST, SINCE).claims_passed == Proportion(1, 2)


def test_a_vehicle_is_counted_over_its_whole_life(in_app: Flask, make: Factory) -> None:
    vehicle, customer = make.vehicle(), make.customer()
    for kind, is_return in (
        (ServiceKind.REPAIR, False),
        (ServiceKind.REPAIR, True),
        (ServiceKind.INQUIRY, False),
    ):
        make.service_receipt(
            vehicle_id=vehicle.id, customer_id=customer.id, kind=kind, is_return_repair=is_return
        )
    make.complaint(vehicle_id=vehicle.id, step=Step.CONFIRMED)
    found = vehicle_overview(vehicle.id)
    assert (found.repairs, found.return_repairs) == (2, 1)
    assert (found.complaints, found.open_complaints) == (1, 0)


def test_a_part_fails_by_pieces_of_those_that_were_shipped(in_app: Flask, make: Factory) -> None:
    part, dealer = make.part(), make.dealer()
    one, other = make.supplier(), make.supplier()
    for supplier, quantity, found_on in (
        (one, 2, FIRST),
        (one, 3, FIRST + timedelta(days=9)),
        (other, 1, FIRST),
        (other, 9, FIRST - timedelta(days=1)),
    ):
        make.parts_quality_record(
            part_id=part.id, supplier_id=supplier.id, quantity=quantity, found_on=found_on
        )
    for shipped_on in (FIRST, FIRST - timedelta(days=1)):
        make.parts_shipment(part_id=part.id, dealer_id=dealer.id, quantity=400, shipped_on=shipped_on)
    found = part_overview(part.id, FIRST)
    assert (found.records, found.suppliers, found.failures) == (3, 2, Rate(6, 400))


def test_the_parts_of_a_supplier_stand_in_the_order_of_their_faults(in_app: Flask, make: Factory) -> None:
    supplier, motor, frame = make.supplier(), make.part(name="电机"), make.part(name="车架")
    for part in (frame, motor, motor):
        make.parts_quality_record(part_id=part.id, supplier_id=supplier.id, found_on=FIRST)
    make.parts_quality_record(part_id=frame.id, found_on=FIRST)
    make.parts_quality_record(part_id=frame.id, supplier_id=supplier.id, found_on=FIRST - timedelta(days=1))
    found = supplier_faults(supplier.id, FIRST)
    assert [(each.part_id, each.records) for each in found] == [(motor.id, 2), (frame.id, 1)]
    assert found[0].name.startswith("电机")


def test_figures_count_what_the_reader_may_see(in_app: Flask, make: Factory) -> None:
    own, other = make.region(), make.region()
    dealer, subject, part, supplier = make.dealer(), make.subject(), make.part(), make.supplier()
    vehicle, customer = make.vehicle(), make.customer()
    for region in (own, other):
        make.complaint(
            region=region,
            dealer_id=dealer.id,
            customer_id=customer.id,
            vehicle_id=vehicle.id,
            subject_id=subject.id,
            registered_at=SINCE,
        )
        make.parts_quality_record(region=region, part_id=part.id, supplier_id=supplier.id, found_on=FIRST)
    clerk = Actor(
        staff_id=make.staff(Role.CLERK, region=own).id,
        source="test",
        roles=frozenset({Role.CLERK.value}),
        region_ids=frozenset({own.id}),
    )
    with acting_as(clerk):
        assert dealer_overview(dealer.id, FIRST, SINCE).complaints == 1
        assert customer_overview(customer.id).open_complaints == 1
        assert vehicle_overview(vehicle.id).complaints == 1
        assert part_overview(part.id, FIRST).records == 1
        assert [each.records for each in supplier_faults(supplier.id, FIRST)] == [1]


def test_the_figures_of_a_page_are_one_query(in_app: Flask, make: Factory) -> None:
    customer, dealer, vehicle = make.customer().id, make.dealer().id, make.vehicle().id
    for ask in (
        lambda: customer_overview(customer),
        lambda: dealer_overview(dealer, FIRST, SINCE),
        lambda: vehicle_overview(vehicle),
        lambda: supplier_faults(customer, FIRST),
    ):
        with count_queries(in_app) as queries:
            ask()
        assert len(queries) == 1, queries
