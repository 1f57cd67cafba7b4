"""Exports made in the background, called as a worker does: whole, as the person who asked, or not at all."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

import embedded_services
import jobs.exports
from config import Settings
from conftest import environ_of, own_app
from factories import Factory
from jobs import retention, schedule
from jobs.exports import MOST_ATTEMPTS, due_exports, make_export
from models import Customer, ExportChunk, ExportRun, Region, Staff, acting_as, db, system_actor
from models.base import now
from models.essentials import seed_essentials
from models.exporting import KEPT_FOR, ExportFormat, ExportProblem, ExportState
from models.organisation import Locale, Role

ROOT = Path(__file__).parents[2]
# Makes the export in a process of its own, and ends it with -9 once so many rows were read.
KILLED = """
import os, signal, sys
from app import create_app
import jobs.exports as exports
import views.export_rows
views.export_rows.CHUNK = 10
watched = exports._watched
def dying(rows, run, attempt):
    for number, row in enumerate(watched(rows, run, attempt)):
        if number == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        yield row
exports._watched = dying
with create_app().app_context():
    exports.make_export(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def own(app: Flask, settings: Settings, engines: embedded_services.Postgres) -> Iterator[Flask]:
    """Return an application on a database of its own, where commits are real."""
    assert app
    with own_app(settings, engines) as application:
        with application.app_context(), acting_as(system_actor("test")):
            seed_essentials()
            db.session.commit()
        yield application


@pytest.fixture
def panel(own: Flask) -> Iterator[Flask]:
    """Return the same without customers and exports, inside its context."""
    with own.app_context(), acting_as(system_actor("test")):
        for model in (Customer, ExportRun):
            db.session.execute(delete(model))
        db.session.commit()
        yield own
        db.session.rollback()


def asked(
    role: Role = Role.SUPERVISOR,
    region: Region | None = None,
    locale: Locale = Locale.ENGLISH,
    args: tuple[tuple[str, str], ...] = (),
    kind: ExportFormat = ExportFormat.CSV,
    table: str = "customer",
) -> int:
    staff = Factory(db.session()).staff(role, region=region, locale=locale)
    run = ExportRun(
        staff_id=staff.id,
        table_name=table,
        format=kind,
        is_whole=False,
        args=[list(pair) for pair in args],
        rows_expected=30,
    )
    db.session.add(run)
    db.session.commit()
    return run.id


def run_of(key: int) -> ExportRun:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(ExportRun, key)


def file_of(key: int) -> bytes:
    pieces = select(ExportChunk.content).where(ExportChunk.run_id == key).order_by(ExportChunk.position)
    return b"".join(db.session.scalars(pieces))


def lines_of(key: int) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file_of(key).decode("utf-8-sig"), newline="")))


def test_the_file_holds_what_the_person_saw_in_that_person_s_words(panel: Flask) -> None:
    make = Factory(db.session())
    own, other = make.region(), make.region()
    make.customer(name="张三", region=own, phone="13900000011")
    make.customer(name="张四", region=other)
    make.customer(name="李五", region=own)
    key = asked(Role.CLERK, own, Locale.CHINESE, (("search", "张"),))
    make_export(key)
    run = run_of(key)
    assert (run.state, run.rows_written, run.attempts) == (ExportState.DONE, 1, 1)
    head, line = lines_of(key)
    assert (head[1], line[1]) == ("名称", "张三")
    assert run.size == len(file_of(key))
    assert run.expires_at is not None
    assert abs(run.expires_at - now() - KEPT_FOR) < timedelta(minutes=1)
    assert run.scope is not None
    assert run.scope["region_ids"] == [own.id]
    # A worker that was slow to hear of it does nothing.
    make_export(key)
    assert run_of(key).attempts == 1
    assert due_exports() == []


def test_values_are_masked_for_who_need_not_know_them(panel: Flask) -> None:
    Factory(db.session()).customer(phone="13900000011")
    for role, shown in ((Role.AUDITOR, "139****0011"), (Role.SUPERVISOR, "13900000011")):
        key = asked(role)
        make_export(key)
        head, line = lines_of(key)
        assert line[head.index("Phone")] == shown


