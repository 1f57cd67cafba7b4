"""The steps of an import from the screen, called as a worker does: checked, imported, refused, broken off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import undefer
from test_import_workbook import crafted

from config import Settings
from conftest import environ_of
from factories import Factory
from jobs.import_steps import (
    FORGOTTEN_AFTER,
    MOST_ATTEMPTS,
    check_import,
    discard_forgotten,
    due_imports,
    mappings_for,
    perform_import,
)
from models import Actor, Complaint, Customer, ImportOrigin, ImportRun, Staff, acting_as, db, system_actor
from models.base import now
from models.essentials import seed_essentials
from models.importing import ImportState
from models.organisation import Locale, Role

ROOT = Path(__file__).parents[2]
ROWS = "编号,名称,电话\n1,张三,13900000011\n2,李四,13900000012\n,,13900000013\n".encode()
HEADER = "id,brand,car_model,type,desc,problem,datetime,status"
MANY = 4000


@pytest.fixture
def panel(fresh_app: Flask) -> Iterator[Flask]:
    """Return an application where commits are real, inside its context."""
    with fresh_app.app_context(), acting_as(system_actor("test")):
        seed_essentials()
        db.session.commit()
        yield fresh_app


def uploaded(
    content: bytes = ROWS,
    mapping: str = "customers",
    role: Role = Role.SUPERVISOR,
    state: ImportState = ImportState.CHECKING,
    locale: Locale = Locale.ENGLISH,
) -> int:
    staff = Factory(db.session()).staff(role, locale=locale)
    run = ImportRun(
        mapping=mapping,
        file_name="rows.csv",
        file_sha256="0" * 64,
        staff_id=staff.id,
        state=state,
        content=content,
    )
    db.session.add(run)
    db.session.commit()
    return run.id


def run_of(key: int) -> ImportRun:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(
        ImportRun, key, options=[undefer(ImportRun.content), undefer(ImportRun.rejected)]
    )


def count(model: type[Complaint | Customer | ImportOrigin]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def set_state(key: int, state: ImportState) -> None:
    run = run_of(key)
    run.state = state
    db.session.commit()


def test_a_check_says_what_would_happen_and_changes_nothing(panel: Flask) -> None:
    key = uploaded()
    check_import(key)
    run = run_of(key)
    assert run.state is ImportState.CHECKED
    assert run.preview is not None
    assert [run.preview[name] for name in ("new", "changed", "unchanged", "rejected")] == [2, 0, 0, 1]
    assert run.preview["first"] == [[4, "“名称” is empty.", ["", "", "13900000013"]]]
    assert run.content == ROWS
    assert (count(Customer), count(ImportOrigin)) == (0, 0)
    assert (run.rows_new, run.attempts) == (0, 0)


def test_an_import_does_what_the_check_said_and_lets_the_file_go(panel: Flask) -> None:
    key = uploaded()
    check_import(key)
    set_state(key, ImportState.RUNNING)
    perform_import(key)
    run = run_of(key)
    assert run.state is ImportState.DONE
    assert (run.rows_new, run.rows_rejected, run.content) == (2, 1, None)
    assert run.rejected is not None
    assert run.rejected.decode().splitlines() == ["编号,名称,电话,reason", ",,13900000013,“名称” is empty."]
    assert db.session.scalars(select(Customer.created_by_id).distinct()).all() == [run.staff_id]
    # A worker that was slow to hear of it does nothing.
    perform_import(key)
    assert count(Customer) == 2


def test_a_mapping_that_was_not_named_is_recognised(panel: Flask) -> None:
    key = uploaded(mapping="")
    check_import(key)
    assert (run_of(key).mapping, run_of(key).state) == ("customers", ImportState.CHECKED)


def test_a_file_that_is_no_table_is_refused_in_the_uploaders_language(panel: Flask) -> None:
    key = uploaded(b"\xd0\xcf\x11\xe0old", "", locale=Locale.CHINESE)
    check_import(key)
    assert run_of(key).state is ImportState.REFUSED
    assert ".xlsx" in (run_of(key).problem or "")
    assert "旧版" in (run_of(key).problem or "")


def test_a_bomb_is_refused_and_whoever_reads_it_lives(panel: Flask) -> None:
    key = uploaded(crafted(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "")
    check_import(key)
    assert run_of(key).state is ImportState.REFUSED
    assert "too large to be read safely" in (run_of(key).problem or "")


def test_who_may_not_create_records_may_not_import_them(panel: Flask) -> None:
    supervisor = Actor(1, "request", frozenset({Role.SUPERVISOR.value}), None)
    administrator = Actor(1, "request", frozenset({Role.ADMINISTRATOR.value}), None)
    clerk = Actor(1, "request", frozenset({Role.CLERK.value}), None)
    assert "staff" not in mappings_for(supervisor)
    assert "customers" in mappings_for(supervisor)
    assert "staff" in mappings_for(administrator)
    assert mappings_for(clerk) == mappings_for(None) == []
    key = uploaded("姓名,邮箱\n李倩,li@example.com\n".encode(), "staff")
    check_import(key)
    assert run_of(key).problem == "You may not import these records."


def test_who_was_demoted_since_the_check_imports_nothing(panel: Flask) -> None:
    key = uploaded()
    check_import(key)
    staff = db.session.get_one(Staff, run_of(key).staff_id)
    staff.role_names = [Role.CLERK.value]
    db.session.commit()
    set_state(key, ImportState.RUNNING)
    perform_import(key)
    assert run_of(key).state is ImportState.REFUSED
    assert count(Customer) == 0


def test_a_step_that_was_broken_off_again_and_again_is_given_up(panel: Flask) -> None:
    key = uploaded()
    run_of(key).attempts = MOST_ATTEMPTS
    db.session.commit()
    check_import(key)
    run = run_of(key)
    assert run.state is ImportState.REFUSED
    assert run.problem == "Reading this file was broken off 3 times. Nothing of it was imported."


def test_a_busy_source_leaves_the_step_for_later(panel: Flask) -> None:
    key = uploaded()
    with db.engine.connect() as other:
        other.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("import:own", 0))))
        check_import(key)
        assert (run_of(key).state, run_of(key).attempts) == (ImportState.CHECKING, 0)
    check_import(key)
    assert run_of(key).state is ImportState.CHECKED


def test_the_clock_knows_which_steps_wait(panel: Flask) -> None:
    checking = uploaded()
    running = uploaded(state=ImportState.RUNNING)
    uploaded(state=ImportState.CHECKED)
    assert due_imports() == [(check_import, checking), (perform_import, running)]


def test_a_file_that_nobody_decides_about_is_let_go(panel: Flask) -> None:
    old, fresh = uploaded(state=ImportState.CHECKED), uploaded(state=ImportState.CHECKED)
    run_of(old).started_at = now() - FORGOTTEN_AFTER - timedelta(minutes=1)
    discard_forgotten(now())
    db.session.commit()
    assert (run_of(old).state, run_of(old).content) == (ImportState.DISCARDED, None)
    assert run_of(fresh).state is ImportState.CHECKED


def kill_during(settings: Settings, key: int, seconds: float) -> None:
    """Import in a process of its own, and kill it so many seconds after it has begun the transaction."""
    program = (
        "from app import create_app; from jobs.import_steps import perform_import; app = create_app()\n"
        f"with app.app_context(): print('on', flush=True); perform_import({key})"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environ_of(settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "on\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)


def many() -> bytes:
    rows = (f'{key},启程,货运150,加长版,电机异响,"A9,",2021-01-30,信息审核' for key in range(1, MANY + 1))
    return "\n".join([HEADER, *rows]).encode()


def test_an_import_killed_by_its_worker_leaves_nothing_and_goes_on(
    panel: Flask, fresh_settings: Settings
) -> None:
    key = uploaded(many(), "cn-12365", state=ImportState.RUNNING)
    kill_during(fresh_settings, key, 1.0)
    assert (count(Complaint), count(ImportOrigin)) == (0, 0)
    assert (run_of(key).state, run_of(key).attempts) == (ImportState.RUNNING, 1)
    assert due_imports() == [(perform_import, key)]
    perform_import(key)
    assert (count(Complaint), run_of(key).state) == (MANY, ImportState.DONE)


@pytest.mark.faults
def test_an_import_killed_at_any_point_is_all_or_nothing(panel: Flask, fresh_settings: Settings) -> None:
    key = uploaded(many(), "cn-12365", state=ImportState.RUNNING)
    for round_number in range(50):
        kill_during(fresh_settings, key, 0.15 * round_number)
        done = run_of(key).state is ImportState.DONE
        assert (count(Complaint), count(ImportOrigin)) == ((MANY, MANY) if done else (0, 0))
        run = run_of(key)
        run.attempts = 0
        db.session.commit()
    perform_import(key)
    assert count(Complaint) == MANY
