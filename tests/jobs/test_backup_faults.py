"""Backups in long doses: a whole centre, and a restore that is killed again and again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from backups import elsewhere, measured, run
from config import Settings
from conftest import environ_of
from models import db

__all__ = ["elsewhere"]

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
KILLS = 20


def command(app: Flask, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a command of the panel in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        env=os.environ | environ_of(app.extensions["settings"]),
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_whole_centre_is_equal_and_a_restore_killed_at_any_moment_changes_nothing(
    fresh_settings: Settings, elsewhere: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(replace(fresh_settings, demo_data=True, demo_size=100))
    assert run(app, "release").exit_code == 0
    began = time.monotonic()
    done = run(app, "backup", tmp_path / "a.dump")
    assert done.exit_code == 0, done.output
    backed_up = time.monotonic() - began
    began = time.monotonic()
    done = run(elsewhere, "restore", tmp_path / "a.dump")
    assert done.exit_code == 0, done.output
    assert "Equal: " in done.output
    took = time.monotonic() - began
    with capsys.disabled():
        print(f" [backup with trial {backed_up:.0f} s, restore {took:.0f} s]", end="")  # noqa: T201  # for the record
    before, killed = measured(elsewhere), 0
    for _ in range(KILLS):
        restoring = command(elsewhere, "restore", "--replace", "--yes", str(tmp_path / "a.dump"))
        time.sleep(random.uniform(1, 0.8 * took))  # a moment, not a secret
        if restoring.poll() is None:
            os.killpg(restoring.pid, signal.SIGKILL)
            killed += 1
        restoring.wait()
        after = measured(elsewhere)
        assert after == before or restoring.returncode == 0
    assert killed > KILLS / 2
    with app.app_context():
        db.engine.dispose()
