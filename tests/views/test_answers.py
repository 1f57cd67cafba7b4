"""What every answer carries, whatever it is: a page, a file, a refusal, JSON; and in whose language."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from screens import ENTERED, edit, form_of, path
from test_access import make_one

from app import create_app
from config import Settings
from conftest import Login
from factories import Factory
from models import Staff, db
from models.mail_link import Subscription, unsubscribe_url
from models.organisation import Locale, Role
from models.permissions import grantable_roles

ANSWERS = [
    ("/", 200),
    ("/search/?q=x", 200),
    ("/customer/", 200),
    ("/customer/new/", 200),
    ("/customer/export/csv/", 200),
    ("/complaint/ajax/lookup/?name=customer_id", 200),
    ("/digest/", 200),
    ("/delivery/", 200),
    ("/nothing", 404),
    ("/customer/details/?id=1", 404),
    ("/staff/new/", 403),
    ("/digest/make", 405),
    ("/login", 302),
]


@pytest.mark.parametrize(("address", "status"), ANSWERS)
def test_an_answer_of_any_kind_carries_the_headers(
    address: str, status: int, make: Factory, login: Login
) -> None:
    with login(Role.SUPERVISOR).get(address) as response:
        assert response.status_code == status
        headers = response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_static_files_may_be_kept_by_browsers(client: FlaskClient) -> None:
    with client.get("/static/base.css") as response:
        assert response.status_code == 200
        assert response.headers.get("Cache-Control") != "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_is_kept_under_the_mark_of_its_content_only(client: FlaskClient) -> None:
    page = client.get("/login").text
    [address] = re.findall(r'href="(/static/base\.css\?v=\w+)"', page)
    with client.get(address) as response:
        assert "immutable" in response.headers["Cache-Control"]
    for other in ("/static/base.css", "/static/base.css?v=0123456789"):
        with client.get(other) as response:
            assert "immutable" not in response.headers["Cache-Control"]
    assert "immutable" not in client.get("/static/none.css?v=0").headers.get("Cache-Control", "")


def test_over_tls_browsers_are_told_to_stay_there_and_cookies_too(settings: Settings) -> None:
    application = create_app(replace(settings, public_url="https://panel.example.com"))
    response = application.test_client().get("/health", headers={"Host": "panel.example.com"})
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert application.config["SESSION_COOKIE_SECURE"] is True
    assert application.config["SESSION_COOKIE_HTTPONLY"] is True
    with application.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(("locale", "words"), [(Locale.ENGLISH, "Not found"), (Locale.CHINESE, "未找到")])
def test_an_error_speaks_the_reader_s_language(locale: Locale, words: str, login: Login) -> None:
    page = login(Role.CLERK, locale=locale).get("/nothing").text
    assert f'<html lang="{locale.value.replace("_", "-")}"' in page
    assert f"<h1>{words}</h1>" in page


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans-CN"),
        ("fr-FR", "zh-Hans-CN"),
        ("", "zh-Hans-CN"),
        ("en;q=0.3,zh;q=0.7", "zh-Hans-CN"),
    ],
)
def test_the_login_page_speaks_the_language_of_the_browser(
    header: str, language: str, client: FlaskClient
) -> None:
    page = client.get("/login", headers={"Accept-Language": header}).text
    assert f'<html lang="{language}"' in page


def test_a_language_chosen_before_the_login_goes_before_the_browser_s(client: FlaskClient) -> None:
    response = client.post("/login/language", data={"locale": "en", "next": "/login?next=/customer/"})
    assert response.headers["Location"] == "/login?next=/customer/"
    assert '<html lang="en"' in client.get("/login", headers={"Accept-Language": "zh-CN"}).text
    assert client.post("/login/language", data={"locale": "fr"}).status_code == 400
    assert client.post("/login/language", data={"locale": "en", "next": "//evil.example"}).location == "/"


def test_the_language_of_a_person_goes_before_the_browser_s(login: Login) -> None:
    client = login(Role.CLERK, locale=Locale.ENGLISH)
    assert '<html lang="en"' in client.get("/", headers={"Accept-Language": "zh-CN"}).text


@pytest.mark.parametrize(("header", "language"), [("en", "en"), ("zh", "zh-Hans-CN")])
def test_the_page_to_stop_a_digest_speaks_the_language_of_the_browser(
    header: str, language: str, settings: Settings, client: FlaskClient, make: Factory
) -> None:
    recipient = make.digest_recipient(make.department(), email="li@example.com")
    assert recipient.department_id
    url = unsubscribe_url(settings, Subscription(recipient.department_id, recipient.email))
    page = client.get(url.removeprefix(settings.public_url), headers={"Accept-Language": header}).text
    assert f'<html lang="{language}"' in page
    assert "li@example.com" in page


def test_the_link_of_another_department_stops_nothing_of_this_one(
    settings: Settings, client: FlaskClient, make: Factory
) -> None:
    recipient = make.digest_recipient(make.department(), email="li@example.com")
    assert recipient.department_id
    url = unsubscribe_url(settings, Subscription(999_999, recipient.email)).removeprefix(settings.public_url)
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 200
    make.session.refresh(recipient)
    assert recipient.is_active


# Staff


@pytest.mark.parametrize("role", list(Role))
def test_an_administrator_gives_any_role(role: Role, make: Factory, login: Login) -> None:
    person = make.staff()
    assert edit(login(Role.ADMINISTRATOR), "staff", person.id, role_names=["", role.value]).status_code == 302
    make.session.expire_all()
    found = make.session.get(Staff, person.id)
    assert found is not None
    assert found.role_names == [role.value]


def test_roles_are_kept_in_the_order_of_their_list(make: Factory, login: Login) -> None:
    person = make.staff()
    edit(login(Role.ADMINISTRATOR), "staff", person.id, role_names=["", "auditor", "clerk", "clerk"])
    make.session.expire_all()
    found = make.session.get(Staff, person.id)
    assert found is not None
    assert found.role_names == ["clerk", "auditor"]


def test_the_own_form_shows_no_rights(login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    assert client.staff is not None
    own = form_of(client.get(path("staff", "edit", id=client.staff.id)))
    assert not {"role_names", "active", "email"} & set(own)
    assert "role_names" in form_of(client.get(path("staff", "new")))


def test_nobody_grants_without_being_somebody() -> None:
    assert grantable_roles(None) == []


def test_a_person_without_the_right_to_log_in_is_out_at_once(make: Factory, login: Login) -> None:
    leaving = login(Role.CLERK)
    assert leaving.staff is not None
    key = leaving.staff.id
    assert leaving.get("/").status_code == 200
    assert edit(login(Role.ADMINISTRATOR), "staff", key, active=[""]).status_code == 302
    assert leaving.get("/").headers["Location"].startswith("/login")


def test_a_form_without_a_key_is_saved_each_time_it_is_sent(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    values = form_of(client.get(path("position", "new"))).to_dict()
    values.pop("form_key")
    assert client.post(path("position", "new"), data=values | {"name": "主管"}).status_code == 302
    second = client.post(path("position", "new"), data=values | {"name": "主管"})
    assert second.status_code == 422
    assert "There is already a record with the same: Name." in second.text


def test_two_people_who_send_the_same_form_enter_two_records(make: Factory, login: Login) -> None:
    first, second = login(Role.CLERK), login(Role.CLERK)
    values = form_of(first.get(path("customer", "new"))).to_dict() | {"name": "同名"}
    locations = {client.post(path("customer", "new"), data=values).location for client in (first, second)}
    assert len(locations) == 2


def test_every_form_for_a_new_record_has_a_key_of_its_own(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    tables = ENTERED
    keys = [form_of(client.get(path(table, "new")))["form_key"] for table in tables]
    assert len(set(keys)) == len(tables)
    assert "form_key" not in form_of(client.get(path("customer", "edit", id=make_one(make, "customer"))))


def test_a_page_names_its_scripts_with_the_number_in_its_policy(login: Login) -> None:
    client = login(Role.SUPERVISOR)
    nonces = set()
    for address in ("/", "/customer/", "/nothing"):
        response = client.get(address)
        found = re.search(r"'nonce-([^']+)'", response.headers["Content-Security-Policy"])
        assert found
        assert f'nonce="{found[1]}"' in response.text
        nonces.add(found[1])
    assert len(nonces) == 3
