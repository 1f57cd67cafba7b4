"""Who acts: from a person's roles and region to what the person sees, and who is found at a login."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from jobs.invitation import invite
from models import Delivery, LoginSession, acting_as, current_actor, db, system_actor
from models.base import now
from models.organisation import Locale, Role
from models.permissions import ALL_REGION_ROLES
from models.sight import actor_for
from views.auth import StaffDatastore
from views.logins import SEEN_EVERY, new_login, token_hash


@pytest.fixture
def inside(in_app: Flask) -> Factory:
    """Make rows in the session that the rules use; tests with a client have one of their own."""
    return Factory(db.session)


@pytest.mark.parametrize("role", Role)
def test_a_role_decides_whether_a_person_sees_all_regions(inside: Factory, role: Role) -> None:
    region = inside.region()
    actor = actor_for(inside.staff(role, region=region))
    expected = None if role.value in ALL_REGION_ROLES else frozenset({region.id})
    assert actor.region_ids == expected
    assert (actor.roles, actor.region_id, actor.is_system) == ({role.value}, region.id, False)


@pytest.mark.parametrize(
    ("roles", "sees_all"),
    [
        ((), False),
        ((Role.CLERK, Role.TOURING_ENGINEER), False),
        ((Role.CLERK, Role.SUPERVISOR), True),
    ],
)
def test_the_widest_of_several_roles_counts(inside: Factory, roles: tuple[Role, ...], sees_all: bool) -> None:
    assert (actor_for(inside.staff(*roles)).region_ids is None) == sees_all


def test_an_actor_carries_the_department_and_its_own_id(inside: Factory) -> None:
    department = inside.department()
    staff = inside.staff(Role.CLERK, department_id=department.id)
    actor = actor_for(staff)
    assert (actor.staff_id, actor.department_id, actor.source) == (staff.id, department.id, "request")


def test_actors_inside_each_other_are_taken_back_in_order_even_after_an_error() -> None:
    outer, inner = system_actor("job:outer"), system_actor("job:inner")
    before = current_actor()
    with acting_as(outer):
        with contextlib.suppress(ZeroDivisionError), acting_as(inner):
            assert current_actor() is inner
            _ = 1 / 0
        assert current_actor() is outer
    assert current_actor() is before


@pytest.mark.parametrize("written", ["wang@example.com", "WANG@Example.COM"])
def test_a_person_is_found_before_anybody_acts(inside: Factory, app: Flask, written: str) -> None:
    staff = inside.staff(email="wang@example.com")
    with acting_as(None):  # as before a login
        found = app.extensions["security"].datastore.find_user(email=written)
    assert found is not None
    assert found.id == staff.id


def test_a_deleted_person_is_not_found(inside: Factory, app: Flask) -> None:
    inside.staff(email="gone@example.com", deleted_at=now())
    datastore = app.extensions["security"].datastore
    assert isinstance(datastore, StaffDatastore)
    assert datastore.find_user(email="gone@example.com") is None


def test_the_server_knows_a_login_by_the_hash_of_its_token(inside: Factory) -> None:
    token, login = new_login(inside.staff())
    other, _login = new_login(inside.staff())
    assert login.token_hash == token_hash(token)
    assert token not in login.token_hash
    assert len(token) >= 43  # 256 random bits
    assert token != other


@pytest.mark.parametrize(
    ("locale", "words"), [(Locale.CHINESE, "登录"), (Locale.ENGLISH, "Your login for Huisheng")]
)
def test_an_invitation_is_written_in_the_person_s_language(
    app: Flask, inside: Factory, locale: Locale, words: str
) -> None:
    staff = inside.staff(Role.CLERK, locale=locale)
    with app.test_request_context("/", base_url="http://localhost"):
        invite(staff)
        (delivery,) = db.session.scalars(select(Delivery).where(Delivery.recipient == staff.email))
    assert words in delivery.subject
    assert delivery.locale is locale


def last_seen(session: Session, client: PanelClient) -> LoginSession:
    session.expire_all()
    assert client.staff is not None
    return session.scalars(select(LoginSession).where(LoginSession.staff_id == client.staff.id)).one()


@pytest.mark.parametrize(("ago", "is_noted"), [(SEEN_EVERY * 2, True), (SEEN_EVERY / 2, False)])
def test_use_of_a_login_is_noted_once_a_minute(
    login: Login, db_session: Session, ago: timedelta, is_noted: bool
) -> None:
    client = login(Role.CLERK)
    before = now() - ago
    last_seen(db_session, client).last_seen_at = before
    db_session.commit()
    client.get("/")
    assert (last_seen(db_session, client).last_seen_at > before) == is_noted


def test_nobody_acts_any_more_after_a_request(login: Login) -> None:
    before = current_actor()
    client = login(Role.CLERK)
    for path in ("/", "/nowhere", "/health", "/login"):
        client.get(path)
        assert current_actor() is before


@pytest.mark.parametrize("path", ["/", "/nowhere", "/login", "/health"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_every_answer_carries_the_headers_whatever_was_asked(
    client: PanelClient, path: str, method: str
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code < 500
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_files_of_the_interface_may_be_kept_by_browsers(client: PanelClient) -> None:
    with client.get("/static/base.css") as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] != "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
