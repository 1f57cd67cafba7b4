"""Entering a record from the field that is to refer to it: under the rules of its own page."""

from __future__ import annotations

import pytest
from screens import form_of, path
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from conftest import Login
from factories import Factory
from models import Customer
from models.organisation import Role

AS_A_SCRIPT = {"Accept": "application/json, text/html;q=0.9"}


def entry_of(page: str, name: str) -> bool:
    """Tell whether a form's page offers to enter a record for the field."""
    before, after = page.split(f'id="f-{name}"')
    start = '<div class="field'
    return "data-entry=" in before.rpartition(start)[2] + after.partition(start)[0]


def test_a_script_is_told_what_was_entered(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get(path("customer", "new"))).to_dict() | {"name": "王新", "phone": "13900000731"}
    answer = client.post(path("customer", "new"), data=values, headers=AS_A_SCRIPT)
    customer = db_session.scalars(select(Customer)).one()
    assert (answer.status_code, answer.json) == (201, {"id": customer.id, "label": "王新"})
    # The double-click key holds here too.
    assert client.post(path("customer", "new"), data=values, headers=AS_A_SCRIPT).json == answer.json
    assert db_session.scalar(select(func.count(Customer.id))) == 1
    # What was done here is not said again on the next page.
    assert "王新 was saved" not in client.get("/").text


def test_a_script_gets_the_form_back_with_its_errors(login: Login) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get(path("customer", "new"))).to_dict() | {"name": " "}
    answer = client.post(path("customer", "new"), data=values, headers=AS_A_SCRIPT)
    assert answer.status_code == 422
    assert "Fill this in." in answer.text
    assert form_of(answer)["form_key"] == values["form_key"]


def test_who_may_not_enter_is_refused_in_a_dialog_too(login: Login) -> None:
    assert login(Role.AUDITOR).post(path("customer", "new"), headers=AS_A_SCRIPT).status_code == 403


def test_a_script_whose_login_has_ended_is_told(login: Login) -> None:
    client = login(Role.CLERK)
    client.delete_cookie("huisheng", domain="localhost")
    assert client.post(path("customer", "new"), headers=AS_A_SCRIPT).status_code == 401


def test_a_field_offers_entry_where_the_reader_may_create(login: Login) -> None:
    clerk = login(Role.CLERK).get(path("complaint", "new")).text
    assert entry_of(clerk, "customer_id")
    assert entry_of(clerk, "vehicle_id")
    assert not entry_of(clerk, "responsible_id")
    assert not entry_of(clerk, "region_id")
    administrator = login(Role.ADMINISTRATOR).get(path("complaint", "new")).text
    assert entry_of(administrator, "region_id")
    assert entry_of(administrator, "department_id")


def test_a_filter_offers_no_entry(login: Login) -> None:
    assert "data-entry" not in login(Role.ADMINISTRATOR).get(path("complaint")).text


@pytest.mark.parametrize(
    ("table", "typed", "field", "value"),
    [
        ("customer", "王小明", "name", "王小明"),
        ("customer", " １３９００００ ", "phone", "1390000"),
        ("dealer", "宏达车行", "name", "宏达车行"),
        ("vehicle", "LHS1", "frame_number", "LHS1"),
        ("part", "60V 控制器", "name", "60V 控制器"),
        ("part", "20417", "code", "20417"),
    ],
)
def test_what_was_typed_stands_in_the_field_it_belongs_to(
    table: str, typed: str, field: str, value: str, login: Login
) -> None:
    form = form_of(login(Role.ADMINISTRATOR).get(path(table, "new", _typed=typed)))
    assert form[field] == value
    assert [name for name, other in form.items() if other == value] == [field]


def test_what_was_typed_is_only_a_beginning(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get(path("customer", "new"))).to_dict() | {"name": "本人", "phone": "1"}
    client.post(path("customer", "new", _typed="别人"), data=values)
    assert db_session.scalars(select(Customer)).one().name == "本人"
    refused = client.post(path("customer", "new", _typed="别人"), data=values | {"name": ""})
    assert "别人" not in form_of(refused).values()


def test_the_new_record_fills_in_what_a_choice_of_it_would(login: Login, make: Factory) -> None:
    customer = make.customer(name="王新", phone="13900000731")
    make.customer(name="王新二")
    client = login(Role.SUPERVISOR)
    address = path("complaint", "ajax/lookup", name="customer_id", id=customer.id)
    (row,) = client.get(address).json or []
    assert row["id"] == customer.id
    assert row["fills"]["phone"] == {"value": "13900000731", "label": ""}
    assert client.get(path("complaint", "ajax/lookup", name="customer_id", id="x")).status_code == 404


def test_a_record_of_another_region_is_not_answered(login: Login, make: Factory) -> None:
    elsewhere = make.customer(region=make.region())
    client = login(Role.CLERK, region=make.region())
    assert client.get(path("complaint", "ajax/lookup", name="customer_id", id=elsewhere.id)).json == []
