"""The cap of customers per person: refused to a clerk, a warning to a supervisor."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from screens import create, edit

from conftest import Login, count_queries
from factories import Factory
from jobs.import_mapping import load_mapping, mapping_names
from models import Centre, Customer, Staff
from models.organisation import Role


@pytest.fixture
def full(make: Factory) -> Staff:
    """Return a person who has as many customers as one may have, in regions that others do not see."""
    make.session.merge(Centre(id=1, customers_per_person=2))
    person = make.staff(Role.CLERK, name="王五")
    for _ in range(2):
        make.customer(responsible_id=person.id, region=make.region())
    return person


def test_no_import_gives_a_customer_to_a_person(in_app: Flask) -> None:
    # A column for it would have to count against the cap as the form does.
    mappings = [load_mapping(name) for name in mapping_names()]
    ours = [mapping for mapping in mappings if mapping.record is Customer]
    assert ours
    assert not [rule for mapping in ours for rule in mapping.fields if rule.name == "responsible_id"]


def responsible(make: Factory, row: Customer) -> int | None:
    make.session.refresh(row)
    return row.responsible_id


def test_a_clerk_is_refused_with_a_sentence_at_the_field(make: Factory, login: Login, full: Staff) -> None:
    row = make.customer()
    client = login(Role.CLERK)
    for tick in ({}, {"_insist": "responsible_id"}):
        answer = edit(client, "customer", row.id, responsible_id=full.id, **tick)
        assert answer.status_code == 422
        assert "王五 looks after 2 customers already" in answer.text
        assert "ask a supervisor" in answer.text
        assert 'name="_insist"' not in answer.text
    assert responsible(make, row) is None
    answer = create(client, "customer", name="新客户", responsible_id=full.id)
    assert answer.status_code == 422


def test_a_supervisor_is_warned_and_gives_the_customer_all_the_same(
    make: Factory, login: Login, full: Staff
) -> None:
    row, client = make.customer(), login(Role.SUPERVISOR)
    warned = edit(client, "customer", row.id, responsible_id=full.id)
    assert warned.status_code == 422
    assert 'name="_insist" value="responsible_id"' in warned.text
    assert responsible(make, row) is None
    assert edit(client, "customer", row.id, responsible_id=full.id, _insist="x").status_code == 422
    given = edit(client, "customer", row.id, responsible_id=full.id, _insist="responsible_id")
    assert given.status_code == 302
    assert responsible(make, row) == full.id


def test_a_customer_that_somebody_has_already_is_saved_without_a_word(
    make: Factory, login: Login, full: Staff
) -> None:
    row = make.customer(responsible_id=full.id)
    assert edit(login(Role.CLERK), "customer", row.id, source="展会").status_code == 302


def test_below_the_cap_nobody_is_asked(make: Factory, login: Login, full: Staff) -> None:
    make.session.merge(Centre(id=1, customers_per_person=3))
    make.session.commit()
    row = make.customer()
    assert edit(login(Role.CLERK), "customer", row.id, responsible_id=full.id).status_code == 302


def test_the_count_takes_one_query(make: Factory, login: Login, full: Staff, app: Flask) -> None:
    row, client = make.customer(), login(Role.SUPERVISOR)
    with count_queries(app) as asked:
        edit(client, "customer", row.id, responsible_id=full.id)
    counts = [each for each in asked if "count" in each and "customer.responsible_id =" in each]
    assert len(counts) == 1


@pytest.mark.parametrize(("typed", "status", "kept"), [("150", 302, 150), ("0", 422, 200), ("x", 422, 200)])
def test_an_administrator_sets_the_cap(
    typed: str, status: int, kept: int, make: Factory, login: Login
) -> None:
    make.session.merge(Centre(id=1))
    make.session.commit()
    fields: dict[str, Any] = {"form": "centre", "name": "东方", "timezone": "Asia/Shanghai"}
    answer = login(Role.ADMINISTRATOR).post("/setup/save", data=fields | {"customers_per_person": typed})
    assert answer.status_code == status
    make.session.expire_all()
    assert make.session.get_one(Centre, 1).customers_per_person == kept
