"""Looking a record up to refer to it: what is found, and what a look-up gives away."""

from __future__ import annotations

import pytest

from conftest import Login
from factories import Factory
from models.organisation import Role


@pytest.mark.parametrize(
    "query",
    [
        "",
        "name=",
        "name=nothing",
        "name=region_id",
        "name=version",
        "name=password&query=a",
        "name=__init__",
    ],
)
def test_a_look_up_that_no_form_has_is_not_found(query: str, login: Login) -> None:
    assert login(Role.CLERK).get(f"/complaint/ajax/lookup/?{query}").status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=100000", "offset=-1", "query=%00", "query=%25", "query=" + "x" * 900]
)
def test_a_look_up_gives_twenty_at_most_whatever_is_asked(query: str, make: Factory, login: Login) -> None:
    for _ in range(25):
        make.customer()
    answer = login(Role.CLERK).get(f"/complaint/ajax/lookup/?name=customer_id&{query}")
    assert answer.status_code == 200
    assert answer.json is not None
    assert len(answer.json) <= 20


def test_a_look_up_tells_people_of_one_name_apart_and_fills_in_the_rest(make: Factory, login: Login) -> None:
    region = make.region()
    dealer = make.dealer(name="临沂宏达车行", region=region)
    make.customer(name="张三", phone="17000000731", address="人民路 1 号", dealer_id=dealer.id, region=region)
    make.customer(name="张三", phone="17000000732", region=region)
    client = login(Role.CLERK, region=region)
    first, second = client.get("/complaint/ajax/lookup/?name=customer_id&query=张三").json
    assert first["hint"] == "17000000731 · 人民路 1 号"
    assert first["fills"] == {
        "customer_name": {"value": "张三", "label": ""},
        "phone": {"value": "17000000731", "label": ""},
        "address": {"value": "人民路 1 号", "label": ""},
        "dealer_id": {"value": str(dealer.id), "label": "临沂宏达车行"},
        "region_id": {"value": str(region.id), "label": region.name},
    }
    assert second["hint"] == "17000000732"
    assert second["fills"]["dealer_id"] == {"value": "", "label": ""}


def test_a_look_up_fills_in_no_record_that_the_reader_may_not_use(make: Factory, login: Login) -> None:
    own = make.region()
    elsewhere = make.dealer(region=make.region())
    make.customer(name="张三", dealer_id=elsewhere.id, region=own)
    (found,) = login(Role.CLERK, region=own).get("/complaint/ajax/lookup/?name=customer_id&query=张三").json
    assert found["fills"]["dealer_id"] == {"value": "", "label": ""}


def test_a_look_up_gives_labels_only_to_who_has_no_list_of_these_records(make: Factory, login: Login) -> None:
    make.customer(name="张三", phone="17000000731")
    vehicles = login(Role.WAREHOUSE_KEEPER).get("/vehicle/ajax/lookup/?name=customer_id&query=张三").json
    assert [(row["label"], row["hint"], row["fills"]) for row in vehicles] == [("张三", "", {})]


@pytest.mark.parametrize("typed", ["0731", "00000731", "13900000731", "139 0000", "１３９００００"])
def test_a_phone_is_found_however_it_was_grouped(typed: str, make: Factory, login: Login) -> None:
    make.customer(name="张三", phone="139 0000-0731")
    make.customer(name="李四", phone="139 0000 1732", contact_person="139")
    client = login(Role.SUPERVISOR)
    assert "张三" in client.get(f"/customer/?search={typed}").text
    found = client.get(f"/vehicle/ajax/lookup/?name=customer_id&query={typed}").json
    assert "张三" in [row["label"] for row in found or ()]