def test_a_long_file_is_kept_in_pieces(panel: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        Factory(db.session()).customer()
    monkeypatch.setattr(jobs.exports, "CHUNK_BYTES", 50)
    key = asked(kind=ExportFormat.XLSX)
    make_export(key)
    pieces = db.session.scalars(select(ExportChunk.content).where(ExportChunk.run_id == key)).all()
    assert {len(piece) for piece in pieces[:-1]} == {50}
    assert file_of(key).startswith(b"PK")


def test_who_may_not_export_any_more_gets_a_sentence_and_no_file(panel: Flask) -> None:
    Factory(db.session()).customer()
    for change in ({"active": False}, {"role_names": ["touring_engineer"]}):
        key = asked()
        staff = db.session.get_one(Staff, run_of(key).staff_id)
        for name, value in change.items():
            setattr(staff, name, value)
        db.session.commit()
        make_export(key)
        run = run_of(key)
        assert (run.state, run.problem) == (ExportState.FAILED, ExportProblem.NOT_ALLOWED)
        assert file_of(key) == b""


def test_an_export_that_is_cancelled_ends_and_leaves_nothing(
    panel: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        Factory(db.session()).customer()
    monkeypatch.setattr(jobs.exports, "ROWS_BETWEEN_LOOKS", 1)
    monkeypatch.setattr(jobs.exports, "SECONDS_BETWEEN_NOTES", 0)
    looks = []

    def cancelled_meanwhile(run_id: int, attempt: int) -> bool:
        looks.append(attempt)
        return len(looks) < 2

    key = asked()
    monkeypatch.setattr(jobs.exports, "is_wanted", cancelled_meanwhile)
    make_export(key)
    assert looks == [1, 1]
    assert (run_of(key).state, file_of(key)) == (ExportState.RUNNING, b"")
    # Cancelled after the last look: what was written goes all the same.
    monkeypatch.setattr(jobs.exports, "is_wanted", lambda *_arguments: True)
    keep = jobs.exports._keep

    def too_late(run_id: int, *arguments: object, **named: object) -> None:
        db.session.execute(update(ExportRun).values(state=ExportState.CANCELLED))
        db.session.commit()
        keep(run_id, *arguments, **named)  # type: ignore[arg-type]  # passed on as they come

    monkeypatch.setattr(jobs.exports, "_keep", too_late)
    make_export(key)
    assert (run_of(key).state, file_of(key)) == (ExportState.CANCELLED, b"")


def test_an_export_killed_with_its_worker_is_made_anew_and_never_half(
    panel: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(30):
        Factory(db.session()).customer()
    key = asked()
    settings = panel.extensions["settings"]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(key), "25"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environ_of(settings),
        check=False,
        capture_output=True,
    )
    assert done.returncode == -9, done.stderr
    run = run_of(key)
    assert (run.state, run.attempts, file_of(key)) == (ExportState.RUNNING, 1, b"")
    found: list[object] = []
    monkeypatch.setattr(schedule, "enqueue", lambda function, *arguments: found.append((function, arguments)))
    schedule.tick()
    assert (make_export, (key,)) in found
    make_export(key)
    assert (run_of(key).state, len(lines_of(key))) == (ExportState.DONE, 31)


def test_an_export_that_is_broken_off_again_and_again_is_given_up(panel: Flask) -> None:
    key = asked()
    run_of(key).attempts = MOST_ATTEMPTS
    db.session.commit()
    make_export(key)
    assert (run_of(key).state, run_of(key).problem) == (ExportState.FAILED, ExportProblem.BROKEN_OFF)


def test_after_a_week_the_nightly_run_removes_the_file(panel: Flask) -> None:
    old, fresh = asked(args=(("search", "张"),)), asked()
    for key in (old, fresh):
        make_export(key)
    run_of(old).expires_at = now() - timedelta(seconds=1)
    db.session.commit()
    retention.purge_expired("2026-03-10")
    assert (run_of(old).state, run_of(old).args, file_of(old)) == (ExportState.EXPIRED, [], b"")
    assert (run_of(fresh).state, bool(file_of(fresh))) == (ExportState.DONE, True)
