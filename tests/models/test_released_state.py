"""From each state that an earlier release left to this one: nothing is lost, and the panel goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg import Connection, sql

from backups import elsewhere, run
from config import Settings
from conftest import PanelClient
from embedded_services import Postgres
from factories import Factory
from jobs.backup.manifest import _TABLES
from jobs.release import migrate
from models import Complaint, Staff, acting_as, db, system_actor
from models.organisation import Role
from released import STATES, connect_as_owner, later_than, panel_at, revision_of, unpack

__all__ = ["elsewhere"]

Columns = dict[str, list[str]]
# Columns that a later migration changes on purpose, and why; anything else that changes is a loss.
CHANGED: dict[str, str] = {}
COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


@pytest.fixture(scope="module", params=STATES, ids=revision_of)
def migrated(
    request: pytest.FixtureRequest,
    app: Flask,
    settings: Settings,
    engines: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Flask, Any, Any]]:
    """Return the panel on the migrated database, and what the old columns held before and hold now."""
    with panel_at(request.param, settings, engines, tmp_path_factory.mktemp("released")) as panel:
        with connect_as_owner(panel) as owner:
            columns = old_columns(owner)
            before = content(owner, columns)
        with panel.app_context():
            migrate()
        with connect_as_owner(panel) as owner:
            after = content(owner, columns)
        yield panel, before, after


def old_columns(owner: Connection[Any]) -> Columns:
    """Return the columns of each table of the earlier release, but for those that change on purpose."""
    tables = [name for (name,) in owner.execute(_TABLES) if name != "alembic_version"]
    return {
        table: [name for (name,) in owner.execute(COLUMNS, [table]) if f"{table}.{name}" not in CHANGED]
        for table in tables
    }


def content(owner: Connection[Any], columns: Columns) -> dict[str, set[str]]:
    """Return the rows of each table as text, of these columns alone."""
    found = {}
    for table, names in columns.items():
        query = sql.SQL("SELECT ROW({})::text FROM {}")
        listed = sql.SQL(", ").join(map(sql.Identifier, names))
        found[table] = {row for (row,) in owner.execute(query.format(listed, sql.Identifier(table)))}
    return found


def test_no_row_of_an_earlier_release_is_lost_or_changed(migrated: tuple[Flask, Any, Any]) -> None:
    _panel, before, after = migrated
    assert len(before["audit_entry"]) > 500
    assert {table: rows - after[table] for table, rows in before.items() if rows - after[table]} == {}


def test_migrating_leaves_no_unfinished_index_or_constraint(migrated: tuple[Flask, Any, Any]) -> None:
    panel, _before, _after = migrated
    with connect_as_owner(panel) as owner:
        for unfinished in (
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid",
            "SELECT conname FROM pg_constraint WHERE NOT convalidated",
        ):
            assert owner.execute(unfinished).fetchall() == []


def test_every_list_and_record_of_an_earlier_release_opens(migrated: tuple[Flask, Any, Any]) -> None:
    panel, _before, _after = migrated
    with panel.app_context(), acting_as(system_actor("test")):
        administrator = Factory(db.session).staff(
            Role.ADMINISTRATOR, Role.SUPERVISOR, email="opens@example.com", fs_uniquifier="opens"
        )
        client = panel.test_client()
        assert isinstance(client, PanelClient)
        client.log_in(administrator, db.session)
        db.session.remove()
    lists = [rule.rule for rule in panel.url_map.iter_rules() if rule.endpoint.endswith(".index_view")]
    assert len(lists) >= 20
    for address in lists:
        answer = client.get(address)
        assert answer.status_code in {200, 302, 403}, address
    for address in ("/complaint/details/?id=1", "/customer/details/?id=1", "/vehicle/details/?id=1", "/"):
        assert client.get(address).status_code == 200, address


def test_the_numbers_of_an_earlier_release_go_on(migrated: tuple[Flask, Any, Any]) -> None:
    panel, _before, _after = migrated
    with panel.app_context(), acting_as(system_actor("test")):
        known = set(db.session.scalars(db.select(Complaint.number)))
        assert Factory(db.session).complaint().number not in known
        assert db.session.scalars(db.select(Staff.id)).first()
        db.session.remove()


@pytest.mark.parametrize("state", STATES, ids=revision_of)
def test_a_backup_of_an_earlier_release_is_brought_forward(
    elsewhere: Flask, state: Path, tmp_path: Path
) -> None:
    done = run(elsewhere, "restore", unpack(state, tmp_path))
    assert done.exit_code == 0, done.output
    assert "Equal: " in done.output
    with connect_as_owner(elsewhere) as owner:
        newest = later_than(revision_of(state))[-1]
        assert owner.execute("SELECT version_num FROM alembic_version").fetchone() == (newest,)
