"""States of the database as earlier releases left it: filled by their own code, written by `backup`.

`tests/data/released_REVISION.dump.xz` and the manifest beside it. A release adds its own: the demo at
DEMO_SIZE=1 and `Factory.one_of_each()`, then `flask --app app backup` and `xz -9`. All of it is invented.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory
from flask import Flask
from psycopg import Connection

from backups import empty_database
from config import Settings
from embedded_services import Postgres
from jobs.backup.archive import load_archive
from jobs.backup.manifest import manifest_path
from jobs.backup.programs import connection_string, find_program
from jobs.backup.restoring import MIGRATIONS
from jobs.release import migrate

DATA = Path(__file__).parent / "data"
STATES = sorted(DATA.glob("released_*.dump.xz"))
NEWEST = STATES[-1]


def unpack(state: Path, folder: Path) -> Path:
    """Write a state as the backup that it was, its manifest beside it."""
    backup = folder / state.stem
    backup.write_bytes(lzma.decompress(state.read_bytes()))
    manifest_path(backup).write_bytes(manifest_path(state.with_suffix("")).read_bytes())
    return backup


def revision_of(state: Path) -> str:
    """Return the revision that stands in a state's name."""
    return state.name.removeprefix("released_").partition(".")[0]


def later_than(revision: str) -> list[str]:
    """Return the revisions that came after one, the earliest first."""
    found = ScriptDirectory(str(MIGRATIONS)).iterate_revisions("head", revision)
    return [each.revision for each in found][::-1]


def connect_as_owner(app: Flask) -> Connection:
    """Connect as the owner of the application's tables."""
    return psycopg.connect(connection_string(app.extensions["settings"].migration_database_url))


@contextmanager
def panel_at(state: Path, settings: Settings, engines: Postgres, folder: Path) -> Iterator[Flask]:
    """Make an application of today on the database of an earlier release."""
    with empty_database(settings, engines) as app:
        with connect_as_owner(app) as connection:
            load_archive(find_program("pg_restore", 18), unpack(state, folder), connection)
        with app.app_context():
            migrate(revision_of(state))  # nothing to do but to set rights
        yield app
