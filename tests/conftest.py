"""Fixtures: embedded engines, a migrated database, an application, and people who are logged in."""

from __future__ import annotations

import gc
import os
import secrets
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from redis import Redis
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse
from xdist.scheduler import LoadScopeScheduling

import embedded_services
import views.auth
from app import create_app
from chat_groups import SECRET
from config import Settings, read_settings
from factories import Factory
from jobs.demo import has_records, seed_demo
from jobs.demo.world import World
from models import Region, Staff, acting_as, db, system_actor
from models.essentials import seed_essentials
from models.organisation import Locale, Role
from views.logins import TOKEN_KEY, new_login

pytest_plugins = ("compiled_once", "mail_server", "missing_means", "queued_early")

PRISTINE = "huisheng_pristine"
CHEAP_HASH = {"rounds": 1, "memory_cost": 64, "parallelism": 1}
# What tests/test_auth.py holds to the strength that is advised.
own_hashes = views.auth.flask_security_config


class FilesAndBrowser(LoadScopeScheduling):
    """Give one process a whole file, and all that use a browser: two of them slow each other down."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesAndBrowser:
    return FilesAndBrowser(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the garbage collector pass over modules and tests, which stay: it took 15 % of finding them.

    Afterwards it comes a tenth as often as by itself, where it took 4 %.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _hashes_cost_little() -> Iterator[None]:
    """Hash passwords in no time: in earnest each login takes 0.1 to 0.3 s of a processor, as it should."""
    cheap = {f"argon2__{name}": value for name, value in CHEAP_HASH.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            views.auth,
            "flask_security_config",
            lambda settings: own_hashes(settings) | {"SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": cheap},
        )
        yield


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded_services.Postgres]:
    """Run one Postgres for the whole run; nothing of it outlives the run, so it need not be durable."""
    with embedded_services.postgres(tmp_path_factory.mktemp("engines"), durable=False) as postgres:
        yield postgres


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded_services.valkey(tmp_path_factory.mktemp("valkey"), durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def settings(
    engines: embedded_services.Postgres, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return read_settings(
        {
            "ENVIRONMENT": "test",
            "DATABASE_URL": engines.app_url,
            "MIGRATION_DATABASE_URL": engines.owner_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": SECRET,
            "PASSWORD_SECRET": SECRET,
            "SECOND_FACTOR_SECRET": SECRET,
            "PUBLIC_URL": "http://localhost",
            "LOCAL_DIR": str(tmp_path_factory.mktemp("local")),
            "DEMO_SIZE": "2",
        }
    )


@pytest.fixture(scope="session")
def app(settings: Settings, engines: embedded_services.Postgres) -> Iterator[Flask]:
    """Build the schema by running the migrations, keep a pristine copy, and return the application."""
    application = create_app(settings)
    with application.app_context():
        upgrade()
        db.engine.dispose()
    with superuser(engines) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {PRISTINE} TEMPLATE huisheng")
    application.test_client_class = PanelClient
    gc.freeze()
    yield application
    with application.app_context():
        db.engine.dispose()


@contextmanager
def superuser(engines: embedded_services.Postgres) -> Iterator[Any]:
    """Connect as the superuser, outside any transaction."""
    url = make_url(engines.superuser_url).set(drivername="postgresql+psycopg", database="postgres")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def fresh_settings(app: Flask, settings: Settings, engines: embedded_services.Postgres) -> Iterator[Settings]:
    """Return settings with a database of its own, for tests with several processes or real commits."""
    with fresh_database(settings, engines) as own:
        yield own


@contextmanager
def fresh_database(settings: Settings, engines: embedded_services.Postgres) -> Iterator[Settings]:
    """Make a migrated database, and drop it at the end; the settings lead to it."""
    name = f"fresh_{secrets.token_hex(6)}"
    with superuser(engines) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {PRISTINE} OWNER huisheng_owner")

    def in_it(url: str) -> str:
        return make_url(url).set(database=name).render_as_string(hide_password=False)

    yield replace(
        settings,
        database_url=in_it(settings.database_url),
        migration_database_url=in_it(settings.migration_database_url),
    )
    with superuser(engines) as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def own_app(settings: Settings, engines: embedded_services.Postgres) -> Iterator[Flask]:
    """Make an application on a database of its own, where commits are real, for all tests of a module."""
    with fresh_database(settings, engines) as own:
        application = create_app(own)
        application.test_client_class = PanelClient
        yield application
        with application.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(scope="session")
def invented(
    app: Flask, settings: Settings, engines: embedded_services.Postgres
) -> Iterator[tuple[Flask, World]]:
    """Make a quarter of the demo once, in a database of its own, for tests that only read."""
    with fresh_database(settings, engines) as own:
        # Enough for the hidden stories to stand out, quick enough for a test.
        demo_app = create_app(replace(own, demo_size=25))
        with demo_app.app_context(), acting_as(system_actor("command:release")):
            seed_essentials()
            assert not has_records()
            # One day for all: other days draw other data, and a share near its bound would fail on some.
            made = seed_demo(demo_app.extensions["settings"], date(2026, 3, 17))
            db.session.commit()
            db.session.remove()
        yield demo_app, made
        with demo_app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def world(invented: tuple[Flask, World]) -> Iterator[World]:
    """Return what the demo made, its database open for reading."""
    demo_app, made = invented
    with demo_app.app_context(), acting_as(system_actor("command:release")):
        yield made
        db.session.remove()


@pytest.fixture
def fresh_app(fresh_settings: Settings) -> Iterator[Flask]:
    """Return an application on a database of its own, where commits are real."""
    application = create_app(fresh_settings)
    application.test_client_class = PanelClient
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


def environ_of(settings: Settings) -> dict[str, str]:
    """Return the environment under which another process gets these settings."""
    return {
        "ENVIRONMENT": settings.environment.value,
        "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "DATABASE_CONNECTIONS": str(settings.database_connections),
        "STATEMENT_SECONDS": str(settings.statement_seconds),
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url or "",
        "SECRET_KEY": settings.secret_key,
        "PASSWORD_SECRET": settings.password_secret,
        "SECOND_FACTOR_SECRET": settings.second_factor_secret,
        "PUBLIC_URL": settings.public_url,
        "LOCAL_DIR": str(settings.local_dir),
        "MAIL_ALLOW": ",".join(settings.mail_allow),
        "DEMO_DATA": str(int(settings.demo_data)),
        "DEMO_SIZE": str(settings.demo_size),
    }


@pytest.fixture(autouse=True)
def _acting_as_tests() -> Iterator[None]:
    """Let tests see and make every row; a request in a test has its own actor."""
    with acting_as(system_actor("test")):
        yield


@contextmanager
def rolled_back(app: Flask) -> Iterator[Session]:
    """Share an outer transaction with the application, and end it without a trace.

    Commits, of the test and of the application alike, become savepoints.
    """
    with app.app_context():
        bound = db.engines
        engine = db.engine
    connection = engine.connect()
    transaction = connection.begin()
    bound[None] = connection
    # The registry's own configure() asks for the current session, and there is none yet.
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
    bound[None] = engine
    if transaction.is_active:
        transaction.rollback()
    connection.close()


@pytest.fixture
def db_session(app: Flask) -> Iterator[Session]:
    """Return a session in an outer transaction that the application shares and that ends with the test."""
    with rolled_back(app) as session:
        yield session


@pytest.fixture
def in_app(app: Flask, db_session: Session) -> Iterator[Flask]:
    """Push an application context, for jobs and rules called directly; not for tests with a client."""
    with app.app_context():
        yield app
        db.session.remove()


@pytest.fixture
def make(db_session: Session) -> Factory:
    """Return the factory of records, in the test's transaction."""
    return Factory(db_session)


