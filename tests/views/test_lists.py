"""Lists: how many queries, what order, which rows, and no address that a person can type breaks them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import TABLES, path, rows_of
from test_access import make_one

from conftest import Login, count_queries
from factories import Factory
from models import Complaint
from models.complaint import Severity, Step
from models.customer import CustomerKind
from models.organisation import Locale, Role
from views.forms import target_of
from views.ordering import order_of

# The login, and whose records it sees; what each page says of the panel: name, what waits, if it is invented.
LOGIN_QUERIES = 2
FRAME_QUERIES = 2


def allowed_queries(app: Flask, table: str) -> int:
    """Count, rows in segments of the order, and one for each large table whose labels are shown."""
    view = next(v for m, v in app.extensions["record_views"].items() if m.__tablename__ == table)
    shown = {target_of(view.model, name) for name in view.column_list} - {None}
    large = [target for target in shown if target is not None and not target.is_small]
    rows = len(order_of(view, None, is_descending=False).segments)
    return LOGIN_QUERIES + FRAME_QUERIES + rows + 1 + len(large)


@pytest.mark.parametrize("table", TABLES)
def test_a_list_asks_as_few_queries_for_twenty_rows_as_for_two(
    table: str, app: Flask, make: Factory, login: Login
) -> None:
    client = login(Role.ADMINISTRATOR)
    for _ in range(2):
        make_one(make, table)
    assert client.get(path(table)).status_code == 200
    with count_queries(app) as few:
        client.get(path(table))
    for _ in range(18):
        make_one(make, table)
    # What is new in small tables is read once.
    client.get(path(table))
    with count_queries(app) as many:
        assert len(rows_of(client.get(path(table)))) >= 20
    assert len(many) <= len(few), many
    assert len(many) <= allowed_queries(app, table), many


def test_a_complaint_list_with_every_relation_filled_needs_one_query_a_table(
    app: Flask, make: Factory, login: Login
) -> None:
    region, staff = make.region(), make.staff(Role.CLERK)
    for _ in range(10):
        make.complaint(region=region, responsible_id=staff.id)
    client, name = login(Role.SUPERVISOR), staff.name
    client.get(path("complaint"))
    with count_queries(app) as queries:
        assert name in client.get("/complaint/").text
    assert len(queries) <= allowed_queries(app, "complaint"), queries


def names(client: Any, query: str) -> list[str]:
    response = client.get(f"/customer/?{query}")
    assert response.status_code == 200
    return rows_of(response)


def test_a_list_is_sorted_by_the_name_of_a_column(make: Factory, login: Login) -> None:
    for name in ("b", "a", "c"):
        make.customer(name=name, contact_person=name)
    page = login(Role.CLERK).get("/customer/?sort=name").text
    assert page.index(">a<") < page.index(">b<") < page.index(">c<")
    assert 'aria-sort="ascending"' in page
    page = login(Role.CLERK).get("/customer/?sort=name&desc=1").text
    assert page.index(">c<") < page.index(">b<") < page.index(">a<")
    assert 'aria-sort="descending"' in page


def test_enumerations_sort_in_the_order_of_their_list(make: Factory, login: Login) -> None:
    for step in (Step.CONFIRMED, Step.REGISTERED, Step.AGREED):
        make.complaint(step=step, customer_name=step.value)
    page = login(Role.SUPERVISOR).get("/complaint/?sort=step").text
    table = page[page.index("<tbody>") :]
    assert table.index(">registered<") < table.index(">agreed<") < table.index(">confirmed<")


@pytest.mark.parametrize(
    ("typed", "is_found"),
    [
        ("0731", True),
        ("王", True),
        ("王小 0731", True),
        ("王小 9999", False),
        ("%", False),
        ("_", False),
        ("\\", False),
        ("０７３１", True),
        ("  王小  ", True),
    ],
)
def test_search_finds_parts_and_takes_signs_literally(
    typed: str, is_found: bool, make: Factory, login: Login
) -> None:
    make.customer(name="王小明", phone="139 0000 0731")
    found = rows_of(login(Role.CLERK).get("/customer/", query_string={"search": typed}))
    assert bool(found) is is_found


@pytest.mark.parametrize(
    "typed", ["\x00", "a\x00b", "'; DROP TABLE customer; --", "\ud800", "%s%s", "{{7*7}}", "x" * 5000, "𠮷"]
)
def test_search_survives_what_nobody_should_type(typed: str, make: Factory, login: Login) -> None:
    make.customer(name="ab")
    response = login(Role.CLERK).get(
        "/customer/", query_string={"search": typed.encode("utf-8", "surrogatepass")}
    )
    assert response.status_code == 200


def test_a_filter_has_a_key_of_field_and_operation(make: Factory, login: Login) -> None:
    make.customer(kind=CustomerKind.COMPANY, name="公司", first_contact_on=date(2024, 3, 5))
    make.customer(kind=CustomerKind.OWNER, name="车主", first_contact_on=date(2024, 4, 5))
    client = login(Role.CLERK)
    assert len(names(client, "flt_kind=company")) == 1
    assert len(names(client, "flt_kind=company&flt_kind=owner")) == 2
    assert len(names(client, "flt_first_contact_on_from=2024-04-01")) == 1
    assert len(names(client, "flt_first_contact_on_from=2024-03-01&flt_first_contact_on_to=2024-03-05")) == 1
    assert len(names(client, "flt_source_contains=展")) == 0


def test_a_period_of_instants_covers_its_last_day_in_the_sites_time_zone(make: Factory, login: Login) -> None:
    # 23:30 on the 5th in Shanghai.
    make.complaint(registered_at=datetime(2024, 3, 5, 15, 30, tzinfo=UTC))
    client = login(Role.SUPERVISOR)
    for query, count in (("from=2024-03-05&flt_registered_at_to=2024-03-05", 1), ("from=2024-03-06", 0)):
        assert len(rows_of(client.get(f"/complaint/?flt_registered_at_{query}"))) == count


def test_a_filter_by_a_record_shows_its_name_and_its_rows(make: Factory, login: Login) -> None:
    dealer = make.dealer(name="临沂宏达车行")
    make.customer(dealer_id=dealer.id)
    make.customer()
    response = login(Role.CLERK).get(f"/customer/?flt_dealer_id={dealer.id}")
    assert len(rows_of(response)) == 1
    assert "临沂宏达车行" in response.text


def test_a_filter_for_none_finds_what_lies_in_the_pool(make: Factory, login: Login) -> None:
    region = make.region()
    make.customer(region=region)
    make.customer()
    assert len(names(login(Role.SUPERVISOR), "flt_region_id=none")) == 1


@pytest.mark.parametrize(("locale", "shown"), [(Locale.ENGLISH, "Motor"), (Locale.CHINESE, "电机")])
def test_subjects_departments_and_parts_are_named_in_the_readers_language(
    locale: Locale, shown: str, make: Factory, login: Login
) -> None:
    subject = make.subject(
        name="电机", name_en="Motor", departments=[make.department(name="电机部", name_en="Motor department")]
    )
    part = make.part(name="电机", name_en="Motor", code="M1")
    make.complaint(subject_id=subject.id, part_id=part.id)
    client = login(Role.SUPERVISOR, locale=locale)
    assert f">{shown}</a>" in client.get("/complaint/").text
    for name in ("part_id", "subject_id"):
        assert shown in client.get(f"/complaint/ajax/lookup/?name={name}").json[0]["label"]
    assert f"<h1>{shown}" in client.get(f"/subject/details/?id={subject.id}").text
    told = "Motor department" if locale is Locale.ENGLISH else "电机部"
    assert told in client.get("/subject/").text


def test_a_tree_is_listed_in_reading_order(make: Factory, login: Login) -> None:
    top = make.region("华东")
    make.region("上海", parent=top)
    make.region("安徽", parent=top)
    make.region("北方")
    response = login(Role.CLERK).get("/region/")
    assert rows_of(response) == ["北方", "华东", "安徽", "上海"]
    assert response.text.count("depth-1") == 2


def test_an_empty_list_says_what_to_do(make: Factory, login: Login) -> None:
    assert "New customer" in login(Role.CLERK).get("/customer/").text
    assert "Try fewer words" in login(Role.CLERK).get("/customer/?search=nobody").text
    assert 'href="/customer/new/' not in login(Role.AUDITOR).get("/customer/").text


def test_a_record_of_another_region_shows_as_a_label_without_a_link(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    dealer = make.dealer(name="外区经销商", region=other)
    make.customer(region=own, dealer_id=dealer.id)
    page = login(Role.CLERK, region=own).get("/customer/").text
    assert "外区经销商" in page
    assert f"/dealer/details/?id={dealer.id}" not in page


def test_a_name_stands_in_each_place_of_its_row_as_it_was_typed(make: Factory, login: Login) -> None:
    name = "甲 & <b>乙</b> \"'%s&amp;"
    supplier = make.supplier(name=name)
    page = login(Role.SUPERVISOR).get("/supplier/?sort=name&desc=1").text
    row = BeautifulSoup(page, "html.parser").select_one("tr[data-row]")
    assert row is not None
    back = "&back=sort%3Dname%26desc%3D1"
    assert row["data-edit"] == f"/supplier/edit/?id={supplier.id}{back}"
    assert row.select_one("td.tick input")["aria-label"] == f"Select {name}"
    title = row.select_one("td.title a.title-link")
    assert (title.text, title["href"]) == (name, f"/supplier/details/?id={supplier.id}{back}")
    ways = row.select("a.edit-cell")
    assert ways
    for way in ways:
        label = way.find_parent("td")["data-label"]
        assert way["aria-label"] == f"Change {label} of {name}"
        assert way["href"].startswith(f"/supplier/edit/?id={supplier.id}&only=")
        assert way["href"].endswith(f"&version={supplier.version}{back}")


def test_links_of_the_list_keep_search_filters_and_order(make: Factory, login: Login) -> None:
    for _ in range(30):
        make.complaint(severity=Severity.SEVERE, description="电机")
    page = login(Role.SUPERVISOR).get("/complaint/?search=电机&flt_severity=severe&sort=number").text
    kept = "search=%E7%94%B5%E6%9C%BA&amp;flt_severity=severe&amp;sort=number"
    assert re.search(rf'rel="next" href="/complaint/\?{re.escape(kept)}&amp;after=\d+&amp;page=1"', page)
    assert f'rel="last" href="/complaint/?{kept}&amp;last=1"' in page


def test_the_way_back_from_a_record_leads_to_the_list_as_it_was(make: Factory, login: Login) -> None:
    complaint = make.complaint(severity=Severity.SEVERE)
    client = login(Role.SUPERVISOR)
    page = client.get(
        f"/complaint/details/?id={complaint.id}&back=flt_severity%3Dsevere%26search%3D%2522"
    ).text
    assert 'href="/complaint/?flt_severity=severe&amp;search=%22"' in page
    page = client.get(f"/complaint/details/?id={complaint.id}&back=https://evil.example").text
    assert 'href="https://evil' not in page


def test_deleted_records_are_in_no_list(make: Factory, login: Login) -> None:
    complaint = make.complaint(deleted_at=datetime(2024, 1, 1, tzinfo=UTC))
    client = login(Role.SUPERVISOR)
    assert rows_of(client.get("/complaint/")) == []
    assert client.get(f"/complaint/details/?id={complaint.id}").status_code == 404
    assert isinstance(complaint, Complaint)


@pytest.mark.parametrize(("role", "is_told"), [(Role.CLERK, True), (Role.SUPERVISOR, False)])
def test_who_finds_nothing_is_told_that_other_regions_were_not_searched(
    role: Role, is_told: bool, make: Factory, login: Login
) -> None:
    page = login(role, region=make.region()).get("/dealer/?search=河南").text
    assert "Nothing matches" in page
    assert ("records of your region" in page) is is_told


def test_the_head_of_a_column_of_numbers_stands_where_they_do(make: Factory, login: Login) -> None:
    make.product_model(warranty_months=12)
    make.product_model(warranty_months=None)
    page = BeautifulSoup(login(Role.SUPERVISOR).get("/product-model/").text, "html.parser")
    assert [head["class"] for head in page.select("th.number")] == [
        ["column-warranty_months", "number"],
        ["column-maintenance_interval_months", "number"],
    ]
    assert all("number" in cell["class"] for cell in page.select("td.column-warranty_months"))


@pytest.mark.parametrize("table", TABLES)
def test_no_id_stands_twice_on_a_page(table: str, make: Factory, login: Login) -> None:
    key = make_one(make, table)
    client = login(Role.ADMINISTRATOR)
    for page in ("", "details", "new", "edit"):
        ids = re.findall(r'\sid="([^"]+)"', client.get(path(table, page, id=key)).text)
        assert sorted(ids) == sorted(set(ids)), page
