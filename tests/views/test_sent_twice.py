"""Two clicks on one form, a reload, two requests at once: one record, and the same answer."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from screens import form_of, path
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import Attachment, Customer, ImportRun, Note, SentForm, db
from models.organisation import Role


def count(session: Session, name: str) -> int:
    return session.scalar(select(func.count(Customer.id)).where(Customer.name == name)) or 0


def test_a_form_sent_twice_enters_one_record(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get(path("customer", "new"))).to_dict() | {"name": "双击", "phone": "1"}
    first, second = (client.post(path("customer", "new"), data=values) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert first.status_code == 302
    assert count(db_session, "双击") == 1


def test_the_same_content_in_a_new_form_is_another_record(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    for _ in range(2):
        values = form_of(client.get(path("customer", "new"))).to_dict() | {"name": "同名", "phone": "1"}
        assert client.post(path("customer", "new"), data=values).status_code == 302
    assert count(db_session, "同名") == 2


def test_other_content_in_a_form_sent_before_is_another_record(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get(path("customer", "new"))).to_dict() | {"name": "返回", "phone": "1"}
    client.post(path("customer", "new"), data=values)
    client.post(path("customer", "new"), data=values | {"phone": "2"})
    assert count(db_session, "返回") == 2


def test_a_refused_form_can_be_mended_and_sent_again(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    values = form_of(client.get(path("customer", "new"))).to_dict()
    refused = client.post(path("customer", "new"), data=values | {"name": " "})
    assert refused.status_code == 422
    assert form_of(refused)["form_key"] == values["form_key"]
    assert client.post(path("customer", "new"), data=values | {"name": "修正"}).status_code == 302
    assert count(db_session, "修正") == 1


def test_requests_at_the_same_moment_enter_one_record(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        staff = Factory(db.session()).staff(Role.CLERK)
        clients = [fresh_app.test_client() for _ in range(4)]
        for client in clients:
            assert isinstance(client, PanelClient)
            client.log_in(staff, db.session())
        db.session.remove()
    values = form_of(clients[0].get(path("customer", "new"))).to_dict() | {"name": "同时", "phone": "1"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.post(path("customer", "new"), data=values), clients))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.location for answer in answers}) == 1
    with fresh_app.app_context():
        assert count(db.session(), "同时") == 1
        assert db.session.scalar(select(func.count()).select_from(SentForm)) == 1
        db.session.remove()


def two_clicks(client: PanelClient, address: str, form: Tag, **fields: Any) -> list[TestResponse]:
    """Send a form of a page twice; files are given as name and content."""
    values = {str(each["name"]): str(each.get("value", "")) for each in form.select("input[type=hidden]")}

    def send() -> TestResponse:
        given = {
            name: (BytesIO(value[1]), value[0]) if isinstance(value, tuple) else value
            for name, value in (values | fields).items()
        }
        return client.post(address, data=given)

    return [send(), send()]


def form_on(client: PanelClient, address: str, selector: str) -> Tag:
    found = BeautifulSoup(client.get(address).text, "html.parser").select_one(selector)
    assert found is not None
    return found


def test_a_note_sent_twice_is_written_once(make: Factory, login: Login) -> None:
    client, key = login(Role.CLERK), make.customer().id
    page, file = path("customer", "details", id=key), ("故障.txt", "异响".encode())
    for fields in (
        {"body": "未接通"},
        {"body": "", "files": file},
        {"body": "", "files": ("又.txt", file[1])},
    ):
        form = form_on(client, page, "form[data-notes]")
        first, second = two_clicks(client, path("customer", "notes", id=key), form, **fields)
        assert (first.status_code, first.location) == (second.status_code, second.location)
        assert first.status_code == 302
    assert make.session.scalar(select(func.count(Note.id))) == 3
    assert make.session.scalar(select(func.count(Attachment.id))) == 2
    # Another file under the same name, or the same under another, is another note.
    form = form_on(client, page, "form[data-notes]")
    for content in ("一", "二"):
        two_clicks(
            client, path("customer", "notes", id=key), form, body="", files=("故障.txt", content.encode())
        )
    assert make.session.scalar(select(func.count(Note.id))) == 5
    # Said again on the page that came back it is said again.
    form = form_on(client, page, "form[data-notes]")
    two_clicks(client, path("customer", "notes", id=key), form, body="未接通")
    assert make.session.scalar(select(func.count(Note.id))) == 6


@pytest.mark.usefixtures("queue")
def test_a_file_uploaded_twice_is_one_import(make: Factory, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    form = form_on(client, "/import/", "form.upload")
    for content, runs in ((b"a,b", 1), (b"c,d", 2)):
        answers = two_clicks(client, "/import/upload", form, file=("list.csv", content), mapping="")
        assert len({answer.location for answer in answers}) == 1
        assert {answer.status_code for answer in answers} == {302}
        assert make.session.scalar(select(func.count(ImportRun.id))) == runs


@pytest.mark.parametrize("is_own", [False, True])
def test_a_deletion_confirmed_twice_is_told_twice_and_can_be_undone(
    is_own: bool, make: Factory, login: Login
) -> None:
    client = login(Role.CLERK if is_own else Role.SUPERVISOR)
    assert client.staff is not None
    customer = make.customer(created_by_id=client.staff.id)
    address = path("customer", "delete", id=customer.id)
    answers = two_clicks(client, address, form_on(client, address, "form.form-foot"))
    assert {(answer.status_code, answer.location) for answer in answers} == {(302, "/customer/")}
    page = client.get("/customer/")
    assert page.text.count("1 record was deleted.") == 2
    tokens = re.findall(r'name="token" value="([^"]+)"', page.text)
    assert "1 record is back" in client.post("/undo/", data={"token": tokens[1]}, follow_redirects=True).text
    make.session.refresh(customer)
    assert (customer.deleted_at, customer.version) == (None, 3)


def test_a_change_sent_twice_is_one_change_and_no_conflict(make: Factory, login: Login) -> None:
    customer = make.customer(name="旧名")
    client = login(Role.SUPERVISOR)
    address = path("customer", "edit", id=customer.id)
    values = form_of(client.get(address)).to_dict() | {"name": "新名"}
    first, second = (client.post(address, data=values) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert first.status_code == 302
    make.session.refresh(customer)
    assert (customer.name, customer.version) == ("新名", 2)


def test_the_same_change_by_two_people_is_a_conflict(make: Factory, login: Login) -> None:
    customer = make.customer(name="旧名")
    one, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("customer", "edit", id=customer.id)
    values = form_of(one.get(address)).to_dict() | {"name": "新名"}
    assert one.post(address, data=values).status_code == 302
    assert other.post(address, data=values).status_code == 409
