"""Guessing passwords: ten tries, then a pause, and the owner still gets in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_security.utils import hash_password
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.http import parse_date

from config import Settings
from conftest import Login, PanelClient
from factories import Factory
from models import LoginAttempt, Staff
from models.base import now
from models.organisation import Role
from views.throttle import MAILS_MOST, PERSON_MOST, PLACE_MOST, TRIES_MOST, WINDOW, Kind, limits_of

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
    counting = select(func.count(LoginAttempt.id)).where(LoginAttempt.at > now() - WINDOW)
    assert db_session.scalar(counting) == 0


def test_the_password_of_an_open_login_can_not_be_guessed_either(login: Login) -> None:
    client = login(Role.CLERK)
    answers = [
        client.post("/verify", data={"password": f"wrong guess {number}"}).status_code
        for number in range(TRIES_MOST + 1)
    ]
    assert answers == [200] * TRIES_MOST + [429]


def test_the_page_says_when_it_goes_on_and_what_to_do_until_then(client: PanelClient, person: Staff) -> None:
    guess_out(client)
    data = {"email": "wang@example.com", "password": PASSWORD}
    answer = client.post("/login", data=data, headers={"Accept-Language": "en"})
    until = parse_date(answer.headers["Retry-After"])
    assert until is not None
    assert timedelta(minutes=14) < until - now() <= WINDOW
    said = (until + timedelta(minutes=1)).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%H:%M")
    assert f"From {said} on you can try again here." in answer.text
    assert "a browser works in which you have logged in before" in answer.text
    chinese = client.post("/login", data=data, headers={"Accept-Language": "zh"})
    assert f"{said}" in chinese.text
    assert "Until then" not in chinese.text


def from_place(app: Flask, address: str) -> PanelClient:
    client = app.test_client()
    assert isinstance(client, PanelClient)
    client.environ_base["REMOTE_ADDR"] = address
    return client


def add_tries(
    app: Flask, session: Session, person: str, address: str, times: int, kind: Kind = Kind.PASSWORD
) -> None:
    """Note tries as if they had been made: each real one hashes a password."""
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        keys = list(limits_of(kind, person))
    session.add_all(LoginAttempt(key_hash=key) for key in keys for _ in range(times))
    session.commit()


def test_many_persons_tried_from_one_place_are_stopped_there_alone(
    app: Flask, client: PanelClient, person: Staff, db_session: Session
) -> None:
    own = from_place(app, "192.0.2.1")
    assert try_password(own, PASSWORD) == 302
    own.post("/logout")
    for number in range(PLACE_MOST):
        add_tries(app, db_session, f"person{number}@example.com", "192.0.2.1", 1)
    assert try_password(from_place(app, "192.0.2.1"), PASSWORD) == 429
    # A browser used before, at the same place, and any other place.
    assert try_password(own, PASSWORD) == 302
    assert try_password(from_place(app, "192.0.2.2"), PASSWORD) == 302


def test_one_person_tried_from_many_places_is_stopped_but_in_a_browser_used_before(
    app: Flask, client: PanelClient, person: Staff, db_session: Session
) -> None:
    own = from_place(app, "192.0.2.1")
    assert try_password(own, PASSWORD) == 302
    own.post("/logout")
    for number in range(PERSON_MOST // 10):
        add_tries(app, db_session, "wang@example.com", f"198.51.100.{number}", 10)
    assert try_password(from_place(app, "203.0.113.9"), PASSWORD) == 429
    assert try_password(own, PASSWORD) == 302
    # Somebody else, from the same new place, is not concerned.
    other = from_place(app, "203.0.113.9").post("/login", data={"email": "li@example.com", "password": "x"})
    assert other.status_code == 200


def test_a_right_password_forgives_nothing_that_was_tried_for_others(
    app: Flask, client: PanelClient, person: Staff, db_session: Session
) -> None:
    for number in range(PLACE_MOST - 1):
        add_tries(app, db_session, f"person{number}@example.com", "192.0.2.1", 1)
    # Somebody with a login of the own can't clear the count by using it.
    for _ in range(3):
        assert try_password(from_place(app, "192.0.2.1"), PASSWORD) == 302
    stranger = from_place(app, "192.0.2.1")
    data = {"email": "li@example.com", "password": "wrong guess"}
    assert [stranger.post("/login", data=data).status_code for _ in range(2)] == [200, 429]


def test_behind_an_unknown_proxy_nobody_pays_for_the_tries_of_all(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, public_url="https://panel.example")
    try:
        with app.test_request_context():
            assert PLACE_MOST not in limits_of(Kind.PASSWORD, "wang@example.com").values()
            assert limits_of(Kind.MAIL, "") == {}
    finally:
        app.extensions["settings"] = settings


@pytest.mark.parametrize("page", ["/reset", "/reset/wrong-token", "/invitation/wrong-token"])
def test_mails_and_links_are_tried_so_often_from_one_place(
    client: PanelClient, db_session: Session, app: Flask, page: str
) -> None:
    for _ in range(MAILS_MOST - 1):
        add_tries(app, db_session, "", "127.0.0.1", 1, Kind.MAIL)
    data = {"email": "nobody@example.com", "password": "x"}
    assert client.post(page, data=data).status_code != 429
    answer = client.post(page, data=data, headers={"Accept-Language": "en"})
    assert answer.status_code == 429
    assert "you can try again here." in answer.text
    assert client.get(page).status_code != 429


def test_of_many_tries_at_once_no_more_get_through(fresh_app: Flask) -> None:
    def attempt(_number: int) -> int:
        client = fresh_app.test_client()
        assert isinstance(client, PanelClient)
        return client.post(
            "/login", data={"email": "nobody@example.com", "password": "wrong guess"}
        ).status_code

    with ThreadPoolExecutor(6) as threads:
        codes = list(threads.map(attempt, range(TRIES_MOST + 6)))
    assert sorted(codes) == [200] * TRIES_MOST + [429] * 6
