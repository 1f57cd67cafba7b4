"""What hangs on a record: shown on its page, and in the way of its deletion, for each pair of types."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import ENTERED, form_of, path, rows_of
from sqlalchemy import inspect
from test_access import make_one

from conftest import Login
from factories import Factory
from models import Staff, record_types
from models.organisation import Role
from models.permissions import letters
from views import SCREENS
from views.linked import COUNT_MOST

MODELS = {model.__tablename__: model for model in record_types()}
SCREEN_OF = {model.__tablename__: screen for screen, model in SCREENS}


def foreign_keys() -> list[tuple[str, str, str]]:
    """Return parent table, child table and column of each foreign key that holds a record back.

    What steps of a procedure wrote is deleted by nobody, and so can't be taken out of the way.
    """
    return [
        (next(iter(column.foreign_keys)).column.table.name, table, name)
        for table, model in MODELS.items()
        if table in ENTERED
        for name, column in inspect(model).columns.items()
        # What is no record, such as a mail, is deleted by nobody.
        if any(key.column.table.name in MODELS for key in column.foreign_keys) and name != "created_by_id"
    ]


def link(make: Factory, parent: str, child: str, column: str) -> tuple[int, int]:
    """Make a parent with one child; return both keys."""
    parent_id = make_one(make, parent)
    child_id = make_one(make, child)
    row = make.session.get(MODELS[child], child_id)
    if column == "earlier_receipt_id":
        row.is_return_repair = True
    if child == "absence" and column in ("staff_id", "substitute_id"):
        # A substitute comes from the department of who is away.
        colleague = make.session.get_one(Staff, row.staff_id)
        make.session.get_one(Staff, parent_id).department_id = colleague.department_id
        make.session.flush()
    setattr(row, column, parent_id)
    make.session.commit()
    return parent_id, child_id


@pytest.mark.parametrize(("parent", "child", "column"), foreign_keys())
def test_a_record_that_others_name_stays_until_they_are_gone(
    parent: str, child: str, column: str, make: Factory, login: Login
) -> None:
    parent_id, child_id = link(make, parent, child, column)
    client = login(Role.ADMINISTRATOR)
    page = client.get(path(parent, "delete", id=parent_id)).text
    assert f"{SCREEN_OF[child].plural}: 1" in page
    assert 'class="button danger solid"' not in page
    assert client.post(f"{path(parent)}delete/", data={"id": parent_id}).status_code == 409
    make.session.expire_all()
    assert make.session.get(MODELS[parent], parent_id).deleted_at is None
    assert client.post(f"{path(child)}delete/", data={"id": child_id}).status_code == 302
    assert client.post(f"{path(parent)}delete/", data={"id": parent_id}).status_code == 302


@pytest.mark.parametrize(
    ("parent", "child", "column"),
    [each for each in foreign_keys() if each[2] in SCREEN_OF[each[1]].column_filters],
)
def test_the_page_of_a_record_leads_to_the_list_of_those_that_name_it(
    parent: str, child: str, column: str, make: Factory, login: Login
) -> None:
    parent_id, child_id = link(make, parent, child, column)
    make_one(make, child)
    client = login(Role.ADMINISTRATOR)
    page = client.get(path(parent, "details", id=parent_id)).text
    address = f"{path(child)}?flt_{column}={parent_id}"
    assert f'<a href="{address}">{SCREEN_OF[child].plural}</a> <span class="count">1</span>' in page
    listed = client.get(address)
    assert len(rows_of(listed)) == 1
    assert f"id={child_id}" in listed.text


@pytest.mark.parametrize(
    ("parent", "child", "column"),
    [
        each
        for each in foreign_keys()
        if each[2] in SCREEN_OF[each[1]].column_filters
        and any(each[2] in section.names for section in SCREEN_OF[each[1]].form_sections)
    ],
)
def test_the_page_of_a_record_opens_a_form_that_already_names_it(
    parent: str, child: str, column: str, make: Factory, login: Login
) -> None:
    parent_id = make_one(make, parent)
    client = login(Role.ADMINISTRATOR)
    address = f"{path(child)}new/?{column}={parent_id}"
    assert f'href="{address}"' in client.get(path(parent, "details", id=parent_id)).text
    assert form_of(client.get(address))[column] == str(parent_id)


@pytest.mark.parametrize("role", [role for role in Role if "r" in letters(role, "customer")])
def test_linked_records_are_those_that_a_role_may_list_and_enter(
    role: Role, make: Factory, login: Login
) -> None:
    customer_id = make.customer().id
    page = login(role).get(path("customer", "details", id=customer_id)).text
    for child in ("vehicle", "complaint"):
        assert (f'href="{path(child)}?flt_customer_id={customer_id}"' in page) is (
            "l" in letters(role, child)
        )
        assert (f'href="{path(child)}new/?customer_id={customer_id}"' in page) is (
            "c" in letters(role, child)
        )


def test_the_page_of_a_customer_says_what_was_promised(make: Factory, login: Login) -> None:
    customer = make.customer()
    make.call_record(
        customer_id=customer.id,
        promise="寄出充电器",
        promised_until=date(2020, 1, 1),
        promise_kept_on=date(2020, 1, 1),
    )
    assert "寄出充电器" in login(Role.CLERK).get(f"/customer/details/?id={customer.id}").text


def test_linked_records_of_another_region_are_not_counted(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    dealer = make.dealer(region=own)
    make.customer(region=own, dealer_id=dealer.id)
    make.customer(region=other, dealer_id=dealer.id)
    page = login(Role.CLERK, region=own).get(path("dealer", "details", id=dealer.id)).text
    assert re.search(r'>Customers</a> <span class="count">1</span>', page)


def test_counting_what_is_linked_stops_at_a_thousand(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    dealer = make.dealer()
    for _ in range(4):
        make.customer(dealer_id=dealer.id)
    monkeypatch.setattr("views.linked.COUNT_MOST", 3)
    page = login(Role.CLERK).get(path("dealer", "details", id=dealer.id)).text
    assert '>Customers</a> <span class="count">more than 3</span>' in page
    assert COUNT_MOST == 1000


@pytest.mark.parametrize("table", ENTERED)
def test_a_record_on_which_nothing_hangs_goes_and_is_gone_everywhere(
    table: str, make: Factory, login: Login
) -> None:
    key = make_one(make, table)
    client = login(Role.ADMINISTRATOR)
    assert 'class="button danger solid"' in client.get(path(table, "delete", id=key)).text
    response = client.post(f"{path(table)}delete/", data={"id": key}, follow_redirects=True)
    assert "1 record was deleted." in response.text
    assert f"details/?id={key}&" not in response.text.partition("<tbody>")[2]
    for page in ("details", "edit", "delete"):
        assert client.get(path(table, page, id=key)).status_code == 404


def test_several_records_are_asked_about_by_name_and_deleted_together(make: Factory, login: Login) -> None:
    rows: list[Any] = [make.customer(name=f"客户{letter}") for letter in "甲乙丙"]
    keys = [row.id for row in rows]
    client = login(Role.SUPERVISOR)
    page = client.get(f"/customer/delete/?id={keys[0]}&id={keys[1]}&id=abc&id={keys[0]}").text
    assert "Delete these 2 records?" in page
    assert "客户甲" in page
    assert "客户丙" not in page
    response = client.post("/customer/delete/", data={"id": keys[:2]}, follow_redirects=True)
    assert "2 records were deleted." in response.text
    assert len(rows_of(response)) == 1


def test_deletion_leads_back_to_the_list_as_it_was(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.SUPERVISOR)
    response = client.post("/customer/delete/?back=flt_kind%3Downer", data={"id": customer.id})
    assert response.headers["Location"] == "/customer/?flt_kind=owner"


def test_ways_in_which_records_name_another_are_told_apart(make: Factory, login: Login) -> None:
    """Letters are signed by one and followed up by another: two lines of letters on a person's page."""
    person = make.staff()
    page = BeautifulSoup(
        login(Role.ADMINISTRATOR).get(path("staff", "details", id=person.id)).text, "html.parser"
    )
    lines = [line.get_text(" ", strip=True) for line in page.select(".linked li")]
    assert len(lines) == len(set(lines))
    assert {"Letters 0 Sent by", "Letters 0 Responsible person"} <= set(lines)
    labels = [link["aria-label"] for link in page.select(".linked a.small")]
    assert len(labels) == len(set(labels))
