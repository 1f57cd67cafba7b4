"""Guessing passwords: ten tries, then a pause, and the owner still gets in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask_security.utils import hash_password
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from models import LoginAttempt, Staff
from models.organisation import Role
from views.throttle import TRIES_MOST, WINDOW

PASSWORD = "correct horse battery"


@pytest.fixture
def person(app: Flask, make: Factory) -> Staff:
    with app.app_context():
        return make.staff(Role.CLERK, email="wang@example.com", password=hash_password(PASSWORD))


def try_password(client: PanelClient, password: str, **options: object) -> int:
    data = {"email": "Wang@example.com", "password": password}
    return client.post("/login", data=data, **options).status_code


def guess_out(client: PanelClient) -> None:
    assert {try_password(client, f"wrong guess {number}") for number in range(TRIES_MOST)} == {200}


def test_the_eleventh_try_is_refused_even_with_the_right_password(client: PanelClient, person: Staff) -> None:
    guess_out(client)
    assert try_password(client, PASSWORD) == 429
    assert client.get("/").status_code == 302


def test_an_address_that_nobody_has_is_treated_alike(client: PanelClient, person: Staff) -> None:
    data = {"email": "nobody@example.com", "password": "wrong guess"}
    answers = [client.post("/login", data=data).status_code for _ in range(TRIES_MOST + 1)]
    assert answers == [200] * TRIES_MOST + [429]


def test_the_owner_gets_in_from_elsewhere_and_from_a_browser_used_before(
    app: Flask, client: PanelClient, person: Staff
) -> None:
    own = app.test_client()
    assert isinstance(own, PanelClient)
    assert try_password(own, PASSWORD) == 302
    own.post("/logout")
    guess_out(client)
    assert try_password(own, PASSWORD) == 302
    elsewhere = app.test_client()
    assert isinstance(elsewhere, PanelClient)
    assert try_password(elsewhere, PASSWORD, environ_overrides={"REMOTE_ADDR": "192.0.2.7"}) == 302


def test_a_claimed_address_is_no_other_place(client: PanelClient, person: Staff) -> None:
    guess_out(client)
    assert try_password(client, PASSWORD, headers={"X-Forwarded-For": "192.0.2.7"}) == 429


def test_tries_are_forgotten_after_a_while_and_after_the_right_password(
    client: PanelClient, person: Staff, db_session: Session
) -> None:
    guess_out(client)
    past = LoginAttempt.at - WINDOW - timedelta(seconds=1)
    db_session.execute(update(LoginAttempt).values(at=past))
    db_session.commit()
    assert try_password(client, PASSWORD) == 302
    assert db_session.scalar(select(func.count(LoginAttempt.id))) == 0


def test_the_password_of_an_open_login_can_not_be_guessed_either(login: Login) -> None:
    client = login(Role.CLERK)
    answers = [
        client.post("/verify", data={"password": f"wrong guess {number}"}).status_code
        for number in range(TRIES_MOST + 1)
    ]
    assert answers == [200] * TRIES_MOST + [429]
