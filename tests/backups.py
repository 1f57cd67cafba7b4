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
from conftest import PanelClient, own_app, superuser
from embedded_services import Postgres
from factories import Factory
from jobs.backup.manifest import Measure, measure
from jobs.backup.programs import connection_string
from models import acting_as, db, system_actor


@pytest.fixture(scope="module")
def filled(app: Flask, settings: Settings, engines: Postgres) -> Iterator[Flask]:
    """Return an application for all tests that leave its database as it is, a row in every table."""
    with own_app(settings, engines) as own:
        fill(own)
        yield own


@pytest.fixture
def filled_anew(fresh_app: Flask) -> Flask:
    """Return an application filled as well, for one test that changes its database."""
    fill(fresh_app)
    return fresh_app


def fill(app: Flask) -> None:
    """Make a row in every table, and text that a copy could trip over."""
    with app.app_context(), acting_as(system_actor("test")):
        make = Factory(db.session)
        make.one_of_each()
        make.customer(name="行\t列\\.", phone=None, address="一\n\\.\n\\N '\"; -- 🛺")
        make.attachment(content=bytes(range(256)) * 400)
        db.session.commit()
        db.session.remove()


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
