"""What tests of backups share: a database with a row in every table, and another to bring it back to."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import make_url

from app import create_app
from config import Settings
from conftest import PanelClient, superuser
from embedded_services import Postgres
from factories import Factory
from jobs.backup.manifest import Measure, measure
from jobs.backup.programs import connection_string
from models import db


@pytest.fixture
def filled(fresh_app: Flask) -> Flask:
    """Return an application with a row in every table, and text that a copy could trip over."""
    with fresh_app.app_context():
        make = Factory(db.session)
        make.one_of_each()
        make.customer(name="行\t列\\.", phone=None, address="一\n\\.\n\\N '\"; -- 🛺")
        make.attachment(content=bytes(range(256)) * 400)
        db.session.commit()
        db.session.remove()
    return fresh_app


@contextmanager
def empty_database(settings: Settings, engines: Postgres) -> Iterator[Flask]:
    """Make an application on a database in which nothing stands."""
    name = f"empty_{secrets.token_hex(6)}"

    def in_it(url: str) -> str:
        return make_url(url).set(database=name).render_as_string(hide_password=False)

    with superuser(engines) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} OWNER huisheng_owner TEMPLATE template0")
    application = create_app(
        replace(
            settings,
            database_url=in_it(settings.database_url),
            migration_database_url=in_it(settings.migration_database_url),
        )
    )
    application.test_client_class = PanelClient
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()
    with superuser(engines) as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def elsewhere(settings: Settings, engines: Postgres) -> Iterator[Flask]:
    """Return an application on a database in which nothing stands."""
    with empty_database(settings, engines) as application:
        yield application


def run(app: Flask, *arguments: str | Path, typed: str | None = None) -> Result:
    """Run a command of the panel; `typed` is what the person answers."""
    return app.test_cli_runner().invoke(args=[str(each) for each in arguments], input=typed)


def measured(app: Flask) -> Measure:
    """Return what the application's database holds now."""
    url = app.extensions["settings"].migration_database_url
    with psycopg.connect(connection_string(url)) as connection:
        return measure(connection)
