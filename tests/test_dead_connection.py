"""A connection that the database has ended is let go, and takes nothing down with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from conftest import superuser
from embedded_services import Postgres
from models import db

BACKEND = text("SELECT pg_backend_pid()")


def end_connection(engines: Postgres) -> None:
    """Have the database end the session's connection, as a restart of it does."""
    pid = db.session.scalar(BACKEND)
    with superuser(engines) as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 10000)")


@pytest.mark.parametrize("give_back", [db.session.rollback, db.session.remove])
def test_giving_a_dead_connection_back_is_no_error(
    give_back: Callable[[], None], fresh_app: Flask, engines: Postgres
) -> None:
    with fresh_app.app_context():
        end_connection(engines)
        give_back()
        assert db.session.scalar(text("SELECT 1")) == 1
        db.session.remove()


def test_work_on_a_dead_connection_is_an_error(fresh_app: Flask, engines: Postgres) -> None:
    with fresh_app.app_context():
        end_connection(engines)
        with pytest.raises(OperationalError):
            db.session.commit()
        db.session.remove()
