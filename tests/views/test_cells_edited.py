"""A cell of a list changed in place: one field of the edit form, with its rights, checks and conflicts."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import chosen_version, edit, form_of, path, their_version, version_before
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import record_types
from models.complaint import Severity
from models.dealer import Grade
from models.organisation import Role

SCRIPT = {"Accept": "application/json, text/html;q=0.9"}


def cell_links(client: PanelClient, table: str) -> list[str]:
    """Return the addresses behind the cells of a list that can be changed."""
    page = BeautifulSoup(client.get(path(table)).text, "html.parser")
    return [str(link["href"]) for link in page.select("a.edit-cell")]


def set_cell(client: PanelClient, address: str, **values: str) -> TestResponse:
    """Open a cell's form, change it, and send it as the script does."""
    return client.post(address, data=form_of(client.get(address)).to_dict() | values, headers=SCRIPT)


def test_a_cell_opens_its_own_field_alone_and_saves_it(make: Factory, login: Login) -> None:
    customer = make.customer(level=Grade.C, address="旧")
    client = login(Role.CLERK)
    (address,) = [link for link in cell_links(client, "customer") if "only=level" in link]
    assert set(form_of(client.get(address))) == {"version", "level"}
    answer = set_cell(client, address, level="A", name="别名")
    assert (answer.status_code, answer.json) == (200, {"id": customer.id, "label": customer.name})
    make.session.refresh(customer)
    assert (customer.level, customer.version) == (Grade.A, 2)
    assert customer.name != "别名"


def test_without_a_script_it_leads_back_to_the_list_with_a_way_to_undo(make: Factory, login: Login) -> None:
    make.customer(level=Grade.C)
    client = login(Role.CLERK)
    (address,) = [link for link in cell_links(client, "customer") if "only=level" in link]
    address = f"{address}&back=flt_kind%3Downer"
    answer = client.post(address, data=form_of(client.get(address)).to_dict() | {"level": "A"})
    assert answer.location == "/customer/?flt_kind=owner"
    assert 'name="token"' in client.get(answer.location).text


def test_what_somebody_else_changed_since_the_list_is_said_when_the_cell_opens(
    make: Factory, login: Login
) -> None:
    customer = make.customer(level=Grade.C)
    client, other = login(Role.CLERK), login(Role.SUPERVISOR, name="王主管")
    (address,) = [link for link in cell_links(client, "customer") if "only=level" in link]
    edit(other, "customer", customer.id, address="别的")
    assert "changed since the list was shown" not in client.get(address).text
    edit(other, "customer", customer.id, level="B")
    page = client.get(address)
    assert page.status_code == 200
    assert "changed since the list was shown" in page.text
    assert "王主管 saved a change at" in page.text
    assert form_of(page)["level"] == "B"


def test_a_change_meanwhile_shows_both_versions_of_the_field(make: Factory, login: Login) -> None:
    customer = make.customer(level=Grade.C)
    client, other = login(Role.CLERK), login(Role.SUPERVISOR)
    (address,) = [link for link in cell_links(client, "customer") if "only=level" in link]
    opened = form_of(client.get(address))
    edit(other, "customer", customer.id, level="B")
    opened["level"] = "A"
    answer = client.post(address, data=opened, headers=SCRIPT)
    assert answer.status_code == 409
    assert (version_before(answer, "level"), their_version(answer, "level")) == ("C", "B")
    assert chosen_version(answer, "level") == "mine"
    assert client.post(address, data=form_of(answer), headers=SCRIPT).status_code == 200
    make.session.refresh(customer)
    assert customer.level is Grade.A


def test_what_is_wrong_is_said_at_the_field_or_by_the_name_of_one_that_is_not_there(
    make: Factory, login: Login
) -> None:
    shipment, vehicle = make.parts_shipment(is_right=True), make.vehicle()
    client = login(Role.SUPERVISOR)
    address = path("vehicle", "edit", id=vehicle.id, only="next_maintenance_on")
    answer = set_cell(client, address, next_maintenance_on="someday")
    assert answer.status_code == 422
    assert "Give a date such as" in answer.text
    answer = set_cell(client, path("parts_shipment", "edit", id=shipment.id, only="is_right"), is_right="0")
    assert answer.status_code == 422
    assert "Why it was wrong" in answer.text or "Say what was wrong, and why." in answer.text


def test_what_is_wrong_elsewhere_in_the_record_holds_no_cell_up(make: Factory, login: Login) -> None:
    complaint = make.complaint(severity=Severity.NORMAL, phone="x" * 160)
    client = login(Role.SUPERVISOR)
    address = path("complaint", "edit", id=complaint.id, only="severity")
    assert set_cell(client, address, severity="severe").status_code == 200


@pytest.mark.parametrize("only", ["name", "outcome", "created_by_id", "nothing", "", "level,kind"])
def test_no_other_field_has_an_editor(only: str, make: Factory, login: Login) -> None:
    customer = make.customer(name="旧名")
    client = login(Role.SUPERVISOR)
    address = path("customer", "edit", id=customer.id, only=only)
    assert client.get(address).status_code == 403
    assert client.post(address, data={"version": "1", only: "x"}).status_code == 403
    make.session.refresh(customer)
    assert customer.version == 1


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.QUALITY_ENGINEER])
def test_who_may_not_edit_has_no_editor(role: Role, make: Factory, login: Login) -> None:
    customer = make.customer(level=Grade.C)
    client = login(role)
    assert cell_links(client, "customer") == []
    address = path("customer", "edit", id=customer.id, only="level")
    assert client.get(address).status_code == 403
    assert client.post(address, data={"version": "1", "level": "A"}).status_code == 403


def test_a_row_of_another_region_has_no_editor(make: Factory, login: Login) -> None:
    hidden = make.customer(region=make.region(), level=Grade.C)
    client = login(Role.CLERK, region=make.region())
    address = path("customer", "edit", id=hidden.id, only="level")
    assert client.post(address, data={"version": "1", "level": "A"}).status_code == 404


def test_columns_that_can_be_changed_stand_in_list_and_form(app: Flask) -> None:
    views = app.extensions["record_views"]
    named = {model.__tablename__: views[model].editable_columns for model in record_types() if model in views}
    assert sum(map(bool, named.values())) > 10
    assert "role_names" not in {name for names in named.values() for name in names}
    assert named["staff"] == ()
