"""What browsers are told with each answer, and what cookies are like, line by line of the checklist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import gunicorn
import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from app import create_app
from config import Settings
from conftest import Login, PanelClient
from models import db
from models.organisation import Role

SECURE = "https://panel.example"
# A page, a page before the login, a redirect, what is not there, what is not allowed, and data for a script.
ADDRESSES = ("/customer/", "/login", "/login/code", "/no-such-page", "/logout", "/search/hits/?q=a")


@pytest.fixture
def secure_client(settings: Settings) -> Iterator[FlaskClient]:
    """Return a client of the panel as behind a server that ends TLS."""
    application = create_app(replace(settings, public_url=SECURE))
    yield application.test_client()
    with application.app_context():
        db.engine.dispose()


def cookie_of(client: FlaskClient, address: str) -> tuple[str, set[str]]:
    header = client.get("/login", base_url=address).headers["Set-Cookie"]
    name, *attributes = (part.strip() for part in header.split(";"))
    return name.partition("=")[0], {attribute.partition("=")[0].lower() for attribute in attributes}


def test_over_https_the_cookie_is_bound_to_the_host_and_to_tls(secure_client: FlaskClient) -> None:
    header = secure_client.get("/login", base_url=SECURE).headers["Set-Cookie"]
    name, attributes = cookie_of(secure_client, SECURE)
    assert name == "__Host-huisheng"
    # What browsers demand of the prefix: Secure, the whole host, no other host.
    assert {"secure", "path", "httponly", "samesite"} <= attributes
    assert "domain" not in attributes
    assert "Path=/;" in f"{header};"
    assert "SameSite=Lax" in header


def test_on_plain_http_the_cookie_works_and_is_bound_as_far_as_can_be(app: Flask) -> None:
    name, attributes = cookie_of(app.test_client(), "http://127.0.0.1:8000")
    assert name == "huisheng"
    assert {"httponly", "samesite"} <= attributes
    assert not attributes & {"secure", "domain"}


def test_a_login_works_on_plain_http_at_the_loopback_address(app: Flask, login: Login) -> None:
    client = login(Role.CLERK)
    cookie = client.get_cookie("huisheng")
    assert cookie
    browser = app.test_client()
    browser.set_cookie("huisheng", cookie.value, domain="127.0.0.1")
    assert browser.get("/", base_url="http://127.0.0.1:8000").status_code == 200


def test_over_https_browsers_stay_there_for_a_year(secure_client: FlaskClient, client: PanelClient) -> None:
    value = secure_client.get("/login", base_url=SECURE).headers["Strict-Transport-Security"]
    assert int(re.findall(r"max-age=(\d+)", value)[0]) >= 31536000
    assert "Strict-Transport-Security" not in client.get("/login").headers


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_answer_carries_every_header(login: Login, address: str) -> None:
    headers = login(Role.CLERK).get(address).headers
    policy = dict(
        directive.strip().partition(" ")[::2] for directive in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert re.fullmatch(r"'nonce-[\w-]{20,}'", policy["script-src"])
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_text_says_its_character_set(login: Login, address: str) -> None:
    answer = login(Role.CLERK).get(address)
    assert answer.mimetype in ("text/html", "application/json")
    assert answer.mimetype == "application/json" or answer.content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_version_is_told(login: Login, address: str) -> None:
    answer = login(Role.CLERK).get(address)
    for name in ("X-Powered-By", "Server"):
        assert name not in answer.headers
    # What the server adds by itself is its name alone.
    assert gunicorn.SERVER == "gunicorn"


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
@pytest.mark.parametrize("address", ["/", "/login", "/static/base.css"])
def test_methods_that_echo_are_refused(client: PanelClient, method: str, address: str) -> None:
    assert client.open(address, method=method).status_code == 405


@pytest.mark.parametrize(("count", "seen"), [(0, "10.0.0.1"), (1, "192.0.2.9"), (2, "198.51.100.7")])
def test_an_address_is_believed_of_as_many_proxies_as_there_are(
    settings: Settings, count: int, seen: str
) -> None:
    application = create_app(replace(settings, public_url=SECURE, proxy_count=count))
    found = []

    @application.before_request
    def note() -> None:
        found.append((request.remote_addr, request.host, request.scheme))

    headers = {
        "X-Forwarded-For": "203.0.113.1, 198.51.100.7, 192.0.2.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
    }
    application.test_client().get(
        "/health", base_url="http://panel.example", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.1"}
    )
    # The first of the list is what anybody may claim.
    assert found == [(seen, "panel.example", "https")]
    with application.app_context():
        db.engine.dispose()
