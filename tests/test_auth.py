"""Logins: who gets in, what ends a login, and what the responses carry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from urllib.parse import urljoin, urlsplit

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from flask_security.utils import hash_password
from passlib.handlers.sha2_crypt import sha256_crypt
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from config import Settings
from conftest import Login, PanelClient, own_hashes
from factories import Factory
from models import Delivery, LoginSession, Staff, db
from models.base import now
from models.organisation import Role

PASSWORD = "correct horse battery"


@pytest.fixture
def person(app: Flask, make: Factory) -> Staff:
    with app.app_context():
        return make.staff(Role.CLERK, email="wang@example.com", password=hash_password(PASSWORD))


def log_in(client: PanelClient, email: str = "wang@example.com", password: str = PASSWORD) -> bool:
    client.post("/login", data={"email": email, "password": password})
    return is_in(client)


def is_in(client: PanelClient) -> bool:
    return client.get("/").status_code == 200


def test_a_right_password_opens_a_login_on_the_server(
    client: PanelClient, person: Staff, db_session: Session
) -> None:
    assert not is_in(client)
    assert log_in(client)
    login = db_session.scalars(select(LoginSession).where(LoginSession.staff_id == person.id)).one()
    assert login.ended_at is None
    with client.session_transaction() as cookie:
        assert cookie["login_token"] not in login.token_hash


def test_the_address_is_found_whatever_its_case(client: PanelClient, person: Staff) -> None:
    assert log_in(client, email="Wang@Example.COM")


@pytest.mark.parametrize(
    "attempt", [{"password": "wrong horse battery"}, {"email": "nobody@example.com"}, {"password": ""}]
)
def test_a_wrong_address_or_password_is_refused_alike(
    client: PanelClient, person: Staff, attempt: dict[str, str]
) -> None:
    assert not log_in(client, **attempt)


def test_a_password_is_hashed_once_and_opens_without_any_secret_of_the_panel(app: Flask) -> None:
    with app.app_context():
        stored = hash_password(PASSWORD)
    assert stored.startswith("$argon2id$")
    assert PasswordHasher().verify(stored, PASSWORD)


def test_a_hash_costs_who_guesses_as_much_as_is_advised(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 9106, second choice: 64 MiB, 3 passes, 4 lanes; the other tests take less."""
    monkeypatch.setattr("views.auth.flask_security_config", own_hashes)
    with create_app(settings).app_context():
        assert hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_link_to_a_new_password_takes_no_slow_hash_and_one_of_before_still_opens(
    app: Flask, client: PanelClient, person: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.test_request_context():
        security = app.extensions["security"]
        new = generate_reset_password_token(person)
        stored = security.reset_serializer.loads(new)[1]
        assert re.fullmatch(r"[0-9a-f]{64}", stored)
        old = sha256_crypt.hash(str(person.password).encode())
        before = security.reset_serializer.dumps([str(person.fs_uniquifier), old])
    for token in (new, before):
        assert client.get(f"/reset/{token}").status_code == 200


@pytest.mark.parametrize(
    "stored",
    [PASSWORD, hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest(), "$argon2id$", "", "x"],
    ids=["plain", "md5", "cut", "empty", "nonsense"],
)
def test_what_is_no_hash_of_argon2_opens_nothing_and_breaks_nothing(
    client: PanelClient, person: Staff, db_session: Session, stored: str
) -> None:
    person.password = stored
    db_session.commit()
    assert client.post("/login", data={"email": person.email, "password": PASSWORD}).status_code == 200
    assert not is_in(client)
    assert not log_in(client, password=stored)


@pytest.mark.parametrize("attributes", [{"active": False}, {"deleted_at": now()}])
def test_a_disabled_or_deleted_person_does_not_get_in(
    client: PanelClient, person: Staff, db_session: Session, attributes: dict[str, object]
) -> None:
    for name, value in attributes.items():
        setattr(person, name, value)
    db_session.commit()
    assert not log_in(client)


def test_a_cookie_copied_before_logout_is_worth_nothing_after_it(
    app: Flask, client: PanelClient, person: Staff
) -> None:
    log_in(client)
    cookie = client.get_cookie("huisheng")
    assert cookie is not None
    client.post("/logout")
    assert not is_in(client)
    thief = app.test_client()
    thief.set_cookie("huisheng", cookie.value)
    assert not is_in(thief)


def test_a_token_of_flask_security_opens_nothing(app: Flask, client: PanelClient, person: Staff) -> None:
    log_in(client)
    with app.app_context():
        token = person.get_auth_token()
    assert is_in(client)
    stranger = app.test_client()
    for address, headers in (("/", {"Authentication-Token": token}), (f"/?auth_token={token}", {})):
        assert stranger.get(address, headers=headers).status_code == 302


def test_logout_is_a_post(login: Login) -> None:
    client = login(Role.CLERK)
    assert client.get("/logout").status_code in (404, 405)
    assert is_in(client)


@pytest.mark.parametrize("change", [{"active": False}, {"deleted_at": now()}, {"fs_uniquifier": "changed"}])
def test_what_ends_a_person_s_right_ends_open_logins_at_once(
    login: Login, db_session: Session, change: dict[str, object]
) -> None:
    client = login(Role.CLERK)
    assert is_in(client)
    staff = db_session.get_one(Staff, client.staff.id)
    for name, value in change.items():
        setattr(staff, name, value)
    db_session.commit()
    assert not is_in(client)


@pytest.mark.parametrize(
    "age",
    [{"last_seen_at": now() - timedelta(hours=12)}, {"created_at": now() - timedelta(days=7)}],
)
def test_a_login_ends_by_itself(login: Login, db_session: Session, age: dict[str, object]) -> None:
    client = login(Role.CLERK)
    found = select(LoginSession).where(LoginSession.staff_id == client.staff.id)
    row = db_session.scalars(found).one()
    for name, value in age.items():
        setattr(row, name, value)
    db_session.commit()
    assert not is_in(client)


def test_use_keeps_a_login_alive(login: Login, db_session: Session) -> None:
    client = login(Role.CLERK)
    found = select(LoginSession).where(LoginSession.staff_id == client.staff.id)
    row = db_session.scalars(found).one()
    row.last_seen_at = now() - timedelta(hours=2)
    db_session.commit()
    assert is_in(client)
    db_session.refresh(row)
    assert now() - row.last_seen_at < timedelta(minutes=1)


def test_a_demotion_counts_in_the_next_request(login: Login, db_session: Session) -> None:
    client = login(Role.ADMINISTRATOR)
    assert client.get("/staff/new/").status_code == 200
    staff = db_session.get_one(Staff, client.staff.id)
    staff.role_names = [Role.CLERK.value]
    db_session.commit()
    assert client.get("/staff/new/").status_code == 403


def test_a_post_without_a_token_is_refused(client: PanelClient, person: Staff) -> None:
    answer = client.post("/login", data={"email": person.email, "password": PASSWORD}, csrf=False)
    assert answer.status_code == 400
    assert not is_in(client)


def test_a_forgotten_password_is_reset_through_the_outbox(
    client: PanelClient, person: Staff, db_session: Session
) -> None:
    known = client.post("/reset", data={"email": person.email})
    unknown = client.post("/reset", data={"email": "nobody@example.com"})
    assert (known.status_code, known.headers.get("Location")) == (
        unknown.status_code,
        unknown.headers.get("Location"),
    )
    mail = db_session.scalars(select(Delivery).where(Delivery.recipient == person.email)).one()
    text = message_from_bytes(mail.message, policy=default).get_body(("plain",))
    assert text is not None
    link = re.search(r"http://localhost(/reset/\S+)", text.get_content())
    assert link is not None
    client.post(link[1], data={"password": "a new long secret", "password_confirm": "a new long secret"})
    assert log_in(client, password="a new long secret")


def test_twenty_requests_for_one_address_give_five_mails_and_one_answer(
    client: PanelClient, person: Staff, db_session: Session
) -> None:
    answers = {
        (answer.status_code, len(answer.data))
        for _ in range(20)
        if (answer := client.post("/reset", data={"email": person.email}))
    }
    assert len(answers) == 1
    assert len(db_session.scalars(select(Delivery.id).where(Delivery.recipient == person.email)).all()) == 5


def test_a_request_for_a_link_claims_nothing_of_the_address(client: PanelClient, person: Staff) -> None:
    for address in (person.email, "nobody@example.com"):
        page = client.post("/reset", data={"email": address}, headers={"Accept-Language": "en"}).text
        assert f"If somebody here has the address {address}, a mail with a link is on its way to it." in page


@pytest.mark.parametrize("page", ["/login", "/reset"])
@pytest.mark.parametrize("sent", [[1], {"email": ["wang@example.com", "evil@example.com"]}, {"email": {}}, 1])
def test_json_is_refused_where_forms_are_read(page: str, sent: object, client: PanelClient) -> None:
    assert client.post(page, json=sent).status_code == 415


def test_a_doubled_address_gives_one_mail_to_the_person(
    client: PanelClient, person: Staff, db_session: Session
) -> None:
    client.post("/reset", data={"email": [person.email, "evil@example.com"]})
    client.post("/reset", data={"email": ["evil@example.com", person.email]})
    client.post("/reset", data={"email[]": [person.email, "evil@example.com"]})
    assert set(db_session.scalars(select(Delivery.recipient))) == {person.email}


@pytest.fixture
def secure_app(fresh_settings: Settings) -> Iterator[Flask]:
    """Return the panel as on a service that ends TLS before it."""
    application = create_app(replace(fresh_settings, public_url="https://panel.example"))
    application.test_client_class = PanelClient
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


def test_a_link_in_a_mail_leads_to_the_public_address_whatever_a_request_claims(secure_app: Flask) -> None:
    make = Factory(db.session)
    make.staff(email="wang@example.com", password=hash_password(PASSWORD))
    client = secure_app.test_client()
    page = client.get("/reset", base_url="http://panel.example")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-huisheng=")
    assert "Secure" in cookie
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    headers = {
        "Referer": "https://panel.example/reset",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "Cookie": cookie.partition(";")[0],
    }
    data = {"email": "wang@example.com", "csrf_token": token[1]}
    answer = client.open(
        "/reset", base_url="http://panel.example", method="POST", data=data, headers=headers, csrf=False
    )
    assert answer.status_code in (200, 302)
    mail = db.session.scalars(select(Delivery.message)).one()
    text = message_from_bytes(mail, policy=default).get_body(("plain",))
    assert text is not None
    assert re.findall(r"https?://[^/\s]+", text.get_content()) == ["https://panel.example"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example"])
def test_a_foreign_host_is_refused(client: PanelClient, host: str) -> None:
    assert client.get("/login", headers={"Host": host}).status_code == 400


def test_the_health_check_answers_by_whatever_address_it_is_asked(client: PanelClient) -> None:
    assert client.get("/health", headers={"Host": "10.0.0.7:8000"}).data == b"ok\n"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "http:evil.example"]
)
def test_login_does_not_lead_elsewhere(client: PanelClient, person: Staff, target: str) -> None:
    answer = client.post("/login", data={"email": person.email, "password": PASSWORD, "next": target})
    location = answer.headers.get("Location", "")
    assert "\\" not in location
    assert urlsplit(urljoin("http://localhost/login", location)).netloc == "localhost"


