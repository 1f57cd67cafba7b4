"""Logging in with a second factor, and setting one up where it is a must."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask_security.utils import hash_password
from second_factors import PASSWORD, Person, code_of, draft_on, give_code, give_password, is_in, key_on
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import LoginSession, Staff
from models.base import now
from models.organisation import Locale, Role
from views.logins import WAITING_LASTS
from views.throttle import TRIES_MOST


@pytest.fixture
def person(app: Flask, make: Factory) -> Person:
    return Person(app, make, Role.CLERK)


@pytest.fixture
def administrator(app: Flask, make: Factory) -> Person:
    return Person(app, make, Role.ADMINISTRATOR, has_factor=False)


def test_password_and_code_open_the_panel_where_it_was_wanted(client: PanelClient, person: Person) -> None:
    answer = give_password(client, next="/customer/?search=a")
    assert not is_in(client)
    waiting = client.get(answer.location)
    assert waiting.location == "/login/code?next=/customer/?search%3Da"
    page = client.get(waiting.location).text
    assert 'autocomplete="one-time-code"' in page
    finished = client.post(waiting.location, data={"code": person.code})
    assert finished.location == "/customer/?search=a"
    assert client.get(finished.location).status_code == 200


@pytest.mark.parametrize(
    "address", ["/", "/customer/", "/staff/", "/change", "/verify", "/account-security/", "/search/hits/?q=a"]
)
def test_the_password_alone_opens_nothing(client: PanelClient, person: Person, address: str) -> None:
    give_password(client)
    answer = client.get(address)
    assert answer.status_code in (302, 401)
    assert client.get(address, headers={"Accept": "application/json"}).status_code in (302, 401)


def test_a_person_without_a_second_factor_logs_in_by_the_password(
    app: Flask, client: PanelClient, make: Factory
) -> None:
    Person(app, make, Role.CLERK, has_factor=False)
    give_password(client)
    assert is_in(client)
    assert client.get("/login/code").location == "/"
    assert client.get("/login/setup").location == "/"


def test_nobody_is_asked_for_a_code_before_the_password(client: PanelClient, person: Person) -> None:
    assert client.get("/login/code").location == "/"
    assert give_code(client, person.code).status_code == 302
    assert not is_in(client)


def test_a_wrong_code_is_said_at_its_field(client: PanelClient, person: Person) -> None:
    give_password(client)
    answer = give_code(client, "000000" if person.code != "000000" else "000001")
    assert answer.status_code == 422
    assert "This code is wrong or was used already." in answer.text.partition('id="code-error"')[2]
    assert not is_in(client)


def test_a_code_opens_one_login_and_no_second(app: Flask, client: PanelClient, person: Person) -> None:
    code = person.code
    other = app.test_client()
    assert isinstance(other, PanelClient)
    for browser in (client, other):
        give_password(browser)
    assert give_code(client, code).status_code == 302
    assert give_code(other, code).status_code == 422
    assert is_in(client)
    assert not is_in(other)


def test_a_recovery_code_stands_in_once_and_the_next_page_counts_the_rest(
    client: PanelClient, person: Person
) -> None:
    give_password(client)
    assert give_code(client, person.codes[0].upper()).status_code == 302
    assert "You logged in with a recovery code; 9 are left." in client.get("/").text
    client.post("/logout")
    give_password(client)
    assert give_code(client, person.codes[0]).status_code == 422


def test_the_eleventh_code_is_refused_wherever_it_comes_from(
    app: Flask, client: PanelClient, person: Person
) -> None:
    give_password(client)
    wrong = "000000" if person.code != "000000" else "000001"
    assert {give_code(client, wrong).status_code for _ in range(TRIES_MOST)} == {422}
    assert give_code(client, person.code).status_code == 429
    elsewhere = app.test_client()
    assert isinstance(elsewhere, PanelClient)
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    # The right password does not forgive wrong codes.
    assert give_password(elsewhere).status_code == 302
    assert give_code(elsewhere, person.code).status_code == 429


def test_codes_of_strangers_do_not_keep_the_owner_out_of_a_browser_used_before(
    app: Flask, client: PanelClient, person: Person
) -> None:
    give_password(client)
    give_code(client, person.code)
    client.post("/logout")
    stranger = app.test_client()
    assert isinstance(stranger, PanelClient)
    give_password(stranger)
    for _ in range(TRIES_MOST + 1):
        give_code(stranger, "x")
    give_password(client)
    assert give_code(client, person.codes[1]).status_code == 302


def test_the_token_of_a_login_is_another_one_after_each_step(
    client: PanelClient, person: Person, db_session: Session
) -> None:
    tokens = []
    for step in (lambda: give_password(client), lambda: give_code(client, person.code)):
        step()
        with client.session_transaction() as cookie:
            tokens.append(cookie["login_token"])
    assert len(set(tokens)) == 2
    open_ones = select(LoginSession).where(
        LoginSession.staff_id == person.id, LoginSession.ended_at.is_(None)
    )
    assert db_session.scalars(open_ones).one().second_factor_at


def test_a_cookie_from_before_the_code_opens_nothing_after_it(
    app: Flask, client: PanelClient, person: Person
) -> None:
    give_password(client)
    cookie = client.get_cookie("huisheng")
    assert cookie
    give_code(client, person.code)
    thief = app.test_client()
    thief.set_cookie("huisheng", cookie.value)
    assert not is_in(thief)
    assert thief.get("/").location == "/login"


def test_a_password_waits_a_quarter_of_an_hour_for_its_code(
    client: PanelClient, person: Person, db_session: Session
) -> None:
    give_password(client)
    db_session.execute(update(LoginSession).values(created_at=now() - WAITING_LASTS))
    db_session.commit()
    assert give_code(client, person.code).status_code == 302
    assert client.get("/").location == "/login"


def test_the_code_is_asked_for_in_the_language_of_the_person(
    app: Flask, client: PanelClient, make: Factory
) -> None:
    Person(app, make, Role.CLERK, locale=Locale.CHINESE)
    give_password(client)
    assert '<html lang="zh-Hans-CN"' in client.get("/login/code", headers={"Accept-Language": "en"}).text


def test_next_leads_nowhere_else_after_the_code(client: PanelClient, person: Person) -> None:
    give_password(client)
    assert give_code(client, person.code, next="//evil.example/").location == "/"


def test_who_administers_does_nothing_before_a_second_factor_is_set_up(
    client: PanelClient, administrator: Person
) -> None:
    give_password(client)
    for address in ("/", "/staff/", "/setup/", "/account-security/"):
        assert client.get(address).location.startswith("/login/setup"), address
    assert client.get("/change").status_code == 302
    page = client.get("/login/setup?next=/staff/").text
    assert 'src="data:image/svg+xml' in page
    key = key_on(page)
    # The same key stands there when the page is read again.
    assert key_on(client.get("/login/setup").text) == key
    assert client.post("/login/setup", data={"code": "x"}).status_code == 422
    assert not is_in(client)


def test_setting_it_up_shows_ten_codes_once_and_leads_on(
    app: Flask, client: PanelClient, administrator: Person, db_session: Session
) -> None:
    give_password(client)
    client.get("/login/setup?next=/staff/")
    secret = draft_on(client)
    done = client.post("/login/setup?next=/staff/", data={"code": code_of(app, secret, -30)})
    codes = re.findall(r"<code>([2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4})</code>", done.text)
    assert len(codes) == 10
    assert 'href="/staff/"' in done.text
    assert client.get("/staff/").status_code == 200
    assert client.get("/login/setup").location == "/"
    with client.session_transaction() as cookie:
        assert "second_factor_draft" not in cookie
    # The next login asks for a code.
    client.post("/logout")
    give_password(client)
    assert client.get("/").location == "/login/code"
    assert give_code(client, code_of(app, secret)).status_code == 302
    assert client.get("/staff/").status_code == 200


def test_who_becomes_an_administrator_has_to_set_one_up_at_once(
    app: Flask, client: PanelClient, make: Factory, db_session: Session
) -> None:
    person = Person(app, make, Role.CLERK, has_factor=False)
    give_password(client)
    assert is_in(client)
    db_session.get_one(Staff, person.id).role_names = [Role.ADMINISTRATOR.value]
    db_session.commit()
    assert client.get("/").location == "/login/setup"


def test_a_key_begun_by_another_person_in_the_same_browser_is_not_taken_over(
    app: Flask, client: PanelClient, administrator: Person, make: Factory
) -> None:
    give_password(client)
    first = key_on(client.get("/login/setup").text)
    with app.app_context():
        make.staff(Role.ADMINISTRATOR, email="li@example.com", password=hash_password(PASSWORD))
    client.post("/login", data={"email": "li@example.com", "password": PASSWORD})
    assert key_on(client.get("/login/setup").text) != first


def test_a_changed_password_keeps_what_the_login_has_shown(client: PanelClient, person: Person) -> None:
    give_password(client)
    give_code(client, person.code)
    new = {"new_password": "another good sentence", "new_password_confirm": "another good sentence"}
    assert client.post("/change", data={"password": PASSWORD, **new}).status_code == 302
    assert is_in(client)


@pytest.mark.parametrize("address", ["/login/code", "/login/setup"])
def test_json_and_a_missing_token_are_refused(client: PanelClient, person: Person, address: str) -> None:
    give_password(client)
    assert client.post(address, json={"code": [1]}).status_code == 415
    assert client.post(address, data={"code": person.code}, csrf=False).status_code == 400


def test_looking_up_the_second_factor_costs_no_further_query(login: Login, app: Flask) -> None:
    client = login(Role.CLERK)
    client.get("/account-security/")
    with count_queries(app) as statements:
        client.get("/login/code")
    assert len([each for each in statements if "FROM staff" in each]) == 1


def test_a_second_factor_outlives_a_new_secret_key(
    app: Flask, client: PanelClient, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotated = replace(app.extensions["settings"], secret_key="another-secret-key-0123456789-abcdefgh")
    monkeypatch.setitem(app.extensions, "settings", rotated)
    monkeypatch.setitem(app.config, "SECRET_KEY", rotated.secret_key)
    for code in (person.code, person.codes[0]):
        give_password(client)
        assert not is_in(client)
        assert give_code(client, code).status_code == 302
        assert is_in(client)
        client.post("/logout")
    # Flask-Security, too, is told the secret that never changes.
    assert app.config["SECURITY_TOTP_SECRETS"] == {"1": rotated.second_factor_secret}
