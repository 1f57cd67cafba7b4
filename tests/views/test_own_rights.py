"""What people may do with their own records beyond their role: buttons, pages and posts agree."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import edit, page_of, path, present_day
from sqlalchemy import select

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import AuditEntry, Complaint, Customer, Staff, acting_as, db
from models.actor import Actor
from models.base import now
from models.organisation import Role
from models.own_rights import OwnRight, adjustable, allows_on, own_rights, set_own_rights
from models.permissions import ACTIONS, ADJUSTABLE, OWN_RIGHTS, OwnRights, letters


def own_complaint(make: Factory, client: PanelClient, **attributes: Any) -> Complaint:
    assert client.staff is not None
    return make.complaint(responsible_id=client.staff.id, **attributes)


def test_the_rules_for_own_records_are_meant() -> None:
    plain = OwnRights("red", "re")
    assert {table: rights for table, rights in OWN_RIGHTS.items() if rights != plain} == {
        "complaint": OwnRights("red", "ret"),
        "measure": OwnRights("red", "ret"),
    }
    assert set(OWN_RIGHTS) == {
        "customer", "vehicle", "service_receipt", "call_record", "warranty_claim", "letter", "complaint",
        "dealer", "supplier", "part", "parts_shipment", "parts_quality_record", "product_model",
        "measure",
    }  # fmt: skip
    assert OwnRights("redt", "ret") == ADJUSTABLE


def test_who_is_responsible_works_on_a_record_that_the_role_only_reads(make: Factory, login: Login) -> None:
    client = login(Role.WAREHOUSE_KEEPER)
    own, other = own_complaint(make, client), make.complaint()
    assert edit(client, "complaint", own.id, fault="异响").status_code == 302
    assert client.get(path("complaint", "edit", id=other.id)).status_code == 403
    assert client.post(path("complaint", "edit", id=other.id), data={"fault": "x"}).status_code == 403
    assert page_of(client, "complaint", own.id).select_one('.page-actions a[href*="/edit/"]')
    assert not page_of(client, "complaint", other.id).select_one('.page-actions a[href*="/edit/"]')


def test_notes_on_the_own_record_go_with_its_editing(make: Factory, login: Login) -> None:
    client = login(Role.WAREHOUSE_KEEPER)
    own, other = own_complaint(make, client), make.complaint()
    for row, status in ((own, 302), (other, 403)):
        answer = client.post(path("complaint", "notes", id=row.id), data={"body": "已看"})
        assert answer.status_code == status


def test_an_own_record_of_a_type_that_the_role_does_not_know_is_opened_by_its_address(
    make: Factory, login: Login
) -> None:
    client = login(Role.WAREHOUSE_KEEPER)
    assert client.staff is not None
    row = make.customer(responsible_id=client.staff.id)
    assert client.get(path("customer")).status_code == 403
    assert client.get(path("customer", "details", id=row.id)).status_code == 200
    assert client.get(path("customer", "details", id=make.customer().id)).status_code == 403


def test_who_entered_a_record_takes_it_back_within_a_day_and_not_later(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    fresh = make.customer(created_by_id=client.staff.id)
    old = make.customer(created_by_id=client.staff.id, created_at=now() - timedelta(days=1, seconds=1))
    assert page_of(client, "customer", fresh.id).select_one('.page-actions a[href*="/delete/"]')
    assert not page_of(client, "customer", old.id).select_one('.page-actions a[href*="/delete/"]')
    assert client.get(path("customer", "delete", id=old.id)).status_code == 403
    assert client.post("/customer/delete/", data={"id": old.id}).status_code == 403
    assert client.post("/customer/delete/", data={"id": fresh.id}).status_code == 302
    make.session.expire_all()
    assert make.session.get(Customer, fresh.id).deleted_at is not None
    assert make.session.get(Customer, old.id).deleted_at is None


def test_a_list_offers_to_tick_the_own_records_alone(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    make.customer(name="别人的")
    page = BeautifulSoup(client.get(path("customer")).text, "html.parser")
    assert not page.select("td.tick [data-ways~=delete]")
    own = make.customer(created_by_id=client.staff.id)
    page = BeautifulSoup(client.get(path("customer")).text, "html.parser")
    assert [box["value"] for box in page.select("td.tick [data-ways~=delete]")] == [str(own.id)]


def test_deleting_several_takes_a_right_in_each_wherever_the_request_names_it(
    make: Factory, login: Login
) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    own, other = make.customer(created_by_id=client.staff.id), make.customer()
    for url, ids in (
        ("/customer/delete/", [own.id, other.id]),
        (f"/customer/delete/?id={own.id}", [other.id]),
        (f"/customer/delete/?id={other.id}", [own.id]),
        ("/customer/delete/", [own.id, "x"]),
        ("/customer/delete/", []),
    ):
        assert client.post(url, data={"id": ids}).status_code == 403, (url, ids)
    # One id in the address, another in the form: neither opens the other.
    answer = client.post(f"/customer/edit/?id={other.id}", data={"id": own.id, "name": "x", "version": 1})
    assert answer.status_code in (302, 409, 422)
    assert make.session.scalars(select(Customer.deleted_at)).all() == [None, None]


def test_what_was_deleted_by_an_own_right_is_brought_back_from_the_message(
    make: Factory, login: Login
) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    row = make.customer(created_by_id=client.staff.id)
    page = client.post("/customer/delete/", data={"id": row.id}, follow_redirects=True).text
    token = BeautifulSoup(page, "html.parser").find("button", attrs={"name": "token"})["value"]
    client.post("/undo/", data={"token": token})
    make.session.expire_all()
    assert make.session.get(Customer, row.id).deleted_at is None


def test_an_auditor_and_who_has_no_role_have_no_rights_in_own_records(make: Factory, login: Login) -> None:
    for roles in ((Role.AUDITOR,), ()):
        client = login(*roles)
        row = own_complaint(make, client)
        assert client.get(path("complaint", "edit", id=row.id)).status_code == 403


def test_nobody_approves_because_a_record_is_the_own(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    claim = make.warranty_claim(responsible_id=client.staff.id, created_by_id=client.staff.id)
    edit(client, "warranty_claim", claim.id, outcome="passed", decided_on="2026-03-05")
    make.session.refresh(claim)
    assert claim.outcome.value == "open"


def test_a_substitute_does_what_the_absent_person_may_as_the_responsible_one(
    make: Factory, login: Login
) -> None:
    client, absent = login(Role.WAREHOUSE_KEEPER), make.staff(Role.WAREHOUSE_KEEPER)
    assert client.staff is not None
    row = make.complaint(responsible_id=absent.id)
    assert client.get(path("complaint", "edit", id=row.id)).status_code == 403
    day = present_day()
    make.absence(staff_id=absent.id, substitute_id=client.staff.id, starts_on=day, ends_on=day)
    assert client.get(path("complaint", "edit", id=row.id)).status_code == 200


@pytest.mark.parametrize("table", OWN_RIGHTS)
def test_own_rights_never_exceed_those_of_an_administrator(table: str, in_app: Flask) -> None:
    most = set(letters(Role.ADMINISTRATOR, table))
    set_own_rights(table, OwnRights("".join(ACTIONS), "".join(ACTIONS)))
    given = own_rights()[table]
    assert given == tuple("".join(each for each in ACTIONS if each in part) for part in adjustable(table))
    assert set("".join(given)) <= most
    assert "a" not in "".join(given)
    assert "d" not in given.responsible


@pytest.mark.parametrize(
    ("given", "whole"), [("d", "red"), ("e", "re"), ("t", "rt"), ("", ""), ("r", "r")], ids=str
)
def test_a_right_brings_along_what_it_includes(given: str, whole: str, in_app: Flask) -> None:
    set_own_rights("complaint", OwnRights(given, given))
    assert own_rights()["complaint"] == (whole, whole.replace("d", "") if given != "d" else "")
    # What was stored before the rights belonged together counts the same.
    db.session.merge(
        OwnRight(
            id=db.session.scalar(select(OwnRight.id)), table_name="complaint", creator=given, responsible=""
        )
    )
    db.session.flush()
    assert own_rights()["complaint"].creator == whole


def test_an_adjusted_right_counts_at_once_is_audited_and_forgotten_where_it_is_the_rule(
    in_app: Flask,
) -> None:
    make = Factory(db.session)
    row = make.customer()
    actor = Actor(make.staff().id, "request", frozenset({Role.WAREHOUSE_KEEPER.value}), None)
    row.responsible_id = actor.staff_id
    db.session.commit()
    assert allows_on(actor, row, "edit")
    set_own_rights("customer", OwnRights("r", ""))
    assert not allows_on(actor, row, "edit")
    set_own_rights("customer", OWN_RIGHTS["customer"])
    db.session.commit()
    assert allows_on(actor, row, "edit")
    assert db.session.scalars(select(OwnRight)).all() == []
    found = select(AuditEntry.action).where(AuditEntry.table_name == "own_right").order_by(AuditEntry.id)
    assert [action.value for action in db.session.scalars(found)] == ["insert", "delete"]
    with pytest.raises(KeyError):
        set_own_rights("staff", OwnRights("re", "re"))


def test_a_person_cannot_be_made_responsible_for_more_rights_over_people(in_app: Flask) -> None:
    make = Factory(db.session)
    person = make.staff(Role.CLERK)
    row = make.staff(responsible_id=person.id, created_by_id=person.id)
    actor = Actor(person.id, "request", frozenset({Role.CLERK.value}), frozenset())
    assert not any(allows_on(actor, row, action) for action in ("edit", "delete", "act", "approve"))


def test_only_own_records_ask_for_the_rights_in_them_and_only_once(in_app: Flask) -> None:
    make = Factory(db.session)
    person = make.staff()
    actor = Actor(person.id, "request", frozenset({Role.CLERK.value}), None)
    own = [make.customer(created_by_id=person.id, created_at=now()) for _ in range(5)]
    others = [make.customer() for _ in range(5)]
    made = [row.created_at for row in (*own, *others)]
    assert made
    with acting_as(actor), count_queries(in_app) as asked:
        assert not any(allows_on(actor, row, "delete") for row in others)
        assert asked == []
        assert all(allows_on(actor, row, "delete") for row in own)
    assert len(asked) == 1


def test_nobody_moves_up_the_tree_or_to_another_region_alone(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    assert client.staff is not None
    top, region, other = make.position(), make.region(), make.staff(Role.CLERK)
    asked = client.get(path("staff", "edit", id=client.staff.id)).text
    for name in ("role_names", "active", "email", "position_id", "region_id"):
        assert f'name="{name}"' not in asked
    for row in (client.staff, other):
        edit(client, "staff", row.id, position_id=top.id, region_id=region.id, role_names=["", "supervisor"])
        make.session.refresh(row)
    assert (client.staff.position_id, client.staff.region_id) == (None, None)
    assert client.staff.role_names == [Role.ADMINISTRATOR.value]
    assert (other.position_id, other.region_id, other.role_names) == (top.id, region.id, ["supervisor"])


@pytest.mark.parametrize("change", ["position", "region"])
def test_a_move_in_a_tree_counts_in_the_next_request_of_an_open_login(
    change: str, make: Factory, login: Login
) -> None:
    top, region = make.position(), make.region()
    below = make.staff(Role.CLERK, position_id=make.position(parent_id=top.id).id)
    row = make.complaint(region=region, responsible_id=below.id)
    client = login(Role.CLERK, **({"position_id": top.id} if change == "position" else {"region": region}))
    address = path("complaint", "details", id=row.id)
    assert client.get(address).status_code == 200
    person = make.session.get_one(Staff, client.staff.id if client.staff else 0)
    setattr(person, f"{change}_id", None)
    make.session.commit()
    assert client.get(address).status_code == 404
