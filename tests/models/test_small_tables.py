"""Small tables are read once, and again as soon as anybody has changed them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import text

from factories import Factory
from models import Department, Region, acting_as, db, system_actor
from models.base import Record, now
from models.small_tables import small_rows
from models.sql import labels_for


@pytest.fixture
def south(fresh_app: Flask) -> Iterator[Region]:
    """Yield a region called South, committed, as the panel itself sees it."""
    with fresh_app.app_context(), acting_as(system_actor("test")):
        region = Factory(db.session).region("South")
        db.session.commit()
        yield region
        db.session.remove()


def names(model: type[Record] = Region) -> list[str]:
    return [row.label for row in small_rows(model).values() if not row.is_deleted]


def by_somebody_else(statement: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(statement))


def test_it_is_read_once_as_long_as_nothing_changes(south: Region) -> None:
    rows = small_rows(Region)
    db.session.rollback()
    assert small_rows(Region) is rows
    assert labels_for(Region, [south.id])[south.id].text == "South"
    db.session.rollback()
    Factory(db.session).department()
    db.session.commit()
    assert small_rows(Region) is rows


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE region SET name = 'North'",
        "UPDATE region SET name = 'North', version = version + 1",
        "WITH gone AS (DELETE FROM region) INSERT INTO region (name, name_sort) VALUES ('North', 'north')",
    ],
)
def test_a_change_by_whomever_shows_in_the_next_transaction(south: Region, change: str) -> None:
    assert names() == ["South"]
    db.session.rollback()
    by_somebody_else(change)
    assert names() == ["North"]


def test_what_is_not_committed_is_seen_by_its_own_transaction_alone(south: Region) -> None:
    assert names() == ["South"]
    south.name = "East"
    db.session.flush()
    assert names() == ["East"]
    db.session.rollback()
    assert names() == ["South"]
    # The version is the one that the change undone had.
    by_somebody_else("UPDATE region SET name = 'West', version = version + 1")
    db.session.rollback()
    assert names() == ["West"]


def test_a_deleted_row_still_names_what_hangs_on_it(south: Region) -> None:
    south.deleted_at = now()
    db.session.commit()
    label = labels_for(Region, [south.id])[south.id]
    assert (label.text, label.is_visible) == ("South", False)
    assert names() == []


def test_each_language_has_its_own_labels(south: Region) -> None:
    make = Factory(db.session)
    make.department(name="质量部", name_en="Quality")
    db.session.commit()
    with force_locale("en"):
        assert "Quality" in names(Department)
    with force_locale("zh_Hans_CN"):
        assert "质量部" in names(Department)