def test_every_response_carries_the_security_headers(client: PanelClient) -> None:
    headers = client.get("/login").headers
    policy = headers["Content-Security-Policy"]
    for directive in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]
    assert "Strict-Transport-Security" not in headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_nonces_are_used_once(client: PanelClient) -> None:
    policies = {client.get("/login").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


def test_trace_is_refused(client: PanelClient) -> None:
    assert client.open("/login", method="TRACE").status_code == 405


def test_the_health_check_needs_no_database(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        pool = fresh_app.extensions["sqlalchemy"].engine.pool
    assert fresh_app.test_client().get("/health").data == b"ok\n"
    assert pool.checkedout() + pool.checkedin() == 0


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "Give at least 10 characters."),
        ("Password123!", "This password stands in lists that attackers try first."),
        ("wang@example.com", "This is hardly more than a name that others know"),
    ],
)
@pytest.mark.parametrize("way", ["change", "reset"])
def test_a_weak_password_is_refused_at_its_field(
    client: PanelClient, app: Flask, person: Staff, password: str, sentence: str, way: str
) -> None:
    with app.app_context():
        token = generate_reset_password_token(person)
    if way == "change":
        log_in(client)
        data = {"password": PASSWORD, "new_password": password, "new_password_confirm": password}
        page = client.post("/change", data=data).text.partition('id="new_password-error"')[2]
    else:
        data = {"password": password, "password_confirm": password}
        english = {"Accept-Language": "en"}
        answer = client.post(f"/reset/{token}", data=data, headers=english)
        page = answer.text.partition('id="password-error"')[2]
        log_in(client)
    assert sentence in page[:300]
    client.post("/logout")
    assert log_in(client)


@pytest.mark.parametrize(
    ("unused", "age", "is_still_in"),
    [
        (timedelta(hours=2), timedelta(hours=23), True),
        (timedelta(hours=3), timedelta(hours=3), False),
        (timedelta(), timedelta(days=1), False),
    ],
)
def test_the_settings_say_when_a_login_ends(
    app: Flask, login: Login, db_session: Session, unused: timedelta, age: timedelta, is_still_in: bool
) -> None:
    client = login(Role.CLERK)
    row = db_session.scalars(select(LoginSession)).one()
    row.last_seen_at, row.created_at = now() - unused, now() - age
    db_session.commit()
    settings: Settings = app.extensions["settings"]
    changed = replace(settings, login_idle=timedelta(hours=3), login_lasts=timedelta(days=1))
    app.extensions["settings"] = changed
    try:
        assert is_in(client) is is_still_in
    finally:
        app.extensions["settings"] = settings
