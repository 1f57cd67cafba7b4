"""A database to try a backup in: made for it and dropped, or one that is given and left as it was."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo

from jobs.backup.archive import leftovers, load_archive
from jobs.backup.manifest import Measure, measure
from jobs.backup.programs import BackupError, Program, connection_string

_MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
# The names of the columns differ by version of PostgreSQL.
_LOCALE = """
SELECT pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider::text,
       coalesce(to_jsonb(pg_database) ->> 'datlocale', to_jsonb(pg_database) ->> 'daticulocale')
FROM pg_database WHERE datname = current_database()
"""
_PROVIDERS = {"b": ("builtin", "BUILTIN_LOCALE"), "i": ("icu", "ICU_LOCALE")}


def require_scratch(connection: Connection[Any], scratch_url: str | None) -> None:
    """Raise a BackupError that says what to do when there is nowhere to try a backup."""
    if scratch_url:
        with psycopg.connect(connection_string(scratch_url)) as scratch:
            if leftovers(scratch):
                raise BackupError("The database of --scratch-url is not empty: give one that is.")
        return
    (may_create,) = connection.execute(_MAY_CREATE).fetchone() or (False,)
    if not may_create:
        role = connection.info.user
        raise BackupError(
            f"A backup is tried in a database of its own, and the role {role} may not make one. Let it"
            f' (ALTER ROLE "{role}" CREATEDB), or name an empty database with --scratch-url, or leave'
            " the trial out with --no-verify."
        )


def restored_measure(program: Program, archive: Path, url: str, scratch_url: str | None) -> Measure:
    """Return what a backup holds once restored; nothing of it stays."""
    with scratch_database(url, scratch_url) as scratch, psycopg.connect(scratch) as connection:
        load_archive(program, archive, connection)
        found = measure(connection)
        connection.rollback()
    return found


@contextmanager
def scratch_database(url: str, scratch_url: str | None) -> Iterator[str]:
    """Yield how to connect to an empty database, which is dropped at the end if it was made for this."""
    if scratch_url:
        yield connection_string(scratch_url)
        return
    own = connection_string(url)
    with psycopg.connect(own, autocommit=True) as connection:
        name = f"{connection.info.dbname}_trial_{secrets.token_hex(4)}"
        connection.execute(_creation(connection, name))
        try:
            yield make_conninfo(own, dbname=name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _creation(connection: Connection[Any], name: str) -> sql.Composed:
    """Return the statement that makes a database which sorts and compares as the connection's own does."""
    row = connection.execute(_LOCALE).fetchone()
    assert row is not None
    encoding, collate, ctype, provider, locale = row
    options = [("ENCODING", encoding), ("LC_COLLATE", collate), ("LC_CTYPE", ctype)]
    if provider in _PROVIDERS:
        word, option = _PROVIDERS[provider]
        options += [("LOCALE_PROVIDER", word), (option, locale)]
    chosen = sql.SQL(" ").join(sql.SQL(key + " {}").format(sql.Literal(value)) for key, value in options)
    return sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}").format(sql.Identifier(name), chosen)
