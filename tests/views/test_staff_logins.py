"""What an administrator does about the logins of others."""

from __future__ import annotations

import pytest
from flask import Flask
from screens import path
from sqlalchemy import select
from sqlalchemy.orm import Session
from test_account_security import let_the_password_age, set_up

from conftest import Login
from models import AccessEntry, LoginSession, RecoveryCode, SecondFactor
from models.access import AccessKind
from models.organisation import Role

BOTH = ("/staff/end-logins/", "/staff/reset-second-factor/")


def test_all_logins_of_a_person_end_at_once(login: Login, db_session: Session) -> None:
    person, administrator = login(Role.CLERK), login(Role.ADMINISTRATOR)
    assert person.staff
    page = administrator.get(path("staff", "details", id=person.staff.id)).text
    assert "1 login is open." in page
    assert "No second factor is set up." in page
    assert BOTH[1] not in page
    answer = administrator.post(BOTH[0], data={"id": person.staff.id}, follow_redirects=True)
    assert "1 login has ended." in answer.text
    assert "No login is open." in answer.text
    assert person.get("/").status_code == 302
    assert administrator.get("/staff/").status_code == 200
    entry = db_session.scalars(select(AccessEntry).where(AccessEntry.kind == AccessKind.LOGINS_ENDED)).one()
    assert administrator.staff
    assert (entry.actor_id, entry.row_id, entry.detail) == (
        administrator.staff.id,
        person.staff.id,
        {"count": 1},
    )


def test_a_lost_phone_is_helped_by_a_reset_that_ends_all_logins(
    app: Flask, login: Login, db_session: Session
) -> None:
    person, administrator = login(Role.ADMINISTRATOR), login(Role.ADMINISTRATOR)
    assert person.staff
    assert administrator.staff
    set_up(app, person)
    page = administrator.get(path("staff", "details", id=person.staff.id)).text
    assert "A second factor is set up." in page
    answer = administrator.post(BOTH[1], data={"id": person.staff.id}, follow_redirects=True)
    assert "was reset: the password alone opens the account" in answer.text
    db_session.expire_all()
    assert db_session.get(SecondFactor, person.staff.id) is None
    assert not db_session.scalars(select(RecoveryCode)).all()
    assert person.get("/staff/").status_code == 302
    removed = select(AccessEntry).where(AccessEntry.kind == AccessKind.SECOND_FACTOR_REMOVED)
    entry = db_session.scalars(removed).one()
    assert (entry.actor_id, entry.row_id) == (administrator.staff.id, person.staff.id)


def test_a_reset_needs_a_fresh_password(app: Flask, login: Login, db_session: Session) -> None:
    person, administrator = login(Role.CLERK), login(Role.ADMINISTRATOR)
    assert person.staff
    set_up(app, person)
    let_the_password_age(administrator)
    answer = administrator.post(BOTH[1], data={"id": person.staff.id})
    assert answer.location.startswith("/verify?next=/staff/details/")
    assert db_session.get(SecondFactor, person.staff.id)


@pytest.mark.parametrize("address", BOTH)
def test_nobody_does_so_to_the_own_account_nor_without_the_right(
    login: Login, db_session: Session, address: str
) -> None:
    administrator = login(Role.ADMINISTRATOR)
    assert administrator.staff
    assert administrator.post(address, data={"id": administrator.staff.id}).status_code == 403
    for role in (Role.CLERK, Role.SUPERVISOR, Role.AUDITOR):
        assert login(role).post(address, data={"id": administrator.staff.id}).status_code == 403
    own = select(LoginSession).where(LoginSession.staff_id == administrator.staff.id)
    assert db_session.scalars(own).one().ended_at is None


@pytest.mark.parametrize("address", BOTH)
@pytest.mark.parametrize("key", ["", "x", "-1", "999999999", "1,2", "\0"])
def test_somebody_who_is_not_there_is_not_found(login: Login, address: str, key: str) -> None:
    assert login(Role.ADMINISTRATOR).post(address, data={"id": key}).status_code == 404
