"""What changes no row and is written down all the same: refusals and exports."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from screens import path
from sqlalchemy import select
from sqlalchemy.orm import Session

from conftest import Login
from factories import Factory
from models import AccessEntry
from models.access import AccessKind
from models.organisation import Role
from views.refusals import ONCE_IN


def entries(session: Session, kind: AccessKind) -> list[AccessEntry]:
    return list(session.scalars(select(AccessEntry).where(AccessEntry.kind == kind).order_by(AccessEntry.id)))


def test_a_refusal_tells_who_wanted_what(make: Factory, login: Login, db_session: Session) -> None:
    customer = make.customer()
    client = login(Role.WAREHOUSE_KEEPER)
    assert client.get(path("customer", "details", id=customer.id)).status_code == 403
    assert client.post("/customer/delete/", data={"id": customer.id}).status_code == 403
    read, delete = entries(db_session, AccessKind.REFUSED)
    assert client.staff is not None
    assert (read.actor_id, read.table_name, read.row_id) == (client.staff.id, "customer", customer.id)
    assert read.detail == {"endpoint": "customer.details_view", "method": "GET"}
    assert (delete.row_id, delete.detail["method"]) == (customer.id, "POST")
    assert str(read.remote_address) == "127.0.0.1"


def test_a_crawl_leaves_one_refusal_a_minute_for_each_endpoint(
    make: Factory, login: Login, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = login(Role.WAREHOUSE_KEEPER), login(Role.WAREHOUSE_KEEPER)
    for number in range(5):
        first.get(path("customer", "details", id=number))
    second.get(path("customer", "details", id=1))
    first.get("/customer/")
    assert len(entries(db_session, AccessKind.REFUSED)) == 3
    monkeypatch.setattr("views.refusals.ONCE_IN", timedelta(seconds=-1))
    first.get("/customer/")
    assert len(entries(db_session, AccessKind.REFUSED)) == 4
    assert timedelta(minutes=1) == ONCE_IN


def test_a_refusal_saves_nothing_of_what_was_begun(make: Factory, login: Login, db_session: Session) -> None:
    # Nobody but who wrote a note, or a supervisor, removes it: that is found out once the record is open.
    note = make.note(make.customer())
    client = login(Role.CLERK)
    data = {"note": note.id}
    assert client.post(f"/customer/notes/remove/?id={note.row_id}", data=data).status_code == 403
    db_session.expire_all()
    assert note.deleted_at is None
    assert len(entries(db_session, AccessKind.REFUSED)) == 1


def test_nobody_is_told_of_where_nobody_is_logged_in(client: FlaskClient, db_session: Session) -> None:
    client.get("/customer/")
    assert entries(db_session, AccessKind.REFUSED) == []


def test_an_export_is_written_down_with_its_size_and_without_values(
    make: Factory, login: Login, db_session: Session
) -> None:
    make.customer(name="李四")
    make.customer(name="王五")
    client = login(Role.SUPERVISOR)
    for address in ("/customer/export/csv/", "/customer/export/csv/?search=李四"):
        with client.get(address) as response:
            assert response.status_code == 200
    whole, narrowed = entries(db_session, AccessKind.EXPORTED)
    assert client.staff is not None
    assert (whole.actor_id, whole.table_name) == (client.staff.id, "customer")
    assert whole.detail == {"rows": 2, "format": "csv", "narrowed": False}
    assert narrowed.detail == {"rows": 1, "format": "csv", "narrowed": True, "filters": ["Search"]}