class PanelClient(FlaskClient):
    """A browser stand-in that sends the CSRF token with what it posts; pass csrf=False to leave it out."""

    staff: Staff | None = None

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if csrf and kwargs.get("method", "GET") != "GET":
            headers = dict(kwargs.pop("headers", None) or {})
            headers.setdefault("X-CSRFToken", self.csrf_token())
            kwargs["headers"] = headers
        return super().open(*args, **kwargs)

    def csrf_token(self) -> str:
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", secrets.token_hex(20))
        return str(
            URLSafeTimedSerializer(self.application.secret_key or "", salt="wtf-csrf-token").dumps(raw)
        )

    def log_in(self, staff: Staff, session: Session) -> None:
        """Carry a login of `staff`, as the login page would have opened it."""
        token, login = new_login(staff)
        session.add(login)
        session.commit()
        with self.session_transaction() as cookie:
            cookie["_user_id"] = staff.fs_uniquifier
            cookie["_fresh"] = True
            cookie[TOKEN_KEY] = token
            # The password was given just now.
            cookie["fs_paa"] = time.time()
        self.staff = staff


@pytest.fixture
def queue(app: Flask, redis_url: str) -> Iterator[Redis]:
    """Return the queue, empty before and after."""
    connection = Redis.from_url(redis_url)
    connection.flushall()
    yield connection
    connection.flushall()
    connection.close()
    if "redis" in app.extensions:
        app.extensions.pop("redis").close()


@pytest.fixture
def client(app: Flask, db_session: Session) -> FlaskClient:
    """Return a client that is not logged in."""
    return app.test_client()


Login = Callable[..., PanelClient]


@pytest.fixture
def login(app: Flask, make: Factory, db_session: Session) -> Login:
    """Return a function that logs a new person of a role in, and returns the person's client."""

    def log_in(
        *roles: Role, region: Region | None = None, locale: Locale = Locale.ENGLISH, **attributes: Any
    ) -> PanelClient:
        staff = make.staff(*roles, region=region, locale=locale, **attributes)
        client = app.test_client()
        assert isinstance(client, PanelClient)
        client.log_in(staff, db_session)
        return client

    return log_in


@contextmanager
def count_queries(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that reach the database, settings of the transaction and savepoints aside."""
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "set_config" not in statement and "SAVEPOINT" not in statement:
            statements.append(statement)

    with app.app_context():
        bind = db.engines[None]
    engine = getattr(bind, "engine", bind)
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def data_dir() -> Path:
    """Return the folder of made-up files."""
    return Path(__file__).parent / "data"


@pytest.fixture
def real_data() -> Path:
    """Return the folder of real files, which can't ship; tests marked `real_data` run only where it is."""
    return Path(os.environ["REAL_DATA"]).resolve()
