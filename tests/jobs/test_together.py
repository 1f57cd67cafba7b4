"""Clocks and workers as real processes on one database, some of them killed; the mail server knows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select, update

from app import create_app
from config import Settings
from conftest import environ_of
from factories import Factory
from jobs.delivery import CLAIM_LASTS, deliver
from jobs.digest import make
from jobs.queues import enqueue, load_jobs
from jobs.schedule import due_digests, tick
from mail_server import Sink, mail_server
from models import Delivery, Digest, acting_as, db, system_actor
from models.centre import site_zone
from models.digest import DeliveryState
from models.iso_week import IsoWeek, starts_at
from processes import descendants, is_gone, wait_until

ROOT = Path(__file__).parents[2]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
DEPARTMENTS, RECIPIENTS = 4, 3
WEEK = IsoWeek(2024, 10)


@pytest.fixture
def together(fresh_settings: Settings, sink: Sink, redis_url: str) -> Iterator[Settings]:
    """Return settings of a panel with a mail server and an empty queue."""
    connection = Redis.from_url(redis_url)
    connection.flushall()
    with mail_server(sink) as port:
        yield replace(fresh_settings, smtp_url=f"smtp://localhost:{port}", mail_allow=("@example.com",))
    connection.flushall()
    connection.close()


@pytest.fixture
def panel(together: Settings) -> Iterator[Flask]:
    load_jobs()
    app = create_app(together)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if "redis" in app.extensions:
        app.extensions["redis"].close()


@contextmanager
def running(settings: Settings, *names: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run these commands of the panel, each a process of its own, and kill what is left at the end."""
    environ = os.environ | environ_of(settings)
    command = [sys.executable, "-m", "flask", "--app", "app"]
    processes = [
        subprocess.Popen(
            [*command, name], cwd=ROOT, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        for name in names
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker and wait until the job in its fork has died with it."""
    forks = descendants(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert wait_until(lambda: all(map(is_gone, forks)))


def add_departments(number: int = DEPARTMENTS, **attributes: Any) -> list[int]:
    make_one, keys = Factory(db.session), []
    for index in range(number):
        department = make_one.department(f"d{index}", **attributes)
        for recipient in range(RECIPIENTS):
            make_one.digest_recipient(department, email=f"r{recipient}.d{index}@example.com")
        keys.append(department.id)
    return keys


def states() -> Counter[DeliveryState]:
    db.session.rollback()
    return Counter(db.session.scalars(select(Delivery.state)).all())


def age_claims() -> None:
    """Let the claims be as old as if their time were over."""
    over = func.now() - CLAIM_LASTS - timedelta(seconds=1)
    db.session.execute(
        update(Delivery).where(Delivery.state == DeliveryState.SENDING).values(claimed_at=over)
    )
    db.session.commit()


def test_two_clocks_and_three_workers_make_one_digest_and_send_one_mail_each(
    panel: Flask, together: Settings, sink: Sink
) -> None:
    add_departments(created_at=LONG_AGO)
    expected = DEPARTMENTS * RECIPIENTS
    with running(together, "worker", "worker", "worker", "clock", "clock"):
        assert wait_until(lambda: states() == {DeliveryState.SENT: expected}, 180), states()
        # Once more, with all that waits in the queue by now.
        tick()
    assert sorted(sink.recipients()) == sorted(
        f"r{recipient}.d{index}@example.com"
        for index in range(DEPARTMENTS)
        for recipient in range(RECIPIENTS)
    )
    made = db.session.execute(select(Digest.department_id, Digest.iso_year, Digest.iso_week)).all()
    assert len(made) == len(set(made)) == DEPARTMENTS
    assert db.session.scalar(select(func.max(Delivery.attempts))) == 1


def test_a_worker_killed_in_mid_send_loses_nothing_and_sends_nothing_twice(
    panel: Flask, together: Settings, sink: Sink
) -> None:
    (department_id,) = add_departments(1)
    sink.hangs_after_data = True
    with running(together, "worker") as (worker,):
        make(department_id, WEEK)
        assert wait_until(lambda: len(sink.messages()) == 1, 40)
        kill(worker)
    sink.hang_ends.set()
    sink.hangs_after_data = False
    assert states() == {DeliveryState.SENDING: 1, DeliveryState.PENDING: RECIPIENTS - 1}
    age_claims()
    with running(together, "worker"):
        assert wait_until(lambda: bool(tick()) or states()[DeliveryState.SENT] == RECIPIENTS - 1, 40), (
            states()
        )
    # The one that was cut off waits for a person; the mail server had taken it.
    assert states() == {DeliveryState.SENT: RECIPIENTS - 1, DeliveryState.UNKNOWN: 1}
    assert Counter(sink.recipients()) == {f"r{number}.d0@example.com": 1 for number in range(RECIPIENTS)}
    tick()
    assert len(sink.messages()) == RECIPIENTS


def test_a_queue_that_was_flushed_is_filled_again_from_the_database(
    panel: Flask, together: Settings, sink: Sink, redis_url: str
) -> None:
    (department_id,) = add_departments(1)
    make(department_id, WEEK)
    keys = db.session.scalars(select(Delivery.id)).all()
    with Redis.from_url(redis_url) as connection:
        connection.flushall()
        with running(together, "worker"):
            tick()
            assert wait_until(lambda: states()[DeliveryState.SENT] == RECIPIENTS, 40), states()
            # And once more under the feet of a waiting worker.
            connection.flushall()
            for key in keys:
                enqueue(deliver, key)
            assert wait_until(lambda: connection.llen("rq:queue:huisheng") == 0, 20)
    assert len(sink.messages()) == RECIPIENTS


@pytest.mark.faults
def test_three_clocks_make_each_digest_of_a_thousand_weeks_once(panel: Flask) -> None:
    """Let three clocks come to the same hour of each week at once, and make what they find missing."""
    departments = add_departments(2, created_at=LONG_AGO)
    first, weeks = IsoWeek(2007, 1), 1000
    together, zone = Barrier(3), site_zone()

    def run_clock() -> int:
        made = 0
        with panel.app_context(), acting_as(system_actor("clock")):
            for number in range(weeks):
                now = starts_at(first.shifted(number + 1).monday, zone, hour=8)
                together.wait()
                due = list(due_digests(now, zone))
                db.session.commit()
                made += sum(make(one.department_id, one.week)[1] for one in due)
            db.session.remove()
        return made

    with ThreadPoolExecutor(3) as clocks:
        made = sum(clock.result() for clock in [clocks.submit(run_clock) for _ in range(3)])
    rows = db.session.execute(select(Digest.department_id, Digest.iso_year, Digest.iso_week)).all()
    assert len(rows) == len(set(rows)) == made == weeks * len(departments)
    mails = select(Delivery.digest_id, Delivery.recipient, func.count()).group_by(
        Delivery.digest_id, Delivery.recipient
    )
    counts = Counter(count for *_mail, count in db.session.execute(mails))
    assert counts == {1: len(rows) * RECIPIENTS}
