"""An error on the way loses nothing of what was filled in."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import form_of, path
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import Customer
from models.organisation import Role

TYPED = '第一行\n  <b>第二行</b> "引号"'


def fail_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        monkeypatch.undo()
        raise error

    monkeypatch.setattr("views.saving.set_fields", fail)


def send_again(client: PanelClient, failed: TestResponse, **button: str) -> TestResponse:
    """Press a button of the page that tells of the error."""
    form = BeautifulSoup(failed.text, "html5lib").select_one("form.kept-draft")
    assert form is not None
    fields = {
        str(each["name"]): each.get_text() if each.name == "textarea" else str(each["value"])
        for each in form.select("textarea, input")
    }
    return client.post(str(form["action"]), data=fields | button, csrf=False)


@pytest.mark.parametrize(
    ("error", "status"),
    [(RuntimeError("unforeseen"), 500), (OperationalError("SELECT 1", {}, Exception("gone")), 503)],
)
def test_what_was_to_be_entered_is_sent_again_from_the_page_that_tells_of_an_error(
    error: Exception, status: int, login: Login, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get(path("customer", "new"))) | {"name": "李四", "sale_promises": TYPED}
    fail_once(monkeypatch, error)
    failed = client.post(path("customer", "new"), data=values)
    assert failed.status_code == status
    assert send_again(client, failed).status_code == 302
    assert make.session.scalars(select(Customer.sale_promises).where(Customer.name == "李四")).one() == TYPED


def test_the_form_comes_back_with_what_was_filled_in_and_saves_nothing_by_itself(
    login: Login, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = make.customer(name="原名")
    client = login(Role.CLERK)
    address = path("customer", "edit", id=customer.id)
    values = form_of(client.get(address)) | {"name": "新名", "sale_promises": TYPED}
    fail_once(monkeypatch, RuntimeError("unforeseen"))
    failed = client.post(address, data=values)
    form = send_again(client, failed, _draft="1")
    assert form.status_code == 200
    assert "It is not saved yet" in form.text
    make.session.refresh(customer)
    assert customer.name == "原名"
    assert client.post(address, data=form_of(form)).status_code == 302
    make.session.refresh(customer)
    assert (customer.name, customer.sale_promises) == ("新名", TYPED)


def test_a_draft_that_comes_back_overwrites_nobody(
    login: Login, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = make.customer(name="原名")
    client = login(Role.CLERK)
    address = path("customer", "edit", id=customer.id)
    values = form_of(client.get(address)) | {"name": "我的"}
    fail_once(monkeypatch, RuntimeError("unforeseen"))
    failed = client.post(address, data=values)
    customer.name = "别人的"
    make.session.commit()
    form = send_again(client, failed, _draft="1")
    assert client.post(address, data=form_of(form)).status_code == 409


def test_a_password_is_on_no_page_that_tells_of_an_error(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(Role.CLERK)

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setitem(client.application.view_functions, "security.change_password", fail)
    answer = client.post("/change", data={"password": "a secret that was typed"})
    assert answer.status_code == 500
    assert "a secret that was typed" not in answer.text
