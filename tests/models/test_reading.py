"""A transaction that only read ends by COMMIT, and any other as before."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError

from conftest import PanelClient
from factories import Factory
from models import Region, acting_as, db, system_actor
from models.organisation import Role
from models.reading import end_reading


def test_what_pages_ask_stays_prepared_from_one_request_to_the_next(fresh_app: Flask) -> None:
    client = fresh_app.test_client()
    assert isinstance(client, PanelClient)
    with fresh_app.app_context():
        client.log_in(Factory(db.session).staff(Role.ADMINISTRATOR), db.session())
        engine = db.engine
    # psycopg prepares what was asked five times.
    for _ in range(8):
        assert client.get("/complaint/").status_code == 200
    with engine.connect() as connection:
        prepared = connection.execute(text("SELECT statement FROM pg_prepared_statements")).scalars().all()
    assert any("FROM complaint" in statement for statement in prepared)


@pytest.mark.parametrize(
    ("statement", "is_kept"),
    [
        ("WITH found AS (SELECT 1) SELECT * FROM found", False),
        ("SET LOCAL enable_indexscan = off", False),
        ("UPDATE region SET name = 'South'", True),
        ("WITH changed AS (UPDATE region SET name = 'South' RETURNING id) SELECT * FROM changed", True),
        # A function that writes, called by a SELECT.
        ("SELECT next_number('XX')", True),
    ],
)
def test_only_what_wrote_nothing_is_ended(fresh_app: Flask, statement: str, is_kept: bool) -> None:
    with fresh_app.app_context(), acting_as(system_actor("test")):
        Factory(db.session).region("North")
        db.session.commit()
        db.session.execute(text(statement))
        end_reading()
        assert db.session().in_transaction() is is_kept


def test_a_transaction_that_failed_is_left_to_be_rolled_back(fresh_app: Flask) -> None:
    with fresh_app.app_context(), acting_as(system_actor("test")):
        with pytest.raises(ProgrammingError):
            db.session.execute(text("SELECT nothing_like_it"))
        end_reading()
        assert db.session().in_transaction()


def test_what_was_written_and_not_saved_is_rolled_back(fresh_app: Flask) -> None:
    with fresh_app.app_context(), acting_as(system_actor("test")):
        region = Factory(db.session).region("North")
        db.session.commit()
        db.session.execute(update(Region).where(Region.id == region.id).values(name="South"))
        end_reading()
        assert db.session().in_transaction()
        db.session.remove()
        assert db.session.scalar(select(Region.name).where(Region.id == region.id)) == "North"


def test_what_was_set_and_not_saved_is_rolled_back(fresh_app: Flask) -> None:
    with fresh_app.app_context(), acting_as(system_actor("test")):
        region = Factory(db.session).region("North")
        key = region.id
        db.session.commit()
        region.name = "South"
        end_reading()
        db.session.remove()
        assert db.session.scalar(select(Region.name).where(Region.id == key)) == "North"


def test_after_an_error_nothing_is_committed(fresh_app: Flask) -> None:
    with fresh_app.app_context(), acting_as(system_actor("test")):
        db.session.scalar(select(Region.id))
        end_reading(ValueError())
        assert db.session().in_transaction()
        end_reading()
        assert not db.session().in_transaction()
