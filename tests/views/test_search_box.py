"""What the search box answers as one types: which records and pages, for whom, in which order."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from screens import TABLES, path
from test_access import SCOPED
from test_search import WORD, make_named

from conftest import Login, count_queries
from factories import Factory
from models import record_types
from models.organisation import Locale, Role
from models.permissions import letters
from views.base import RecordView
from views.forms import target_of


def ask(client: FlaskClient, typed: str) -> list[dict[str, Any]]:
    """Return the groups that the search box gets."""
    answer = client.get("/search/hits/", query_string={"q": typed}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    groups: list[dict[str, Any]] = answer.get_json()["groups"]
    return groups


def labels(groups: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {group["label"]: [hit["label"] for hit in group["hits"]] for group in groups}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_shown_the_types_that_it_may_list(role: Role, make: Factory, login: Login) -> None:
    for table in TABLES:
        make_named(make, table)
    client = login(role)
    groups = ask(client, WORD)
    addresses = [hit["url"] for group in groups for hit in group["hits"]]
    listed = {table for table in TABLES if "l" in letters(role, table)}
    assert {
        table for table in TABLES if any(a.startswith(f"{path(table)}details/") for a in addresses)
    } == listed


def test_a_hit_of_another_region_is_not_shown(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    for table in SCOPED:
        make_named(make, table, region=other)
    make.customer(name=f"{WORD} own", region=own)
    assert labels(ask(login(Role.CLERK, region=own), WORD)) == {"Customers": [f"{WORD} own"]}


def test_nobody_gets_no_hits(client: FlaskClient) -> None:
    assert client.get("/search/hits/?q=x", headers={"Accept": "application/json"}).status_code == 401


def test_the_types_looked_for_most_come_first(make: Factory, login: Login) -> None:
    for table in TABLES:
        make_named(make, table)
    shown = list(labels(ask(login(Role.ADMINISTRATOR), WORD)))
    assert shown[:5] == ["Customers", "Vehicles", "Complaints", "Dealers", "Parts"]
    assert len(shown) == len(TABLES)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("0731", "phone tail"),
        ("139 0000 0731", "phone tail"),
        ("王小", "王小明"),
        ("王", "王"),
    ],
)
def test_the_likeliest_hit_comes_first(typed: str, first: str, make: Factory, login: Login) -> None:
    make.customer(name="A street", address="0731路 5 号")
    make.customer(name="B within", phone="13907310000")
    make.customer(name="street", address="0731路")
    make.customer(name="phone tail", phone="139 0000-0731")
    make.customer(name="老王小")
    make.customer(name="王小明")
    make.customer(name="王")
    (found,) = ask(login(Role.CLERK), typed)
    assert found["hits"][0]["label"] == first


def test_a_code_of_another_type_stands_before_a_mention(make: Factory, login: Login) -> None:
    make.customer(name="王二", address="opposite shop 4711 there")
    make.part(name="轴", code="K-4711")
    assert list(labels(ask(login(Role.SUPERVISOR), "4711"))) == ["Parts", "Customers"]


def test_a_number_in_full_means_its_own_type_alone(make: Factory, login: Login) -> None:
    complaint = make.complaint(customer_name="王一")
    make.customer(name="王二", address=f"see {complaint.number}")
    client = login(Role.SUPERVISOR)
    assert labels(ask(client, complaint.number.lower())) == {"Complaints": [complaint.number]}
    assert list(labels(ask(client, complaint.number[:-1]))) == ["Complaints"]
    assert "王二" in str(ask(client, complaint.number[1:]))


def test_a_plate_that_ends_so_stands_before_customers_in_which_it_occurs(make: Factory, login: Login) -> None:
    make.customer(name="x123456y")
    make.vehicle(plate_number="鲁Q12345", frame_number="F1")
    make.vehicle(plate_number="鲁Q92345", frame_number="F2")
    assert labels(ask(login(Role.CLERK), "q12345")) == {"Vehicles": ["鲁Q12345 · F1"]}
    assert list(labels(ask(login(Role.CLERK), "12345"))) == ["Vehicles", "Customers"]


def test_numbered_records_come_newest_first_and_names_by_the_alphabet(make: Factory, login: Login) -> None:
    numbers = [make.complaint(description=WORD).number for _ in range(3)]
    for name in ("乙", "甲"):
        make.customer(name=f"{name}{WORD}")
    found = labels(ask(login(Role.CLERK), WORD))
    assert found["Complaints"] == numbers[::-1]
    assert found["Customers"] == [f"甲{WORD}", f"乙{WORD}"]


def test_a_hit_says_what_tells_it_apart_and_where_the_word_stands(make: Factory, login: Login) -> None:
    make.complaint(
        customer_name="王一",
        phone="17000000001",
        description="前面一段很长的话，" * 6 + "电机异响" + "，后面还有" * 9,
    )
    ((hit,),) = [group["hits"] for group in ask(login(Role.CLERK), "异响")]
    assert hit["hint"].startswith("王一 · 17000000001 · …")
    assert "电机异响，" in hit["hint"]
    assert hit["hint"].endswith("…")
    assert len(hit["hint"]) < 70
    receipt = make.service_receipt(customer_id=make.customer(name="回执客户").id)
    found = {
        hit["label"]: hit["hint"] for group in ask(login(Role.CLERK), "回执客户") for hit in group["hits"]
    }
    assert found[receipt.number] == "回执客户 · 2026-03-02"


def test_a_hit_shown_by_its_number_says_whose_it_is(app: Flask) -> None:
    """A number alone says nothing to who reads a list of hits."""
    numbered = [
        view
        for view in app.extensions["pages"]
        if isinstance(view, RecordView) and view.model.label_column().name == "number"
    ]
    assert len(numbered) >= 10
    assert [view.endpoint for view in numbered if not view.hint_columns] == []


def test_a_letter_and_a_shipment_are_told_apart_among_the_hits(make: Factory, login: Login) -> None:
    wang, dealer, motor = (
        make.customer(name="王一"),
        make.dealer(name="东站"),
        make.part(name="电机", code="M1"),
    )
    letter = make.letter(customer_id=wang.id, regarding="召回通知")
    shipment = make.parts_shipment(dealer_id=dealer.id, part_id=motor.id)
    client = login(Role.SUPERVISOR)
    for record, hint in ((letter, "王一 · 召回通知"), (shipment, "东站 · 电机 M1")):
        ((hit,),) = [group["hits"] for group in ask(client, record.number)]
        assert hit["hint"].startswith(hint)


def test_there_is_a_way_to_all_where_more_is_found(make: Factory, login: Login) -> None:
    for number in range(6):
        make.customer(name=f"{WORD} {number}")
        make.supplier(name=f"{WORD} {number}")
    client = login(Role.CLERK)
    customers, suppliers = ask(client, WORD)
    assert (len(customers["hits"]), len(suppliers["hits"])) == (5, 3)
    assert '<span class="count">6</span>' in client.get(customers["more"]).text
    make.dealer(name="D five")
    assert [group["more"] for group in ask(client, "D five")] == [None]


@pytest.mark.parametrize(
    ("typed", "locale"), [("投诉", Locale.CHINESE), ("complaint", Locale.CHINESE), ("投诉", Locale.ENGLISH)]
)
def test_pages_are_found_by_their_names_in_either_language(typed: str, locale: Locale, login: Login) -> None:
    groups = ask(login(Role.SUPERVISOR, locale=locale), typed)
    assert groups[0]["hits"][0]["url"] == "/complaint/"
    assert groups[1]["hits"][0]["url"] == "/complaint/new/"


def test_the_words_of_a_page_may_come_in_any_order(login: Login) -> None:
    assert labels(ask(login(Role.CLERK), "cust new"))["New record"] == ["New customer"]
    assert labels(ask(login(Role.SUPERVISOR), "导入"))["Go to"] == ["Import"]


def test_only_pages_that_open_are_offered(login: Login) -> None:
    keeper = login(Role.WAREHOUSE_KEEPER)
    assert ask(keeper, "import") == []
    assert ask(keeper, "new customer") == []
    assert "Customers" not in str(ask(keeper, "customer"))
    auditor = ask(login(Role.AUDITOR), "e")
    assert [group["label"] for group in auditor] == ["Go to"]
    assert all(
        keeper.get(hit["url"]).status_code == 200 for group in ask(keeper, "e") for hit in group["hits"]
    )


def test_an_empty_box_offers_what_one_enters_most(make: Factory, login: Login) -> None:
    make.customer()
    assert labels(ask(login(Role.CLERK), " "))["New record"][:3] == [
        "New customer",
        "New vehicle",
        "New complaint",
    ]
    assert ask(login(), "") == []


@pytest.mark.parametrize(
    "typed", ["%", "_", "\\", "\x00", "'", "x" * 500, "１２３", "+", "()", "🚲", "TS-2026-0"]
)
def test_odd_input_is_answered(typed: str, make: Factory, login: Login) -> None:
    make.customer(name="王", phone="17000000001")
    groups = ask(login(Role.SUPERVISOR), typed)
    assert isinstance(groups, list)
    assert all(group["label"] and group["hits"] for group in groups)


def test_one_letter_looks_for_no_records_but_one_character_does(
    make: Factory, login: Login, app: Flask
) -> None:
    make.customer(name="x 王")
    client = login(Role.CLERK)
    with count_queries(app) as queries:
        assert "Customers" not in labels([g for g in ask(client, "x") if g["label"] != "Go to"])
    # Who asks, and for whom: whether a decision waits is asked where its page is meant.
    assert len(queries) <= 2, queries
    assert labels(ask(client, "王"))["Customers"] == ["x 王"]


def test_one_statement_finds_the_records_of_a_type(make: Factory, login: Login, app: Flask) -> None:
    for table in TABLES:
        make_named(make, table)
    client = login(Role.ADMINISTRATOR)
    with count_queries(app) as queries:
        ask(client, "查无此字")
    # Who reads takes two, how long tables are takes one, and each type that others refer to one for its keys.
    referred = {target_of(model, name) for model in record_types() for name in model.searched} - {None}
    assert len(queries) <= len(TABLES) + len(referred) + 3, queries
    with count_queries(app) as queries:
        ask(client, WORD)
    searches = [query for query in queries if "LIMIT" in query and "ORDER BY" in query]
    assert len(searches) <= len(TABLES), searches


@pytest.mark.parametrize("typed", ["zs", "ZS", "ｚｓ", "zhangsan", "zhangs", "zhang san", "Zhang San"])
def test_a_person_is_found_as_the_name_sounds(typed: str, make: Factory, login: Login) -> None:
    make.customer(name="张三")
    make.customer(name="李四")
    client = login(Role.SUPERVISOR)
    page = client.get("/search/", query_string={"q": typed}).text.partition("<main")[2]
    assert "张三" in page
    assert "李四" not in page
    listed = client.get("/customer/", query_string={"search": typed}).text.partition("<main")[2]
    assert "张三" in listed
    assert "李四" not in listed


def test_the_name_that_is_typed_whole_stands_before_longer_ones(make: Factory, login: Login) -> None:
    for name in ("张三丰", "张三", "周三元"):
        make.customer(name=name)
    page = login(Role.SUPERVISOR).get("/search/", query_string={"q": "zs"}).text.partition("<main")[2]
    assert page.index("张三<") < page.index("张三丰") < page.index("周三元")
