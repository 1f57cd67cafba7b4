"""Restoring: all of a backup or nothing, with the rights, numbers and limits that the panel had."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from backups import elsewhere, empty_database, filled, filled_anew, measured, run
from config import Settings
from conftest import environ_of, rolled_back
from embedded_services import Postgres
from factories import Factory
from jobs.backup import archive
from jobs.backup.manifest import manifest_path
from jobs.backup.programs import connection_string, find_program
from models import Complaint, Delivery, LoginSession, db
from models.access import AccessKind, record_access
from models.digest import DeliveryState
from models.mail_obstacle import Obstacle
from processes import wait_until

__all__ = ["elsewhere", "filled", "filled_anew"]

ROOT = Path(__file__).parents[2]
# Of every object in the schema: what a role that is not its owner may do with it.
RIGHTS = """
SELECT relname, array_agg(privilege ORDER BY privilege) FROM pg_class,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND has_table_privilege(oid, privilege)
    AND relname NOT LIKE 'pg_%'
GROUP BY 1
UNION ALL SELECT oid::regprocedure::text, ARRAY[has_function_privilege(oid, 'EXECUTE')::text] FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'pg_%'
UNION ALL SELECT relname, ARRAY[has_sequence_privilege(oid, 'USAGE')::text] FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
ORDER BY 1
"""


def back_up(app: Flask, folder: Path) -> Path:
    path = folder / "a.dump"
    done = run(app, "backup", "--no-verify", path)
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture(scope="module")
def written(filled: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return back_up(filled, tmp_path_factory.mktemp("written"))


@pytest.fixture
def backup(written: Path, tmp_path: Path) -> Path:
    """Return a copy of the backup of `filled`, for the test to harm."""
    for path in (written, manifest_path(written)):
        shutil.copy(path, tmp_path)
    return tmp_path / written.name


@pytest.fixture(scope="module")
def restored(settings: Settings, engines: Postgres, written: Path) -> Iterator[tuple[Flask, str]]:
    """Bring the backup back in an empty database, once for those who look at it; also what was said."""
    with empty_database(settings, engines) as other:
        done = run(other, "restore", written)
        assert done.exit_code == 0, done.output
        yield other, done.output


def rights(app: Flask) -> list[tuple[str, list[str]]]:
    with app.app_context():
        found = [(name, allowed) for name, allowed in db.session.execute(text(RIGHTS))]
        db.session.remove()
    return found


def test_backed_up_dropped_and_restored_it_is_equal(filled: Flask, restored: tuple[Flask, str]) -> None:
    before, (elsewhere, said) = measured(filled), restored
    assert f"Equal: {len(before.tables)} tables" in said
    after = measured(elsewhere)
    assert after.sequences == before.sequences
    # What restoring does on purpose, and its traces in the log, apart.
    changed = {"login_session", "delivery", "audit_entry"}
    assert {name for name in before.tables if after.tables[name] != before.tables[name]} <= changed
    assert after.tables["login_session"].rows == before.tables["login_session"].rows
    assert rights(elsewhere) == rights(filled)


def test_the_restored_panel_goes_on(restored: tuple[Flask, str]) -> None:
    elsewhere, _said = restored
    with rolled_back(elsewhere), elsewhere.app_context():
        last = db.session.scalar(select(Complaint.number).order_by(Complaint.number.desc()))
        complaint = Factory(db.session).complaint()
        assert int(complaint.number[-6:]) == int(str(last)[-6:]) + 1
        recorded = text("SELECT count(*) FROM audit_entry WHERE table_name = 'complaint' AND row_id = :id")
        assert db.session.scalar(recorded, {"id": complaint.id}) == 1
        db.session.remove()
    assert elsewhere.test_client().get("/login").status_code == 200


TAMPERING = (
    "UPDATE audit_entry SET source = 'nobody'",
    "DELETE FROM audit_entry",
    "TRUNCATE access_entry",
    "ALTER TABLE dealer DISABLE TRIGGER audit",
    "DROP FUNCTION audit_row() CASCADE",
)


def test_the_application_still_cannot_tamper_with_the_logs(restored: tuple[Flask, str]) -> None:
    elsewhere, _said = restored
    with elsewhere.app_context():
        for statement in TAMPERING:
            with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                db.session.execute(text(statement))
            db.session.rollback()


def test_a_database_in_use_is_not_replaced_unasked(filled: Flask, backup: Path) -> None:
    before = measured(filled)
    done = run(filled, "restore", backup)
    assert done.exit_code == 1
    assert "--replace" in done.output
    done = run(filled, "restore", "--replace", backup, typed="yes\n")
    assert done.exit_code == 1
    assert "Nothing was changed." in done.output
    assert measured(filled) == before


def test_who_types_the_name_gets_back_what_was(filled_anew: Flask, tmp_path: Path) -> None:
    backup = back_up(filled_anew, tmp_path)
    before = measured(filled_anew)
    with filled_anew.app_context():
        for _ in range(2):
            Factory(db.session).dealer()
        db.session.execute(text("DELETE FROM sent_form"))
        db.session.commit()
        name = str(db.engine.url.database)
    owner = filled_anew.extensions["settings"].migration_database_url
    with psycopg.connect(connection_string(owner)) as connection:
        # Of a later release, which the backup knows nothing about, and hangs on what does go.
        connection.execute("CREATE TABLE later (id bigint REFERENCES dealer)")
        connection.execute("CREATE VIEW names AS SELECT name FROM dealer")
    done = run(filled_anew, "restore", "--replace", backup, typed=f"{name}\n")
    assert done.exit_code == 0, done.output
    assert "2 changes since the backup will be gone" in done.output
    after = measured(filled_anew)
    assert after.tables.keys() == before.tables.keys()
    assert after.tables["dealer"] == before.tables["dealer"]
    assert after.tables["sent_form"] == before.tables["sent_form"]


def test_logins_end_and_mails_that_waited_are_left_to_a_person(
    filled_anew: Flask, elsewhere: Flask, tmp_path: Path
) -> None:
    with filled_anew.app_context():
        make = Factory(db.session)
        waiting = make.delivery().id
        sent = make.delivery(state=DeliveryState.SENT).id
    done = run(elsewhere, "restore", back_up(filled_anew, tmp_path))
    assert "may have been sent since: 2." in done.output
    with elsewhere.app_context():
        assert (
            db.session.scalars(select(LoginSession.token_hash).where(LoginSession.ended_at.is_(None))).all()
            == []
        )
        mail = db.session.get_one(Delivery, waiting)
        assert (mail.state, mail.answer) == (DeliveryState.UNKNOWN, Obstacle.RESTORED.value)
        assert db.session.get_one(Delivery, sent).state is DeliveryState.SENT


def test_persons_erased_since_are_named(filled_anew: Flask, tmp_path: Path) -> None:
    backup = back_up(filled_anew, tmp_path)
    with filled_anew.app_context():
        record_access(AccessKind.PERSON_ERASED, table="customer", row_id=731)
        db.session.commit()
    done = run(filled_anew, "restore", "--replace", "--yes", backup)
    assert "to be erased again: customer 731" in done.output


@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_a_damaged_file_is_refused_before_anything_goes(filled: Flask, backup: Path, harm: str) -> None:
    before = measured(filled)
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(bytes(content[: len(content) - 100 if harm == "cut" else None]))
    done = run(filled, "restore", "--replace", "--yes", backup)
    assert done.exit_code == 1
    assert "it is cut or was changed" in done.output
    assert measured(filled) == before


@pytest.mark.parametrize("kept", [0.1, 0.6, 0.98])
def test_half_a_file_without_its_list_changes_nothing(filled: Flask, backup: Path, kept: float) -> None:
    before = measured(filled)
    manifest_path(backup).unlink()
    content = backup.read_bytes()
    backup.write_bytes(content[: int(len(content) * kept)])
    done = run(filled, "restore", "--replace", "--yes", backup)
    assert done.exit_code == 1, done.output
    assert measured(filled) == before


def test_a_whole_file_without_its_list_comes_back_with_a_word(elsewhere: Flask, backup: Path) -> None:
    manifest_path(backup).unlink()
    done = run(elsewhere, "restore", backup)
    assert done.exit_code == 0, done.output
    assert "can't be compared" in done.output
    assert "The database is restored" in done.output


def test_what_comes_back_otherwise_changes_nothing(
    filled: Flask, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = measured(filled)
    load = archive.load_archive

    def spoil(*arguments: object) -> None:
        load(*arguments)
        arguments[-1].execute("UPDATE public.customer SET address = 'x' WHERE address IS NOT NULL")

    monkeypatch.setattr("jobs.backup.restoring.load_archive", spoil)
    done = run(filled, "restore", "--replace", "--yes", backup)
    assert done.exit_code == 1
    assert "customer: " in done.output
    assert measured(filled) == before


def test_a_backup_of_a_later_release_is_refused(elsewhere: Flask, backup: Path) -> None:
    path = manifest_path(backup)
    text = path.read_text()
    revision = measured_revision(text)
    path.write_text(text.replace(f'"revision": "{revision}"', '"revision": "9999"'))
    done = run(elsewhere, "restore", backup)
    assert done.exit_code == 1
    assert "9999" in done.output
    assert "later one" in done.output


def measured_revision(manifest: str) -> str:
    return manifest.rpartition('"revision": "')[2].partition('"')[0]


def test_a_database_that_somebody_uses_is_left(
    filled: Flask, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "LOCK_TIMEOUT", "300ms")
    with psycopg.connect(connection_string(filled.extensions["settings"].database_url)) as reader:
        reader.execute("SELECT count(*) FROM dealer")
        done = run(filled, "restore", "--replace", "--yes", backup)
    assert done.exit_code == 1
    assert "End web, worker and clock" in done.output
    assert measured(filled).tables["dealer"].rows > 0


def test_a_killed_restore_leaves_the_old_database_as_it_was(
    filled: Flask, backup: Path, tmp_path: Path
) -> None:
    before = measured(filled)
    reached = tmp_path / "reached"
    # Gives the rows, and then holds on for ever before the keys and triggers.
    wrapper = tmp_path / "bin" / "pg_restore"
    wrapper.parent.mkdir()
    real = find_program("pg_restore", 18).path
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *post-data*) touch {reached}; exec sleep 60;; esac\nexec {real} "$@"\n'
    )
    wrapper.chmod(0o755)
    environ = os.environ | environ_of(filled.extensions["settings"])
    environ["PATH"] = f"{wrapper.parent}:{environ['PATH']}"
    command = [sys.executable, "-m", "flask", "--app", "app", "restore", "--replace", "--yes", str(backup)]
    with subprocess.Popen(
        command, env=environ, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL
    ) as process:
        assert wait_until(reached.exists, 60)
        os.killpg(process.pid, signal.SIGKILL)
    with filled.app_context():
        others = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE usename = 'huisheng_owner' AND datname = current_database()"
        )

        def is_alone() -> bool:
            # Within a transaction the view would go on showing its first look.
            db.session.rollback()
            return db.session.scalar(others) == 0

        assert wait_until(is_alone)
        db.session.remove()
    assert measured(filled) == before
