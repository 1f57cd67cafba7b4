"""What restoring means beyond rows: revision, rights, logins, mails that waited, persons erased."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from alembic.script import ScriptDirectory
from psycopg import Connection

import models
from jobs.backup.archive import empty, leftovers, load_archive
from jobs.backup.manifest import Measure, measure
from jobs.backup.programs import BackupError, Program, connection_string
from jobs.release import migrate
from models.mail_obstacle import Obstacle

MIGRATIONS = Path(models.__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Present:
    """What stands in a database before it is replaced; `changes` is None where nobody can tell."""

    tables: int
    changes: int | None
    erased: list[str]


def look_at(connection: Connection[Any], taken_at: str | None) -> Present:
    """Return what stands in the database, and what of it happened since a backup was taken."""
    tables = len(leftovers(connection))
    changes, erased = None, []
    if taken_at and _has(connection, "audit_entry"):
        rows = connection.execute("SELECT count(*) FROM public.audit_entry WHERE at > %s", [taken_at])
        (changes,) = rows.fetchone() or (None,)
    if taken_at and _has(connection, "access_entry"):
        entries = connection.execute(
            "SELECT table_name, row_id FROM public.access_entry"
            " WHERE kind = 'person_erased' AND at > %s ORDER BY id",
            [taken_at],
        )
        erased = [f"{table} {key}" for table, key in entries]
    return Present(tables, changes, erased)


def _has(connection: Connection[Any], table: str) -> bool:
    return connection.execute("SELECT to_regclass(%s)", [f"public.{table}"]).fetchone() != (None,)


def require_known_revision(revision: str) -> None:
    """Raise a BackupError when this release can't bring a backup of this revision forward."""
    known = {each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision not in known:
        raise BackupError(
            f"The backup is of revision {revision or 'none'}, which this release does not know: restore it"
            " with the release that made it, or a later one. Nothing was changed."
        )


def bring_back(program: Program, archive: Path, connection: Connection[Any]) -> tuple[Measure, int]:
    """Replace what stands in the schema; return what the backup held, and how many mails are uncertain now.

    Nothing is committed. What was measured is the backup as it was taken: logins and mails are set after it.
    """
    # It stays open while the archive is read.
    connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0")
    empty(connection)
    load_archive(program, archive, connection)
    found = measure(connection)
    connection.execute("SELECT set_config('huisheng.source', 'command:restore', true)")
    # Who was shut out since, or has logged out, must not be in again.
    connection.execute("UPDATE public.login_session SET ended_at = now() WHERE ended_at IS NULL")
    waiting = connection.execute(
        "UPDATE public.delivery SET state = 'unknown', finished_at = now(), answer = %s"
        " WHERE state IN ('pending', 'sending')",
        [Obstacle.RESTORED.value],
    )
    return found, waiting.rowcount


def bring_forward(url: str) -> None:
    """Run the migrations that a backup has not seen, set rights, and let the planner know the tables."""
    migrate()
    with psycopg.connect(connection_string(url), autocommit=True) as connection:
        connection.execute("ANALYZE")
