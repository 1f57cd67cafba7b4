"""What the factory makes of the settings, and what its logs never say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import structlog
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import app as panel
from config import Environment, SettingError, Settings
from conftest import Login
from factories import Factory
from jobs.backup.restoring import MIGRATIONS
from models import Customer, db
from models.organisation import Role
from views.security import trusted_hosts


def test_an_error_of_the_database_names_no_customer_in_the_log(
    in_app: Flask, db_session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    db.session.add(Customer(name=" ", phone="13812345678"))
    try:
        db.session.commit()
    except IntegrityError:
        structlog.get_logger().exception("unexpected_error")
    db.session.rollback()
    logged = capsys.readouterr().err
    assert "ck_customer_name_not_blank" in logged
    assert "13812345678" not in logged


def test_over_https_cookies_are_bound_to_the_host(settings: Settings) -> None:
    config = panel.flask_config(replace(settings, public_url="https://service.example.com"))
    assert config["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert config["SESSION_COOKIE_SECURE"] is True
    assert config["SESSION_COOKIE_HTTPONLY"] is True
    assert config["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_over_https_browsers_are_told_to_stay_there(settings: Settings) -> None:
    application = panel.create_app(replace(settings, public_url="https://service.example.com"))
    answer = application.test_client().get("/health", base_url="https://service.example.com")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_production_answers_its_own_host_only(settings: Settings) -> None:
    production = replace(
        settings,
        environment=Environment.PRODUCTION,
        public_url="https://service.example.com:8443",
    )
    assert set(trusted_hosts(production)) == {"service.example.com", "service.example.com:8443"}
    assert "127.0.0.1" in trusted_hosts(settings)


def test_a_wrong_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(SettingError, match="DATABASE_URL is missing"):
        panel.create_app()


def test_log_lines_are_json_with_time_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    panel.configure_logging()
    structlog.get_logger().info("digest_made", digest_id=7, week="2024-W10", day=str(date(2024, 3, 4)))
    structlog.get_logger().debug("too_fine")
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert entry["event"] == "digest_made"
    assert entry["digest_id"] == 7
    assert entry["level"] == "info"
    assert entry["timestamp"].endswith("Z")


def test_a_form_left_open_for_days_can_still_be_saved(settings: Settings) -> None:
    config = panel.flask_config(settings)
    assert config["WTF_CSRF_TIME_LIMIT"] is None
    assert config["PERMANENT_SESSION_LIFETIME"].days >= 7


def test_an_answer_that_changed_nothing_sets_no_cookie(login: Login, make: Factory) -> None:
    """Else one that comes late takes back the message that another has left for the next page."""
    client = login(Role.CLERK)
    client.get("/customer/new/")
    for address in ("/waiting/", "/customer/", "/customer/new/"):
        assert "Set-Cookie" not in client.get(address).headers, address


def test_rotated_keys_are_still_accepted(settings: Settings) -> None:
    old = panel.create_app(settings)
    new = panel.create_app(
        replace(settings, secret_key=settings.secret_key[::-1], secret_key_fallbacks=(settings.secret_key,))
    )
    signed = old.session_interface.get_signing_serializer(old).dumps({"a": 1})
    assert new.session_interface.get_signing_serializer(new).loads(signed) == {"a": 1}


def test_migrations_run_whatever_folder_a_command_is_called_in(
    fresh_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with fresh_app.app_context():
        upgrade()
        at = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    assert at == ScriptDirectory(str(MIGRATIONS)).get_current_head()
