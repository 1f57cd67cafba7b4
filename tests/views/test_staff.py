"""Staff: who creates people and gives them rights, and how a new person gets in."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

from flask import Flask
from screens import create, edit, path
from sqlalchemy import select

from conftest import Login
from factories import Factory
from models import Delivery, LoginSession, Staff, db
from models.organisation import Role


def person(make: Factory, email: str) -> Staff:
    make.session.expire_all()
    return make.session.scalars(select(Staff).where(Staff.email == email)).one()


def test_a_new_person_sets_the_password_by_a_link_in_a_mail(make: Factory, login: Login, app: Flask) -> None:
    administrator = login(Role.ADMINISTRATOR)
    response = create(
        administrator, "staff", name="李内勤", email="Li＠Example．com", role_names=["", "clerk"]
    )
    assert response.status_code == 302, response.text
    # No server for mail is set: the administrator gets the link to hand over.
    page = administrator.get(response.location).text
    assert "mail to li@example.com can&#39;t go out" in page
    staff = person(make, "li@example.com")
    assert (staff.role_names, staff.password, staff.active) == (["clerk"], None, True)
    delivery = make.session.scalars(select(Delivery).where(Delivery.recipient == "li@example.com")).one()
    body = message_from_bytes(delivery.message, policy=policy.default).get_body(("plain",))
    assert body is not None
    link = re.search(r"http://localhost(/\S+)", body.get_content())
    assert link

    client = app.test_client()
    assert client.get(link[1]).status_code == 200
    new = "a sentence that nobody guesses"
    client.post(link[1], data={"password": new, "password_confirm": new})
    assert person(make, "li@example.com").password
    answer = client.post("/login", data={"email": "li@example.com", "password": new})
    assert answer.status_code == 302


def test_a_person_who_cannot_be_saved_gets_no_mail(make: Factory, login: Login) -> None:
    make.staff(Role.CLERK, email="li@example.com")
    response = create(login(Role.ADMINISTRATOR), "staff", name="李", email="li@example.com")
    assert response.status_code == 422
    assert make.session.scalars(select(Delivery)).all() == []


def test_nobody_changes_the_own_rights(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    assert client.staff is not None
    response = edit(
        client,
        "staff",
        client.staff.id,
        name="Me",
        role_names=["auditor"],
        active=[""],
        email="other@example.com",
    )
    assert response.status_code == 302
    make.session.expire_all()
    staff = make.session.get(Staff, client.staff.id)
    assert staff is not None
    assert (staff.name, staff.role_names, staff.active) == ("Me", ["administrator"], True)
    assert staff.email != "other@example.com"


def test_a_role_that_does_not_exist_is_refused_at_the_field(make: Factory, login: Login) -> None:
    staff = make.staff(Role.CLERK)
    response = edit(login(Role.ADMINISTRATOR), "staff", staff.id, role_names=["", "emperor"])
    assert response.status_code == 422
    assert "Choose from the list." in response.text.partition('id="role_names-error"')[2]


def test_taking_all_roles_away_is_possible(make: Factory, login: Login) -> None:
    staff = make.staff(Role.CLERK)
    assert edit(login(Role.ADMINISTRATOR), "staff", staff.id, role_names=[""]).status_code == 302
    make.session.expire_all()
    found = make.session.get(Staff, staff.id)
    assert found is not None
    assert found.role_names == []


def test_nobody_deletes_the_own_account(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    assert client.staff is not None
    response = client.post("/staff/delete/", data={"id": client.staff.id})
    assert response.status_code == 409
    assert "Nobody deletes the own account." in response.text


def test_somebody_remains_who_administers_the_panel(in_app: Flask) -> None:
    make = Factory(db.session())
    view = in_app.extensions["record_views"][Staff]
    only = make.staff(Role.ADMINISTRATOR)
    make.staff(Role.ADMINISTRATOR, active=False)
    assert view.why_not_delete([only])
    make.staff(Role.ADMINISTRATOR)
    assert view.why_not_delete([only]) == []


def test_a_deleted_person_is_out_at_once(make: Factory, login: Login) -> None:
    leaving = login(Role.CLERK)
    assert leaving.staff is not None
    key = leaving.staff.id
    assert leaving.get("/").status_code == 200
    assert login(Role.ADMINISTRATOR).post("/staff/delete/", data={"id": key}).status_code == 302
    assert leaving.get("/").status_code == 302
    assert make.session.scalars(select(LoginSession).where(LoginSession.staff_id == key)).all()


def test_the_form_shows_roles_as_boxes_in_words(make: Factory, login: Login) -> None:
    staff = make.staff(Role.CLERK)
    page = login(Role.ADMINISTRATOR).get(path("staff", "edit", id=staff.id)).text
    assert 'value="clerk" checked>After-sales clerk' in page
    assert 'value="auditor">Auditor' in page
