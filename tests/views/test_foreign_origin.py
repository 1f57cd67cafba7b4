"""What another site's page sends is refused, even beside a valid token."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import create_app
from config import Settings
from conftest import Login
from factories import Factory
from models import Customer, db
from models.organisation import Role

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    # Another port, and another scheme, are another site.
    {"Origin": "http://localhost:8000"},
    {"Origin": "https://localhost"},
    {"Referer": "https://evil.example/http://localhost/"},
    {"Referer": "http://localhost@evil.example/"},
    {"Referer": "//localhost/"},
    {"Origin": "https://evil.example", "Referer": "http://localhost/"},
    {"Origin": "http://[bad"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_post_of_another_site_changes_nothing_whatever_token_it_brings(
    headers: dict[str, str], make: Factory, login: Login
) -> None:
    key = make.customer().id
    client = login(Role.SUPERVISOR)
    answer = client.post("/customer/delete/", data={"id": key}, headers=headers)
    assert answer.status_code == 400
    assert "The form was not accepted" in answer.text
    make.session.expire_all()
    assert make.session.get_one(Customer, key).deleted_at is None


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://localhost"}, {"Referer": "http://localhost/customer/"}], ids=str
)
def test_what_the_panel_s_own_page_sends_is_taken(
    headers: dict[str, str], make: Factory, login: Login
) -> None:
    key = make.customer().id
    answer = login(Role.SUPERVISOR).post("/customer/delete/", data={"id": key}, headers=headers)
    assert answer.status_code == 302


def test_a_link_on_another_site_leads_to_a_page(login: Login) -> None:
    answer = login(Role.SUPERVISOR).get("/customer/", headers={"Referer": "https://evil.example"})
    assert answer.status_code == 200


def test_behind_tls_the_origin_is_that_of_the_public_address(settings: Settings) -> None:
    application = create_app(replace(settings, public_url="https://panel.example"))
    # Nothing may be posted there: what is let in hears that.
    for origin, status in (("https://panel.example", 405), ("http://panel.example", 400)):
        answer = application.test_client().post(
            "/health", base_url="http://panel.example", headers={"Origin": origin}
        )
        assert answer.status_code == status
    with application.app_context():
        db.engine.dispose()
