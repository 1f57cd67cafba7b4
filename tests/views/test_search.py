"""The search over everything and the look-ups of relation fields: what is found, by whom, how it is shown."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from flask import Flask
from screens import TABLES, path
from test_access import SCOPED

from conftest import Login
from factories import Factory
from models.organisation import Role
from models.permissions import ALL_REGION_ROLES, letters

WORD = "回声查找"


def make_named(make: Factory, table: str, **attributes: Any) -> None:
    """Make one record of the table that the search finds by WORD."""
    if table == "digest_recipient":
        make.digest_recipient(make.department(), name=WORD, **attributes)
        return
    named = {
        "complaint": "customer_name",
        "vehicle": "plate_number",
        "parts_quality_record": "fault",
        "service_receipt": "work_done",
        "warranty_claim": "fault",
        "call_record": "spoke_with",
        "letter": "regarding",
        "deadline_rule": "reason",
        "parts_shipment": "production_batch",
        "region": "name",
        "proposal": "details",
        "step_taken": "remark",
        "department_task": "what",
        "measure": "what",
    }
    if table == "absence":
        # Found by who is away.
        attributes["staff_id"] = make.staff(name=WORD).id
    elif table == "compensation_rule":
        attributes["subject_id"] = make.subject(name=WORD).id
    else:
        attributes[named.get(table, "name")] = WORD
    getattr(make, table)(**attributes)


def tables_found(page: str) -> set[str]:
    """Return the tables of which the search page shows hits."""
    return {
        table for table in TABLES if re.search(rf'<li><a href="{re.escape(path(table))}details/\?id=', page)
    }


@pytest.mark.parametrize("role", list(Role))
def test_the_search_shows_each_role_the_types_that_it_may_list(
    role: Role, make: Factory, login: Login
) -> None:
    for table in TABLES:
        make_named(make, table)
    page = login(role).get(f"/search/?q={WORD}").text
    assert tables_found(page) == {table for table in TABLES if "l" in letters(role, table)}


@pytest.mark.parametrize("role", list(Role))
def test_the_search_stays_within_the_region_of_a_role_that_has_one(
    role: Role, make: Factory, login: Login
) -> None:
    own, other = make.region(), make.region()
    for table in SCOPED:
        make_named(make, table, region=other)
    page = login(role, region=own).get(f"/search/?q={WORD}").text
    listed = {table for table in SCOPED if "l" in letters(role, table)}
    assert tables_found(page) == (listed if role.value in ALL_REGION_ROLES else set())


def test_a_type_shows_six_hits_and_the_way_to_all(make: Factory, login: Login) -> None:
    for number in range(8):
        make.customer(name=f"{WORD} {number}")
    client = login(Role.CLERK)
    page = client.get(f"/search/?q={WORD}").text
    assert page.count('href="/customer/details/?id=') == 6
    address = re.search(r'href="(/customer/\?search=[^"]+)">All in this list', page)
    assert address
    assert '<span class="count">8</span>' in client.get(address[1]).text


@pytest.mark.parametrize("typed", ["", "   ", "\u3000", "\x00"])
def test_a_search_for_nothing_asks_what_is_sought(typed: str, make: Factory, login: Login) -> None:
    make.customer()
    page = login(Role.CLERK).get("/search/", query_string={"q": typed}).text
    assert "What are you looking for?" in page
    assert tables_found(page) == set()


def test_a_deleted_record_is_not_found(make: Factory, login: Login) -> None:
    customer = make.customer(name=WORD)
    client = login(Role.SUPERVISOR)
    assert tables_found(client.get(f"/search/?q={WORD}").text) == {"customer"}
    client.post("/customer/delete/", data={"id": customer.id})
    assert tables_found(client.get(f"/search/?q={WORD}").text) == set()
    assert client.get(f"/complaint/ajax/lookup/?name=customer_id&query={WORD}").json == []


def test_a_look_up_is_in_the_order_of_its_labels_and_stops_at_twenty(make: Factory, login: Login) -> None:
    for number in reversed(range(25)):
        make.customer(name=f"{WORD} {number:02}")
    found = login(Role.CLERK).get(f"/complaint/ajax/lookup/?name=customer_id&query={WORD}").json
    assert [row["label"] for row in found] == [f"{WORD} {number:02}" for number in range(20)]


def test_a_look_up_of_nothing_offers_the_first_records(make: Factory, login: Login) -> None:
    make.customer(name="乙")
    make.customer(name="甲")
    found = login(Role.CLERK).get("/complaint/ajax/lookup/?name=customer_id").json
    assert {row["label"] for row in found} == {"甲", "乙"}


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("D-77", True),
        ("临沂", True),
        ("0539", True),
        ("临沂 0539", True),
        ("临沂 0531", False),
        ("山东", True),
        ("负责人", False),
    ],
)
def test_a_look_up_searches_the_columns_of_the_other_screen(
    typed: str, is_found: bool, make: Factory, login: Login
) -> None:
    make.dealer(
        code="D-77", name="宏达车行", province="山东", city="临沂", phone="0539-1234567", address="负责人路"
    )
    found = login(Role.CLERK).get(
        "/customer/ajax/lookup/", query_string={"name": "dealer_id", "query": typed}
    )
    assert bool(found.json) is is_found


def test_a_vehicle_that_is_chosen_fills_in_the_complaint(make: Factory, login: Login) -> None:
    dealer = make.dealer(name="宏达车行")
    make.vehicle(
        plate_number="鲁Q731",
        product_model_id=make.product_model(name="HS-200").id,
        production_on=date(2024, 3, 5),
        production_batch="B-12",
        sold_on=date(2024, 5, 6),
        dealer_id=dealer.id,
    )
    (found,) = login(Role.CLERK).get("/complaint/ajax/lookup/?name=vehicle_id&query=Q731").json
    assert {name: filled["value"] for name, filled in found["fills"].items()} == {
        "product": "HS-200",
        "production_on": "2024-03-05",
        "production_batch": "B-12",
        "in_use_since": "2024-05-06",
        "dealer_id": str(dealer.id),
        "customer_id": "",
    }
    assert found["fills"]["dealer_id"]["label"] == "宏达车行"


def test_what_belongs_to_the_customer_chosen_is_offered_alone_and_found_first(
    make: Factory, login: Login
) -> None:
    customer = make.customer(name="周建国")
    make.vehicle(frame_number="LHS1")
    make.vehicle(frame_number="LHS2", customer_id=customer.id)
    without = make.customer().id
    client = login(Role.CLERK)

    def labels(query: str, owner: int = customer.id) -> list[str]:
        address = f"/complaint/ajax/lookup/?name=vehicle_id&query={query}&customer_id={owner}"
        return [row["label"] for row in client.get(address).json]

    assert labels("") == ["LHS2"]
    assert labels("LHS") == ["LHS2", "LHS1"]
    assert "周建国" in client.get("/complaint/ajax/lookup/?name=vehicle_id&query=LHS2").json[0]["hint"]
    assert labels("", without) == ["LHS1", "LHS2"]


@pytest.mark.parametrize("owner", ["", "?", "-1", "9" * 30, "x"])
def test_a_look_up_takes_no_nonsense_for_an_owner(owner: str, make: Factory, login: Login) -> None:
    make.vehicle(frame_number="LHS1")
    address = f"/complaint/ajax/lookup/?name=vehicle_id&customer_id={owner}&vehicle_id={owner}"
    assert [row["label"] for row in login(Role.CLERK).get(address).json] == ["LHS1"]


def test_the_customer_of_a_slip_fills_in_who_follows_it_up(make: Factory, login: Login) -> None:
    agent, dealer = make.staff(name="王福利"), make.dealer(name="宏达车行")
    make.customer(name=WORD, responsible_id=agent.id, dealer_id=dealer.id)
    address = f"/service-receipt/ajax/lookup/?name=customer_id&query={WORD}"
    (found,) = login(Role.CLERK).get(address).json
    assert found["fills"]["responsible_id"] == {"value": str(agent.id), "label": "王福利"}
    assert found["fills"]["dealer_id"]["label"] == "宏达车行"


def test_what_the_chosen_record_lacks_is_filled_in_as_empty(make: Factory, login: Login) -> None:
    make.vehicle(plate_number="鲁Q731")
    (found,) = login(Role.CLERK).get("/complaint/ajax/lookup/?name=vehicle_id&query=Q731").json
    assert found["fills"]["production_on"] == {"value": "", "label": ""}
    assert found["fills"]["dealer_id"] == {"value": "", "label": ""}


def test_every_fill_leads_from_a_column_to_a_field_of_its_form(app: Flask) -> None:
    looked_at = 0
    for view in app.extensions["record_views"].values():
        for relation, filled in view.fills.items():
            assert relation in view.form_names
            assert set(filled) <= set(view.form_names)
            looked_at += len(filled)
    assert looked_at >= 15


@pytest.mark.parametrize("table", TABLES)
def test_a_look_up_of_any_relation_answers_who_may_open_the_list(
    table: str, app: Flask, make: Factory, login: Login
) -> None:
    view = next(v for m, v in app.extensions["record_views"].items() if m.__tablename__ == table)
    allowed, refused = login(Role.SUPERVISOR), login()
    for name in view.form_names:
        address = f"{path(table)}ajax/lookup/?name={name}"
        drawn = getattr(view.form_for_names(view.form_names), name).field_class.drawn_as
        assert allowed.get(address).status_code == (200 if drawn == "relation" else 404), name
        assert refused.get(address).status_code == 403, name
