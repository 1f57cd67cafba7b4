"""What is due as it is asked for: by kind, day, person, region and record, within the reader's limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from due_records import ZONE, day, due, handed_over, noon, one_of_each, only
from flask import Flask

from conftest import count_queries
from factories import Factory
from models import acting_as, db
from models.actor import Actor
from models.base import now
from models.centre import centre_facts
from models.deadline_rule import DeadlineKind
from models.due import NOBODY, DueKind, Wanted, Window, count_due, due_lists


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them: two would get in each other's way on one connection."""
    return Factory(db.session)


def test_each_kind_can_be_asked_for_alone(in_app: Flask, make: Factory) -> None:
    made = one_of_each(make)
    for kind in DueKind:
        item = only(kind)
        assert item is not None, kind
        assert (item.kind, item.table, item.row_id) == (kind, made[kind].__tablename__, made[kind].id)
    assert {item.kind for item in due()} == set(DueKind)


def test_what_is_due_comes_in_the_order_of_its_days_and_up_to_the_limit(in_app: Flask, make: Factory) -> None:
    one_of_each(make)
    days = [item.due_on for item in due()]
    assert days == sorted(days)
    assert len(days) == len(DueKind)
    assert [item.due_on for item in due(limit=3)] == days[:3]
    windows = [Window(day(60))]
    rest = due_lists(windows, Wanted(), zone=ZONE, limit=3, offset=3)[0]
    assert [item.due_on for item in rest] == days[3:6]


def test_windows_part_the_days_without_a_gap_and_without_a_double(in_app: Flask, make: Factory) -> None:
    one_of_each(make)
    make.owing(DeadlineKind.FIRST_ANSWER, noon(-2))
    make.owing(DeadlineKind.FIRST_ANSWER, noon(0))
    windows = [Window(day(-1)), Window(day(0), day(0)), Window(day(6), day(1)), Window(day(60), day(7))]
    parts = due_lists(windows, Wanted(), zone=ZONE)
    assert [item.row_id for part in parts for item in part] == [item.row_id for item in due()]
    assert all(parts)


def test_the_limits_of_the_reader_hold_for_every_kind(in_app: Flask, make: Factory) -> None:
    own, other = make.region(), make.region()
    mine = one_of_each(make, region_id=own.id)
    others = one_of_each(make, region_id=other.id)
    # Measures are the whole centre's: faults stop at no region.
    shared = [(kind, others[kind].id) for kind in (DueKind.MEASURE, DueKind.MEASURE_CHECK)]
    clerk = Actor(0, "request", frozenset({"supervisor", "clerk"}), frozenset({own.id}), own.id)
    with acting_as(clerk):
        found = due()
        counted = db.session.scalar(count_due(Window(day(60)), Wanted(), zone=ZONE, most=50))
    assert {(item.kind, item.row_id) for item in found} == {
        *((kind, row.id) for kind, row in mine.items()),
        *shared,
    }
    assert counted == len(mine) + len(shared)


def test_what_is_deleted_is_not_due(in_app: Flask, make: Factory) -> None:
    one_of_each(make, deleted_at=now())
    assert due() == []


def test_it_can_be_asked_for_one_customer_vehicle_or_dealer(in_app: Flask, make: Factory) -> None:
    one_of_each(make)
    customer, dealer = make.customer(), make.dealer()
    vehicle = make.vehicle(customer_id=customer.id, dealer_id=dealer.id, next_maintenance_on=day(3))
    handed_over(make, -3, customer_id=customer.id, vehicle_id=vehicle.id, dealer_id=dealer.id)
    make.warranty_claim(dealer_id=dealer.id, claimed_on=day(-2))
    assert {item.kind for item in due(customer_id=customer.id)} == {
        DueKind.MAINTENANCE,
        DueKind.FIRST_FOLLOW_UP,
    }
    assert len(due(vehicle_id=vehicle.id)) == 2
    assert len(due(dealer_id=dealer.id)) == 3


def test_it_can_be_asked_for_people_and_for_nobody(in_app: Flask, make: Factory) -> None:
    mine, other = make.staff(), make.staff()
    one_of_each(make, responsible_id=mine.id)
    one_of_each(make)
    # Decisions and checks are open to whoever may take them; who handled it does not ask for satisfaction.
    shared = {DueKind.DECISION, DueKind.CONFIRMED, DueKind.MEASURE_CHECK}
    assert {item.kind for item in due(responsible_ids=[mine.id])} == set(DueKind) - shared
    assert len(due(responsible_ids=[NOBODY])) == len(DueKind) + len(shared)
    assert len(due(responsible_ids=[mine.id, NOBODY])) == 2 * len(DueKind) - 1
    assert due(responsible_ids=[other.id]) == []


def test_it_can_be_asked_for_regions(in_app: Flask, make: Factory) -> None:
    east, west = make.region(), make.region()
    one_of_each(make, region_id=east.id)
    one_of_each(make, region_id=west.id)
    found = due_lists([Window(day(60))], Wanted(region_ids={east.id}), zone=ZONE)[0]
    assert {item.kind for item in found} == set(DueKind)
    assert len(found) == len(DueKind)


def test_a_count_reads_no_more_than_it_needs(in_app: Flask, make: Factory) -> None:
    for _ in range(4):
        make.call_record(promise="寄", promised_until=day(0))

    def counted(most: int) -> int | None:
        return db.session.scalar(count_due(Window(day(60)), Wanted(), zone=ZONE, most=most))

    assert (counted(3), counted(9)) == (3, 4)


def test_it_asks_five_times_however_much_is_due(in_app: Flask, make: Factory) -> None:
    for _ in range(3):
        one_of_each(make, responsible_id=make.staff().id)
    centre_facts()
    with count_queries(in_app) as queries:
        assert len(due()) == 3 * len(DueKind)
    assert len(queries) <= 5


def test_in_brief_it_says_the_same_without_whom_to_call(in_app: Flask, make: Factory) -> None:
    one_of_each(make, responsible_id=make.staff().id)
    found = due()
    centre_facts()
    with count_queries(in_app) as queries:
        brief = due(is_brief=True)
    left_out: dict[str, Any] = {"who": "", "phone": None, "vehicle": None, "attempts": 0, "tried_at": None}
    assert brief == [replace(item, **left_out) for item in found]
    assert len(queries) <= 2


def test_kinds_that_tell_of_no_customer_are_not_looked_for(in_app: Flask, make: Factory) -> None:
    with count_queries(in_app) as queries:
        due(customer_id=make.customer().id)
    (asked,) = [each for each in queries if "UNION ALL" in each]
    assert "FROM vehicle" in asked
    assert "FROM measure" not in asked
    assert "FROM warranty_claim" not in asked
