"""What the access log takes down of logins: who, from where, and never what was typed."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from flask_security.utils import hash_password
from passlib.handlers.argon2 import argon2
from second_factors import EMAIL, PASSWORD, Person, give_code, give_password
from sqlalchemy import select
from sqlalchemy.orm import Session
from test_account_security import set_up

from conftest import Login, PanelClient
from factories import Factory
from jobs.invitation import invite, link_of
from models import AccessEntry, Invitation, acting_as, db, system_actor
from models.access import AccessKind
from models.organisation import Role
from views.throttle import TRIES_MOST


@pytest.fixture
def person(app: Flask, make: Factory) -> Person:
    return Person(app, make, Role.CLERK, has_factor=False)


def log_of(session: Session) -> list[tuple[AccessKind, int | None, dict[str, Any]]]:
    session.expire_all()
    entries = session.scalars(select(AccessEntry).order_by(AccessEntry.id)).all()
    assert all(entry.table_name == "staff" for entry in entries)
    assert {str(entry.remote_address) for entry in entries} <= {"127.0.0.1"}
    return [(entry.kind, entry.row_id, entry.detail) for entry in entries]


def kinds(session: Session) -> list[AccessKind]:
    return [kind for kind, _row_id, _detail in log_of(session)]


def test_login_and_logout_name_the_person(client: PanelClient, person: Person, db_session: Session) -> None:
    give_password(client)
    client.post("/logout")
    client.post("/logout")
    assert log_of(db_session) == [(AccessKind.LOGIN, person.id, {}), (AccessKind.LOGOUT, person.id, {})]
    actors = set(db_session.scalars(select(AccessEntry.actor_id)))
    assert actors == {person.id}


@pytest.mark.parametrize(
    ("email", "is_known"), [(EMAIL, True), ("Wang@Example.com", True), ("nobody@example.com", False)]
)
def test_a_failed_login_names_the_person_if_there_is_one_and_nothing_that_was_typed(
    client: PanelClient, person: Person, db_session: Session, email: str, is_known: bool
) -> None:
    client.post("/login", data={"email": email, "password": "typed by mistake"})
    expected = person.id if is_known else None
    assert log_of(db_session) == [(AccessKind.LOGIN_FAILED, expected, {"what": "password"})]


def test_a_wrong_code_and_a_recovery_code_are_told(
    app: Flask, client: PanelClient, make: Factory, db_session: Session
) -> None:
    person = Person(app, make, Role.CLERK)
    give_password(client)
    give_code(client, "x")
    give_code(client, person.codes[0])
    assert log_of(db_session) == [
        (AccessKind.LOGIN_FAILED, person.id, {"what": "code"}),
        (AccessKind.RECOVERY_CODE_USED, person.id, {}),
        (AccessKind.LOGIN, person.id, {}),
    ]


def test_too_many_tries_are_told_once(client: PanelClient, person: Person, db_session: Session) -> None:
    for _ in range(TRIES_MOST + 5):
        client.post("/login", data={"email": EMAIL, "password": "wrong guess"})
    assert kinds(db_session) == [AccessKind.LOGIN_FAILED] * TRIES_MOST + [AccessKind.THROTTLED]


@pytest.mark.parametrize(("email", "is_known"), [(EMAIL, True), ("nobody@example.com", False)])
def test_a_reset_asked_for_is_told(
    client: PanelClient, person: Person, db_session: Session, email: str, is_known: bool
) -> None:
    client.post("/reset", data={"email": email})
    assert log_of(db_session) == [(AccessKind.RESET_ASKED, person.id if is_known else None, {})]


def test_a_password_set_by_a_link_is_told_with_the_logins_that_it_ends(
    app: Flask, client: PanelClient, person: Person, db_session: Session
) -> None:
    give_password(client)
    with app.app_context():
        token = generate_reset_password_token(person.staff)
    new = {"password": "another good sentence", "password_confirm": "another good sentence"}
    app.test_client().post(f"/reset/{token}", data=new)
    assert log_of(db_session)[1:] == [
        (AccessKind.PASSWORD_SET, person.id, {}),
        (AccessKind.LOGINS_ENDED, person.id, {"count": 1}),
    ]


def test_a_changed_password_is_told_and_no_login(
    client: PanelClient, person: Person, db_session: Session
) -> None:
    give_password(client)
    new = {"new_password": "another good sentence", "new_password_confirm": "another good sentence"}
    client.post("/change", data={"password": PASSWORD, **new})
    assert kinds(db_session) == [AccessKind.LOGIN, AccessKind.PASSWORD_SET]


def test_a_wrong_password_is_told_where_a_new_one_is_asked_for(
    client: PanelClient, person: Person, db_session: Session
) -> None:
    give_password(client)
    new = {"new_password": "another good sentence", "new_password_confirm": "another good sentence"}
    client.post("/change", data={"password": "typed by mistake", **new})
    assert log_of(db_session)[1:] == [(AccessKind.LOGIN_FAILED, person.id, {"what": "password"})]
    # Here the current one was right, or was not even looked at.
    client.post("/change", data={"password": PASSWORD, "new_password": "x", "new_password_confirm": "x"})
    client.post("/change", data={"password": "typed by mistake", **new, "new_password_confirm": "y"})
    assert len(kinds(db_session)) == 2


def test_a_first_password_is_told(
    app: Flask, client: PanelClient, make: Factory, db_session: Session
) -> None:
    with app.app_context(), acting_as(system_actor("test")):
        staff = make.staff(Role.CLERK)
        invite(staff)
        db.session.commit()
        link = link_of(db.session.get_one(Invitation, staff.id)).partition("http://localhost")[2]
    new = {"password": "another good sentence", "password_confirm": "another good sentence"}
    assert client.post(link, data=new).status_code == 302
    assert log_of(db_session) == [(AccessKind.PASSWORD_SET, staff.id, {})]


def test_a_second_factor_set_up_and_removed_is_told(app: Flask, login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    assert client.staff
    key = client.staff.id
    set_up(app, client)
    client.post("/account-security/recovery-codes")
    client.post("/account-security/remove")
    assert log_of(db_session) == [
        (AccessKind.SECOND_FACTOR_SET, key, {}),
        (AccessKind.SECOND_FACTOR_SET, key, {"what": "recovery_codes"}),
        (AccessKind.SECOND_FACTOR_REMOVED, key, {}),
    ]


def test_no_password_nor_code_stands_in_the_log_or_on_standard_error(
    app: Flask, client: PanelClient, make: Factory, db_session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person(app, make, Role.CLERK)
    client.post("/login", data={"email": "secret typed here", "password": "wrong guess"})
    client.post("/login", data={"email": EMAIL, "password": "wrong guess"})
    give_password(client)
    give_code(client, "777777")
    give_code(client, person.codes[0])
    written = capsys.readouterr().err + str(log_of(db_session))
    for typed in ("secret typed here", "wrong guess", PASSWORD, "777777", person.codes[0], EMAIL):
        assert typed not in written


def test_hashing_is_done_for_known_and_unknown_addresses_alike(
    app: Flask, client: PanelClient, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash takes nearly all of the time of an answer, so its number is what a stranger could measure."""
    counted: list[str] = []
    for name in ("hash", "verify"):
        original = getattr(argon2, name)
        monkeypatch.setattr(
            argon2,
            name,
            lambda *given, original=original, name=name, **more: (
                counted.append(name) or original(*given, **more)
            ),
        )
    with app.app_context():
        hash_password("warm")
    seen = []
    for email in (EMAIL, "nobody@example.com"):
        counted.clear()
        answer = client.post("/login", data={"email": email, "password": "wrong guess"})
        seen.append((len(counted), answer.status_code, answer.text.replace(email, "")[:50]))
    assert seen[0] == seen[1]
    assert seen[0][0] == 1
