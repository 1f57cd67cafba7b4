"""The commands that make a backup and try it, and that bring one back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import click
import psycopg
from flask import current_app
from flask.cli import with_appcontext
from psycopg import Connection, IsolationLevel
from sqlalchemy.exc import ArgumentError

from config import Settings
from jobs.backup.archive import write_archive
from jobs.backup.manifest import (
    Manifest,
    Measure,
    differences,
    fingerprint,
    manifest_path,
    measure,
    read_manifest,
    write_manifest,
)
from jobs.backup.programs import BackupError, asks_for_tls, connection_string, find_program
from jobs.backup.restoring import bring_back, bring_forward, look_at, require_known_revision
from jobs.backup.scratch import require_scratch, restored_measure
from models import acting_as, db, system_actor
from models.operating import Sign, give_sign

ROOT = Path(__file__).parents[2]


@click.command("backup")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--no-verify", is_flag=True, help="Do not restore it for trial.")
@click.option("--scratch-url", help="An empty database for the trial, where the owner may not make one.")
@with_appcontext
def backup_command(file: Path | None, no_verify: bool, scratch_url: str | None) -> None:
    """Write the whole database to FILE, and try it: restored, it must hold the same rows.

    What it must hold stands beside it, in FILE.json: keep both.
    """
    file = file or Path(f"huisheng-{datetime.now(UTC):%Y%m%d-%H%M%S}.dump")
    if file.exists() or manifest_path(file).exists():
        raise BackupError(f"{file} is there already, or its {manifest_path(file).name}: name another.")
    url = _owner_url()
    with _told_plainly(), psycopg.connect(connection_string(url)) as connection:
        if not no_verify:
            require_scratch(connection, scratch_url)
        connection.rollback()
        unfinished = file.with_name(file.name + ".unfinished")
        try:
            manifest = _take(connection, url, unfinished)
            if no_verify:
                click.echo("Not tried: nobody knows yet whether it can be restored (--no-verify).")
            else:
                _try_it(unfinished, manifest, url, scratch_url)
            write_manifest(file, manifest)
            unfinished.rename(file)
            if not no_verify:
                _note_it()
        finally:
            unfinished.unlink(missing_ok=True)
    click.echo(f"{file}, {manifest.size:,} bytes, with {manifest_path(file).name} beside it.")


def _note_it() -> None:
    """Let the page of operations tell when the last backup was made that can be relied on."""
    with acting_as(system_actor("command:backup")):
        give_sign(Sign.BACKUP_MADE)
        db.session.commit()


def _take(connection: Connection[Any], url: str, target: Path) -> Manifest:
    """Write the archive and measure the database, both at the same moment."""
    server = connection.info.server_version
    program = find_program("pg_dump", server // 10000, with_tls=asks_for_tls(url))
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    # It waits, open, for as long as the archive takes.
    connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0")
    exported = connection.execute("SELECT pg_export_snapshot(), now()").fetchone()
    assert exported is not None
    snapshot, taken_at = exported
    with _timed(f"Measuring {connection.info.dbname}"):
        held = measure(connection)
    with _timed(f"Writing it with pg_dump {program.version} ({program.path})"):
        write_archive(program, url, snapshot, target)
    connection.rollback()
    size, sha256 = fingerprint(target)
    version = f"{server // 10000}.{server % 10000}"
    return Manifest(taken_at.isoformat(), _panel_version(), version, program.version, size, sha256, held)


def _try_it(archive: Path, manifest: Manifest, url: str, scratch_url: str | None) -> None:
    program = find_program("pg_restore", manifest.program_major)
    with _timed("Restoring it for trial"):
        found = restored_measure(program, archive, url, scratch_url)
    _compare(manifest.measure, found, "This backup can't be relied on, and was not kept.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace what stands in the database.")
@click.option("--yes", is_flag=True, help="Do not ask for the database's name.")
@with_appcontext
def restore_command(file: Path, replace: bool, yes: bool) -> None:
    """Bring the database back to what FILE holds, all of it or, when stopped half-way, nothing.

    End web, worker and clock before. A backup of an earlier release is brought forward to this one.
    """
    manifest = read_manifest(file)
    if manifest is None:
        click.echo(f"There is no {manifest_path(file).name} beside it: what comes back can't be compared.")
    else:
        require_known_revision(manifest.measure.revision)
    with _told_plainly(), psycopg.connect(connection_string(_owner_url())) as connection:
        server = connection.info.server_version // 10000
        program = find_program("pg_restore", manifest.program_major if manifest else server)
        place = f"{connection.info.dbname} on {connection.info.host}"
        there = look_at(connection, manifest.taken_at if manifest else None)
        connection.rollback()
        if there.tables and not replace:
            raise BackupError(
                f"The database {place} is not empty. With --replace, all that stands in it goes."
            )
        if there.tables and not yes:
            _ask(connection.info.dbname, place, there.changes)
        with _timed(f"Restoring into {place}"):
            found, uncertain = bring_back(program, file, connection)
        require_known_revision(found.revision)
        if manifest:
            _compare(manifest.measure, found, "Nothing was changed.")
        connection.commit()
    with _timed("Bringing it up to this release, and setting rights"):
        bring_forward(_owner_url())
    _say_what_to_do(uncertain, there.erased)


def _ask(name: str, place: str, changes: int | None) -> None:
    lost = "" if changes is None else f" {changes:,} changes since the backup will be gone."
    click.echo(f"All that stands in the database {place} will be replaced.{lost}")
    if click.prompt("Type the name of the database to go on", default="", show_default=False) != name:
        raise BackupError("Nothing was changed.")


def _say_what_to_do(uncertain: int, erased: list[str]) -> None:
    click.echo("The database is restored. All logins have ended; start web, worker and clock.")
    if uncertain:
        click.echo(
            f"Mails that waited, and may have been sent since: {uncertain}."
            " They stand as uncertain on the page of mails."
        )
    if erased:
        click.echo("Persons erased since the backup was taken, to be erased again: " + ", ".join(erased))


def _compare(expected: Measure, found: Measure, otherwise: str) -> None:
    """Print what is equal and what is not; BackupError when anything is not."""
    wrong = list(differences(expected, found))
    width = max(map(len, expected.tables))
    for name, content in sorted(expected.tables.items()):
        is_equal = found.tables.get(name) == content
        click.echo(f"  {name:<{width}} {content.rows:>10,}  {'equal' if is_equal else 'DIFFERENT'}")
    if wrong:
        raise BackupError("\n".join([*wrong, otherwise]))
    rows = sum(content.rows for content in expected.tables.values())
    numbers = len(expected.sequences)
    click.echo(f"Equal: {len(expected.tables)} tables, {rows:,} rows, {numbers} sequences.")


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what the database or the disk refuses into a sentence."""
    try:
        yield
    except (psycopg.Error, OSError, ArgumentError) as error:
        raise BackupError(str(error).strip()) from error


@contextmanager
def _timed(what: str) -> Iterator[None]:
    click.echo(f"{what} …")
    began = monotonic()
    yield
    click.echo(f"  done in {monotonic() - began:.1f} s")


def _owner_url() -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.migration_database_url


def _panel_version() -> str:
    """Return the newest heading of the changes."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return next((line[3:] for line in changes.splitlines() if line.startswith("## ")), "")
