"""Two clicks on one form, a reload, two requests at once: one record, and the same answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from screens import form_of, path
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from models import Customer, SentForm, db
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
