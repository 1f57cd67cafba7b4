"""Connections over TLS: what an address says of its authority holds, and nothing falls back to clear text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from redis import Redis
from redis.exceptions import ConnectionError as QueueConnectionError
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from app import create_app
from config import Settings, read_settings
from conftest import environ_of
from jobs.queues import connect
from models import db
from tls_front import ANOTHER_AUTHORITY, CERTIFICATE, tls_front


def over_tls(url: str, port: int, host: str, **query: str) -> str:
    there = make_url(url).set(host=host, port=port).update_query_dict(query)
    return there.render_as_string(hide_password=False)


@pytest.fixture
def database_port(fresh_settings: Settings) -> Iterator[int]:
    port = make_url(fresh_settings.database_url).port
    assert port
    with tls_front(port, is_postgres=True) as front:
        yield front


def panel(settings: Settings, port: int, authority: Path, host: str = "localhost") -> Flask:
    """Return the panel, its database behind TLS, as an operator would set it."""
    query = {"sslmode": "verify-full", "sslrootcert": str(authority)}
    environ = environ_of(settings)
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        environ[name] = over_tls(environ[name], port, host, **query)
    return create_app(read_settings(environ))


def test_the_database_is_reached_over_tls_whose_authority_is_the_one_named(
    fresh_settings: Settings, database_port: int
) -> None:
    app = panel(fresh_settings, database_port, CERTIFICATE)
    with app.app_context():
        assert db.session.scalar(text("SELECT current_user")) == "huisheng_app"
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("authority", "host", "words"),
    [
        (ANOTHER_AUTHORITY, "localhost", "certificate verify failed"),
        (CERTIFICATE, "127.0.0.1", "does not match"),
    ],
)
def test_a_database_of_another_authority_or_name_is_refused(
    fresh_settings: Settings, database_port: int, authority: Path, host: str, words: str
) -> None:
    app = panel(fresh_settings, database_port, authority, host)
    with app.app_context():
        with pytest.raises(OperationalError, match=words):
            db.session.scalar(text("SELECT 1"))
        db.session.rollback()
        with pytest.raises(OperationalError, match=words):
            upgrade()
        db.engine.dispose()
    done = app.test_cli_runner().invoke(args=["backup", "never.dump"])
    assert done.exit_code == 1
    assert words in done.output
    assert not Path("never.dump").exists()


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(fresh_settings: Settings) -> None:
    port = make_url(fresh_settings.database_url).port
    assert port
    app = panel(fresh_settings, port, CERTIFICATE)
    with app.app_context():
        with pytest.raises(OperationalError, match="server does not support SSL"):
            db.session.scalar(text("SELECT 1"))
        db.engine.dispose()


@pytest.fixture
def queue_port(settings: Settings) -> Iterator[int]:
    port = make_url(settings.redis_url).port
    assert port
    with tls_front(port, is_postgres=False) as front:
        yield front


def queue(settings: Settings, port: int, host: str, authority: Path | None) -> Redis:
    url = over_tls(settings.redis_url.replace("redis://", "rediss://"), port, host)
    url += f"?ssl_ca_certs={authority}" if authority else ""
    return connect(replace(settings, redis_url=url))


def test_the_queue_is_reached_over_tls_whose_authority_is_the_one_named(
    settings: Settings, queue_port: int
) -> None:
    with queue(settings, queue_port, "localhost", CERTIFICATE) as connection:
        assert connection.ping()


@pytest.mark.parametrize(
    ("authority", "host"),
    [(ANOTHER_AUTHORITY, "localhost"), (None, "localhost"), (CERTIFICATE, "127.0.0.1")],
)
def test_a_queue_of_another_authority_or_name_is_refused(
    settings: Settings, queue_port: int, authority: Path | None, host: str
) -> None:
    with (
        queue(settings, queue_port, host, authority) as connection,
        pytest.raises(QueueConnectionError, match="(?i)certificate"),
    ):
        connection.ping()
