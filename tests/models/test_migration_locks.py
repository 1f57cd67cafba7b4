"""What a migration would lock, read by squawk in the statements that it runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Engine, event

from backups import elsewhere
from jobs.backup.restoring import MIGRATIONS
from jobs.release import migrate
from released import later_than

__all__ = ["elsewhere"]

SQUAWK = Path(sys.executable).parent / "squawk"
# From here on: what came before was made for databases in which nobody worked yet.
FIRST = "0010"
# What was released before can't be mended any more; from here on each run that broke off can be run again.
RUN_AGAIN_FROM = "0040"
# Revision and rule, and why what squawk sees there harms nobody.
HARMLESS = {
    ("0013", "constraint-missing-not-valid"): "the table of the centre has one row",
    ("0021", "ban-drop-constraint"): "a wider one takes its place in the same transaction",
    ("0024", "ban-drop-constraint"): "a wider one takes its place in the same transaction",
    ("0029", "ban-drop-constraint"): "wider ones take their place in the same transaction",
    ("0038", "ban-drop-constraint"): "a wider one takes its place in the same transaction",
    ("0042", "renaming-object"): "nothing names an index but migrations",
    ("0047", "ban-drop-constraint"): "a wider one takes its place in the same transaction",
    ("0048", "ban-drop-constraint"): "the same one takes its place in the same transaction",
    ("0049", "ban-drop-constraint"): "the same one takes its place in the same transaction",
    ("0051", "renaming-object"): "nothing names an index but migrations",
    ("0052", "renaming-object"): "nothing names an index but migrations",
    (
        "0029",
        "ban-drop-not-null",
    ): "the code before it gives each letter its day",
}
DEFINES = re.compile(
    r"\s*(CREATE|ALTER|DROP|TRUNCATE|LOCK|SET|UPDATE|DELETE|INSERT|REINDEX|CLUSTER)\b", re.IGNORECASE
)


@contextmanager
def statements_seen() -> Iterator[list[str]]:
    """Collect what migrations run, as it is sent."""
    seen: list[str] = []

    def note(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if DEFINES.match(statement):
            # What leaves the transaction, as an index built beside it does.
            ends, begins = ("COMMIT;\n", "\nBEGIN;") if connection._is_autocommit_isolation() else ("", "")
            seen.append(f"{ends}{statement.strip().rstrip(';')};{begins}")

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def complaints(statements: str, script: Path) -> dict[str, str]:
    """Return what squawk says of a migration's statements, by rule."""
    script.write_text(f"BEGIN;\n{statements}\nCOMMIT;\n", encoding="utf-8")
    command = [SQUAWK, "--config", MIGRATIONS / "squawk.toml", "--reporter", "gcc", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "error" not in done.stderr.lower(), done.stderr
    return dict(re.findall(r"(?m)^\S+: (?:warning|error): (\S+) (.*)$", done.stdout))


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("CREATE INDEX ix_a ON complaint (id);", "require-concurrent-index-creation"),
        ("ALTER TABLE complaint ADD CONSTRAINT c CHECK (number <> '');", "constraint-missing-not-valid"),
        ("ALTER TABLE complaint ADD COLUMN a integer NOT NULL;", "adding-required-field"),
        ("ALTER TABLE complaint DROP COLUMN number;", "ban-drop-column"),
        ("ALTER TABLE complaint RENAME COLUMN number TO code;", "renaming-column"),
        ("ALTER TABLE complaint ALTER COLUMN number TYPE text;", "changing-column-type"),
    ],
)
def test_what_would_lock_or_break_the_old_code_is_seen(statement: str, rule: str, tmp_path: Path) -> None:
    assert rule in complaints(f"SET lock_timeout = '2s';\n{statement}", tmp_path / "bad.sql")


def test_what_is_done_with_care_is_let_through(tmp_path: Path) -> None:
    statements = (
        "SET lock_timeout = '2s';\nALTER TABLE complaint ADD COLUMN a varchar(30);\n"
        "COMMIT;\nCREATE INDEX CONCURRENTLY ix_a ON complaint (a);\nBEGIN;\n"
        "ALTER TABLE complaint ADD CONSTRAINT c CHECK (a <> '') NOT VALID;"
    )
    assert complaints(statements, tmp_path / "good.sql") == {}


def test_no_migration_locks_a_table_for_long_and_each_goes_on_where_one_broke_off(
    elsewhere: Flask, tmp_path: Path
) -> None:
    found, before = {}, FIRST
    with elsewhere.app_context():
        migrate(FIRST)
        for revision in later_than(FIRST):
            with statements_seen() as seen:
                migrate(revision)
            assert len(seen) > 2
            if revision >= RUN_AGAIN_FROM and "CONCURRENTLY" in "\n".join(seen):
                # A lock that is not to be had ends a run between what is done beside the work and the rest.
                flask_migrate.stamp(str(MIGRATIONS), before)
                migrate(revision)
            before = revision
            said = complaints("\n".join(seen), tmp_path / f"{revision}.sql")
            found |= {(revision, rule): words for rule, words in said.items()}
    assert {at: words for at, words in found.items() if at not in HARMLESS} == {}
