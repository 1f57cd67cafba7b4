"""Taking back a deletion, a change or the removal of a note."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import BytesIO

import pytest
from flask import Flask
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from screens import edit
from sqlalchemy import select
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import Attachment, AuditEntry, Complaint, Customer, Note
from models.base import now
from models.complaint import Severity
from models.organisation import Role
from views.undo import _serializer


def token_of(client: PanelClient, address: str) -> str:
    """Return the token that the message on the page at `address` carries."""
    found = re.search(r'name="token" value="([^"]+)"', client.get(address).text)
    assert found is not None
    return found[1]


def undo(client: PanelClient, token: str) -> TestResponse:
    return client.post("/undo/", data={"token": token}, follow_redirects=True)


def test_deleted_records_come_back(make: Factory, login: Login) -> None:
    customers = [make.customer(), make.customer()]
    client = login(Role.SUPERVISOR)
    client.post("/customer/delete/", data={"id": [customer.id for customer in customers]})
    assert "2 records are back" in undo(client, token_of(client, "/customer/")).text
    for customer in customers:
        make.session.refresh(customer)
        assert customer.deleted_at is None
    entries = make.session.scalars(
        select(AuditEntry).where(AuditEntry.table_name == "customer", AuditEntry.row_id == customers[0].id)
    ).all()
    assert [entry.action.value for entry in entries] == ["insert", "update", "update"]
    assert client.staff is not None
    assert entries[-1].actor_id == client.staff.id


def test_a_name_that_was_taken_since_is_not_taken_away(make: Factory, login: Login) -> None:
    part = make.part(code="K-1")
    client = login(Role.SUPERVISOR)
    client.post("/part/delete/", data={"id": part.id})
    token = token_of(client, "/part/")
    make.part(code="K-1")
    assert "can&#39;t be undone" in undo(client, token).text
    make.session.refresh(part)
    assert part.deleted_at is not None


def test_a_change_is_taken_back_as_the_audit_log_has_it(make: Factory, login: Login) -> None:
    before = now() - timedelta(days=3)
    complaint = make.complaint(registered_at=before, customer_name="王师傅", demand="换新")
    client = login(Role.SUPERVISOR)
    sent = {"customer_name": "李师傅", "demand": "", "severity": "severe"}
    assert edit(client, "complaint", complaint.id, **sent).status_code == 302
    page = undo(client, token_of(client, f"/complaint/details/?id={complaint.id}")).text
    assert "is as it was before" in page
    make.session.refresh(complaint)
    assert (complaint.customer_name, complaint.demand) == ("王师傅", "换新")
    assert complaint.severity is Severity.NORMAL
    assert complaint.registered_at == before
    assert isinstance(complaint, Complaint)


def test_what_others_changed_since_stays(make: Factory, login: Login) -> None:
    customer = make.customer(name="旧名")
    client = login(Role.SUPERVISOR)
    edit(client, "customer", customer.id, name="新名")
    token = token_of(client, f"/customer/details/?id={customer.id}")
    edit(login(Role.SUPERVISOR), "customer", customer.id, name="更新的名")
    assert "can&#39;t be undone" in undo(client, token).text
    make.session.refresh(customer)
    assert customer.name == "更新的名"


def test_it_is_undone_once_only(make: Factory, login: Login) -> None:
    customer = make.customer(name="旧名")
    client = login(Role.SUPERVISOR)
    edit(client, "customer", customer.id, name="新名")
    token = token_of(client, f"/customer/details/?id={customer.id}")
    undo(client, token)
    assert "can&#39;t be undone" in undo(client, token).text
    make.session.refresh(customer)
    assert customer.name == "旧名"


def test_nobody_else_takes_it_back_and_no_link_does(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.SUPERVISOR)
    client.post("/customer/delete/", data={"id": customer.id})
    token = token_of(client, "/customer/")
    assert login(Role.SUPERVISOR).post("/undo/", data={"token": token}).status_code == 403
    assert client.get(f"/undo/?token={token}").status_code == 405
    assert client.post("/undo/", data={"token": token}, csrf=False).status_code == 400
    assert "can&#39;t be undone" in undo(client, f"{token}x").text
    assert client.staff is not None
    client.staff.role_names = [Role.CLERK.value]
    make.session.commit()
    assert client.post("/undo/", data={"token": token}).status_code == 403
    make.session.refresh(customer)
    assert customer.deleted_at is not None


@pytest.mark.parametrize(("hours", "is_open"), [(23, True), (25, False)])
def test_a_token_lasts_for_a_day(
    hours: int, is_open: bool, make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Later(TimestampSigner):
        def get_timestamp(self) -> int:
            return int((now() + timedelta(hours=hours)).timestamp())

    customer = make.customer()
    client = login(Role.SUPERVISOR)
    client.post("/customer/delete/", data={"id": customer.id})
    token = token_of(client, "/customer/")
    # The clock of these tokens only: the login would end as well.
    monkeypatch.setattr("views.undo.URLSafeTimedSerializer", partial(URLSafeTimedSerializer, signer=Later))
    answer = undo(client, token)
    assert ("can&#39;t be undone any more" in answer.text) != is_open
    make.session.refresh(customer)
    assert (customer.deleted_at is None) == is_open


def test_a_token_outlives_a_new_secret_key(app: Flask, make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.SUPERVISOR)
    client.post("/customer/delete/", data={"id": customer.id})
    with app.test_request_context():
        old = URLSafeTimedSerializer("the key of yesterday", salt="undo")
        token = old.dumps(_serializer().loads(token_of(client, "/customer/")))
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, secret_key_fallbacks=("the key of yesterday",))
    try:
        undo(client, token)
    finally:
        app.extensions["settings"] = settings
    make.session.refresh(customer)
    assert customer.deleted_at is None


def test_a_note_that_was_removed_comes_back(make: Factory, login: Login) -> None:
    customer: Customer = make.customer()
    client = login(Role.SUPERVISOR)
    client.post(f"/customer/notes/?id={customer.id}", data={"body": "客户要求周末上门"})
    note = make.session.scalars(select(Note).where(Note.row_id == customer.id)).one()
    client.post(f"/customer/notes/remove/?id={customer.id}", data={"note": note.id})
    page = client.get(f"/customer/details/?id={customer.id}").text
    # The history still tells of it; the record's notes do not.
    assert 'class="note-body"' not in page
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None
    assert 'class="note-body"' in undo(client, found[1]).text
    assert "can&#39;t be undone" in undo(client, found[1]).text


def test_a_record_does_not_come_back_to_one_that_went_after_it(make: Factory, login: Login) -> None:
    customer = make.customer()
    vehicle = make.vehicle(customer_id=customer.id)
    client = login(Role.SUPERVISOR)
    client.post("/vehicle/delete/", data={"id": vehicle.id})
    token = token_of(client, "/vehicle/")
    client.post("/customer/delete/", data={"id": customer.id})
    whole = token_of(client, "/customer/")
    assert "can&#39;t be undone" in undo(client, token).text
    make.session.refresh(vehicle)
    assert vehicle.deleted_at is not None
    assert "is back" in undo(client, whole).text
    assert "is back" in undo(client, token).text


def remove_file(make: Factory, client: PanelClient, key: int) -> tuple[Note, str]:
    """Write a note with a file, remove the file; return the note, and the token that takes that back."""
    data = {"body": "见附件", "files": (BytesIO("故障经过".encode()), "经过.txt")}
    client.post(f"/customer/notes/?id={key}", data=data, content_type="multipart/form-data")
    note = make.session.scalars(select(Note).where(Note.row_id == key)).one()
    file = make.session.scalars(select(Attachment).where(Attachment.note_id == note.id)).one()
    client.post(f"/customer/notes/remove/?id={key}", data={"file": file.id})
    return note, token_of(client, f"/customer/details/?id={key}")


def test_a_file_does_not_come_back_to_a_note_that_went_after_it(make: Factory, login: Login) -> None:
    client, key = login(Role.SUPERVISOR), make.customer().id
    note, token = remove_file(make, client, key)
    client.post(f"/customer/notes/remove/?id={key}", data={"note": note.id})
    whole = token_of(client, f"/customer/details/?id={key}")
    assert "can&#39;t be undone" in undo(client, token).text
    undo(client, whole)
    assert "经过.txt" in undo(client, token).text


def test_a_file_of_somebody_else_needs_the_right_to_remove_it(make: Factory, login: Login) -> None:
    client, key = login(Role.SUPERVISOR), make.customer().id
    note, token = remove_file(make, client, key)
    note.created_by_id = make.staff(Role.CLERK).id
    assert client.staff is not None
    client.staff.role_names = [Role.CLERK.value]
    make.session.commit()
    assert client.post("/undo/", data={"token": token}).status_code == 403


def test_an_account_is_changed_by_its_form_alone(make: Factory, login: Login) -> None:
    staff = make.staff(Role.CLERK)
    client = login(Role.ADMINISTRATOR)
    assert edit(client, "staff", staff.id, name="新名字").status_code == 302
    page = client.get(f"/staff/details/?id={staff.id}").text
    assert "was saved" in page
    assert 'name="token"' not in page
