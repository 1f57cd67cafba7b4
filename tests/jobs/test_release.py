"""What a release does, on a database of its own: it migrates, seeds, and can run again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask_security.utils import verify_password
from sqlalchemy import func, select

from app import create_app
from config import Settings
from conftest import PanelClient, environ_of, fresh_database, rolled_back
from embedded_services import Postgres
from jobs.demo import DEMO_PEOPLE, demo_password
from models import (
    AuditEntry,
    Complaint,
    Customer,
    DemoRecord,
    Department,
    DigestRecipient,
    PartsQualityRecord,
    Staff,
    Subject,
    Vehicle,
    db,
)
from models.base import Base, now
from models.organisation import Role

ROOT = Path(__file__).parents[2]


def run(app: Flask, command: str) -> Result:
    result = app.test_cli_runner().invoke(args=[command])
    assert result.exit_code == 0, result.output
    return result


AppWith = Callable[..., Flask]


@contextmanager
def applications(settings: Settings) -> Iterator[AppWith]:
    """Give a function that makes the application with some settings changed, on one database."""
    made = []

    def make(**changes: Any) -> Flask:
        made.append(create_app(replace(settings, **changes)))
        made[-1].test_client_class = PanelClient
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def app_with(fresh_settings: Settings) -> Iterator[AppWith]:
    """Make applications on a database of the test's own, in which no release was."""
    with applications(fresh_settings) as make:
        yield make


@pytest.fixture(scope="module")
def app_on_demo(app: Flask, settings: Settings, engines: Postgres) -> Iterator[AppWith]:
    """Make applications on one database with the demo, for all tests that leave it as it is."""
    with fresh_database(settings, engines) as own, applications(own) as make:
        run(make(demo_data=True), "release")
        yield make


@pytest.fixture(scope="module")
def demo(app_on_demo: AppWith) -> Flask:
    return app_on_demo(demo_data=True)


def count(app: Flask, model: type[Base]) -> int:
    with app.app_context():
        found = db.session.scalar(select(func.count()).select_from(model)) or 0
        db.session.remove()
    return found


def test_a_first_start_has_everything_a_visitor_wants_to_see(demo: Flask) -> None:
    assert count(demo, Staff) > len(DEMO_PEOPLE) == len(Role)
    for model in (Complaint, Customer, Vehicle, PartsQualityRecord, DigestRecipient):
        assert count(demo, model) > 0
    with demo.app_context():
        latest = db.session.scalars(select(Complaint.registered_at).order_by(Complaint.registered_at.desc()))
        assert (now() - latest.first()).days < 7
        # No complaint was answered before it came, nor in the future.
        assert not db.session.scalars(
            select(Complaint.id).where(
                (Complaint.verified_at < Complaint.registered_at) | (Complaint.verified_at > now())
            )
        ).all()


def test_a_second_release_changes_nothing(demo: Flask) -> None:
    before = count(demo, AuditEntry)
    run(demo, "release")
    assert count(demo, AuditEntry) == before


def test_demo_data_never_joins_what_somebody_entered(app_with: AppWith) -> None:
    app = app_with(demo_data=False)
    run(app, "release")
    with app.app_context():
        db.session.add(Customer(name="第一位客户"))
        db.session.commit()
    demo = app_with(demo_data=True)
    run(demo, "release")
    assert count(demo, Customer) == 1
    assert count(demo, Complaint) == 0


def test_an_empty_start_has_the_essentials_and_says_how_to_get_in(app_with: AppWith) -> None:
    app = app_with(demo_data=False)
    assert "ADMIN_EMAIL" in run(app, "release").output
    assert count(app, Department) == 9
    assert count(app, Subject) > 20
    assert count(app, Staff) == 0


def test_the_first_administrator_is_made_once(app_with: AppWith) -> None:
    given = {"admin_email": "Boss@Example.com", "admin_password": "a long first secret", "demo_data": False}
    app = app_with(**given)
    assert "Nobody can log in" not in run(app, "release").output
    run(app_with(**(given | {"admin_password": "another long secret"})), "release")
    with app.app_context():
        (boss,) = db.session.scalars(select(Staff)).all()
        assert boss.email == "boss@example.com"
        assert boss.role_names == [Role.ADMINISTRATOR.value]
        assert verify_password("a long first secret", boss.password)


@pytest.mark.parametrize("password", ["password123", "boss-2026!", "１２３４５６７８９０"])
def test_a_first_password_that_everybody_guesses_is_refused_in_a_sentence(
    app_with: AppWith, password: str
) -> None:
    app = app_with(admin_email="boss@example.com", admin_password=password, demo_data=False)
    result = app.test_cli_runner().invoke(args=["release"])
    assert result.exit_code == 1
    assert str(result.exception).startswith("ADMIN_PASSWORD is wrong: This ")
    assert password not in str(result.exception)
    assert count(app, Staff) == 0


def test_the_release_is_named_in_the_audit(demo: Flask) -> None:
    with demo.app_context():
        sources = set(db.session.scalars(select(AuditEntry.source).distinct()))
        assert sources == {"command:release", "essentials"}


def test_demo_people_are_listed_with_a_password_that_works(
    demo: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [line.split("\t") for line in run(demo, "demo-users").output.splitlines()]
    assert [role for role, _, _ in rows] == [person.role.value for person in DEMO_PEOPLE]
    monkeypatch.setitem(demo.config, "WTF_CSRF_ENABLED", False)
    _role, email, password = rows[1]
    with rolled_back(demo):
        client = demo.test_client()
        client.post("/login", data={"email": email, "password": password})
        assert client.get("/").status_code == 200


def test_nobody_is_listed_where_there_is_no_demo(app_on_demo: AppWith) -> None:
    assert run(app_on_demo(demo_data=False), "demo-users").output == ""


def test_demo_passwords_differ_between_installations(settings: Settings) -> None:
    other = replace(settings, password_secret=settings.password_secret[::-1])
    assert demo_password(settings) == demo_password(settings)
    assert demo_password(settings) != demo_password(other)
    assert len(demo_password(settings)) >= 12


def test_each_demo_person_can_open_the_home_page(demo: Flask) -> None:
    with rolled_back(demo) as session:
        people = list(session.scalars(select(Staff).where(Staff.password.is_not(None))))
        clients = [demo.test_client() for _ in people]
        for client, staff in zip(clients, people, strict=True):
            assert isinstance(client, PanelClient)
            client.log_in(staff, session)
        assert [client.get("/").status_code for client in clients] == [200] * len(Role)


def test_releases_at_once_make_everything_once(fresh_settings: Settings, app_with: AppWith) -> None:
    environ = os.environ | environ_of(replace(fresh_settings, demo_data=True))
    command = [sys.executable, "-m", "flask", "--app", "app", "release"]
    releases = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    errors = [release.communicate(timeout=120)[1].decode() for release in releases]
    assert [release.returncode for release in releases] == [0, 0, 0], errors
    emails = [person.email for person in DEMO_PEOPLE]
    assert count(app_with(), DemoRecord) > 500
    with app_with().app_context():
        found = db.session.scalars(select(Staff.email).where(Staff.email.in_(emails))).all()
        assert sorted(found) == sorted(emails)
        db.session.remove()
