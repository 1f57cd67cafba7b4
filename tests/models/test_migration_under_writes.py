"""Each migration while people work: the old code's statements go on, and none of them waits for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import Connection, sql

from backups import elsewhere, run
from config import Settings
from embedded_services import Postgres
from jobs.backup.manifest import _TABLES
from jobs.backup.programs import connection_string
from jobs.release import migrate
from released import NEWEST, connect_as_owner, later_than, panel_at, revision_of

__all__ = ["elsewhere"]

LONGEST_STALL = 3.0  # seconds
WRITERS = 3
LARGE = ("customer", "vehicle", "complaint", "call_record", "service_receipt", "audit_entry")
# Of a table: columns that the old code sets itself, that it may set, that form the key, that it reads.
COLUMNS = """
SELECT coalesce(array_agg(attname) FILTER (WHERE NOT (atthasdef OR attidentity <> '')), '{}'),
       coalesce(array_agg(attname) FILTER (WHERE attgenerated = '' AND attidentity <> 'a' AND NOT is_key),
                '{}'),
       array_agg(attname) FILTER (WHERE is_key), array_agg(attname)
FROM pg_attribute LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary,
    LATERAL (SELECT coalesce(attnum = ANY (indkey), false) AS is_key) AS of_key
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""
MAY = "SELECT has_table_privilege('huisheng_app', %s::regclass, %s)"


def old_statements(owner: Connection[Any]) -> list[sql.Composed]:
    """Return reads, updates and inserts of every table, with its columns spelled out as the old code does."""
    statements = []
    for (table,) in owner.execute(_TABLES).fetchall():
        given, free, keys, listed = columns_of(owner, table)
        name = sql.Identifier(table)
        statements.append(sql.SQL("SELECT {} FROM {} LIMIT 20").format(_listed(listed), name))
        if free and owner.execute(MAY, [table, "UPDATE"]).fetchone() == (True,):
            kept = sql.SQL(", ").join(sql.SQL("{0} = {0}").format(sql.Identifier(column)) for column in free)
            chosen = sql.SQL("({0}) = (SELECT {0} FROM {1} ORDER BY {0} LIMIT 1)").format(_listed(keys), name)
            statements.append(sql.SQL("UPDATE {} SET {} WHERE {}").format(name, kept, chosen))
        if given and owner.execute(MAY, [table, "INSERT"]).fetchone() == (True,):
            source = sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM {0} LIMIT 1")
            statements.append(source.format(name, _listed(given)))
    return statements


def columns_of(owner: Connection[Any], table: str) -> tuple[list[str], ...]:
    found: tuple[list[str], ...] | None = owner.execute(COLUMNS, [table]).fetchone()
    assert found
    return found


def _listed(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


@dataclass
class Work:
    """What the writers met: how often each went through all statements, the longest wait, and errors."""

    url: str
    statements: list[sql.Composed]
    rounds: list[int] = field(default_factory=lambda: [0] * WRITERS)
    longest: float = 0.0
    slowest: str = ""
    errors: list[str] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    def write(self, number: int) -> None:
        """Go through the statements again and again, each a transaction; each writer begins elsewhere."""
        own = self.statements[number * 30 :] + self.statements[: number * 30]
        with psycopg.connect(self.url) as connection:
            while not self.ends.is_set():
                for statement in own:
                    self.run(connection, statement)
                self.rounds[number] += 1

    def run(self, connection: Connection[Any], statement: sql.Composed) -> None:
        began = time.monotonic()
        try:
            connection.execute(statement)
            connection.commit()
        except psycopg.Error as error:
            connection.rollback()
            # A key that is there already is no harm: every column was found, and none was missed.
            if not isinstance(error, psycopg.errors.UniqueViolation):
                self.errors.append(f"{statement.as_string()}: {error}")
        if (took := time.monotonic() - began) > self.longest:
            self.longest, self.slowest = took, statement.as_string()


@contextmanager
def at_work(url: str, statements: list[sql.Composed]) -> Iterator[Work]:
    """Let several people work with the old code until the end."""
    work = Work(connection_string(url), statements)
    writers = [threading.Thread(target=work.write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        yield work
    finally:
        work.ends.set()
        for writer in writers:
            writer.join(60)


def let_them_work(work: Work, rounds: int) -> None:
    """Wait until each has gone through all statements so often."""
    wanted = [done + rounds for done in work.rounds]
    end = time.monotonic() + 120
    while any(done < least for done, least in zip(work.rounds, wanted, strict=True)):
        assert time.monotonic() < end, work
        time.sleep(0.02)


def migrate_under_writes(panel: Flask) -> Work:
    url = panel.extensions["settings"].database_url
    with connect_as_owner(panel) as owner, psycopg.connect(connection_string(url)) as old:
        # Some rows can't be entered by a copy of their columns alone; those who work would not try.
        statements = [each for each in old_statements(owner) if is_possible(old, each)]
    assert len(statements) > 95
    with at_work(url, statements) as work, panel.app_context():
        for revision in later_than(revision_of(NEWEST)):
            let_them_work(work, 1)
            migrate(revision)
        let_them_work(work, 2)
    return work


def is_possible(old: Connection[Any], statement: sql.Composed) -> bool:
    try:
        old.execute(statement)
    except psycopg.errors.UniqueViolation:
        return True
    except psycopg.errors.CheckViolation:
        return False
    finally:
        old.rollback()
    return True


def test_nobody_who_writes_with_the_old_code_meets_an_error_or_waits_for_long(
    app: Flask, settings: Settings, engines: Postgres, tmp_path: Path
) -> None:
    with panel_at(NEWEST, settings, engines, tmp_path) as panel:
        work = migrate_under_writes(panel)
    assert work.errors == []
    assert work.longest < LONGEST_STALL, work.slowest


@pytest.mark.faults
def test_nobody_waits_for_long_where_tables_are_large(
    app: Flask, settings: Settings, engines: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with panel_at(NEWEST, settings, engines, tmp_path) as panel:
        with connect_as_owner(panel) as owner:
            for table in (
                "customer",
                "vehicle",
                "complaint",
                "call_record",
                "service_receipt",
                "audit_entry",
            ):
                multiply(owner, table, 200_000)
        work = migrate_under_writes(panel)
    with capsys.disabled():
        print(f" [longest wait {work.longest:.2f} s: {work.slowest[:80]}]", end="")  # noqa: T201  # for the record
    assert work.errors == []
    assert work.longest < LONGEST_STALL, work.slowest


def multiply(owner: Connection[Any], table: str, rows: int) -> None:
    """Make a table large, out of one of its rows, past the triggers."""
    given, *_rest = columns_of(owner, table)
    name = sql.Identifier(table)
    other = sql.SQL("'F' || n")
    values = [other if column == "frame_number" else sql.Identifier(column) for column in given]
    many = sql.SQL(
        "ALTER TABLE {0} DISABLE TRIGGER USER;"
        "INSERT INTO {0} ({1}) SELECT {2} FROM (SELECT * FROM {0} LIMIT 1), generate_series(1, {3}) AS n;"
        "ALTER TABLE {0} ENABLE TRIGGER USER"
    )
    chosen = sql.SQL(", ").join(values)
    owner.execute(many.format(name, _listed(given), chosen, sql.Literal(rows)))
    owner.commit()


def test_a_release_waits_for_a_table_in_use_and_says_so(
    elsewhere: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with elsewhere.app_context():
        migrate("0009")  # the next one indexes complaints
    with connect_as_owner(elsewhere) as owner:
        owner.execute("LOCK TABLE complaint IN ROW EXCLUSIVE MODE")
        monkeypatch.setattr("jobs.release.MOST_TRIES", 1)
        done = run(elsewhere, "release")
        assert done.exit_code == 1
        assert "A table stayed in use" in done.output
        monkeypatch.setattr("jobs.release.MOST_TRIES", 2)
        monkeypatch.setattr("jobs.release.time.sleep", lambda _seconds: owner.rollback())
        done = run(elsewhere, "release")
        assert done.exit_code == 0, done.output
        assert "A table is in use that is to be changed; trying again" in done.output
        assert owner.execute("SELECT version_num > '0009' FROM alembic_version").fetchone() == (True,)
