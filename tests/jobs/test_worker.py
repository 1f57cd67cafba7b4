"""What a worker notes of jobs that fail, and what it never says of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select

from jobs import queues
from jobs.delivery import deliver
from jobs.queues import connect, enqueue, load_jobs, panel_queue
from jobs.schedule import tick
from jobs.worker import KILLED, PanelWorker
from models import FailedJob, SignOfLife, db
from models.operating import Sign
from models.retention import note_finished

# Put together here: the place in the log names this file, not what it holds.
PHONE = "139" + "12345678"


@pytest.fixture
def panel(fresh_app: Flask, queue: Redis) -> Iterator[Flask]:
    load_jobs()
    with fresh_app.app_context():
        note_finished({})
        db.session.commit()
        yield fresh_app
    if "redis" in fresh_app.extensions:
        fresh_app.extensions.pop("redis").close()


def work(app: Flask) -> None:
    connection = connect(app.extensions["settings"])
    PanelWorker(app, connection).work(burst=True, logging_level="CRITICAL")
    connection.close()


def noted() -> FailedJob | None:
    db.session.rollback()
    return db.session.scalars(select(FailedJob).execution_options(populate_existing=True)).one_or_none()


def fail_with(monkeypatch: pytest.MonkeyPatch, failure: object) -> None:
    def run(_delivery_id: int) -> None:
        if callable(failure):
            failure()

    monkeypatch.setitem(queues._functions, "jobs.delivery.deliver", run)


def raise_with_a_phone() -> None:
    raise ValueError(PHONE)


def end_hard() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_failure_is_noted_counted_and_forgotten_when_the_job_succeeds(
    panel: Flask, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, raise_with_a_phone)
    for _ in range(2):
        enqueue(deliver, 4711)
        work(panel)
    failed = noted()
    assert failed is not None
    assert (failed.key, failed.failures) == ("jobs_delivery_deliver-4711", 2)
    assert (failed.function, failed.arguments, failed.error) == (
        "jobs.delivery.deliver",
        [4711],
        "ValueError",
    )
    assert "raise_with_a_phone" in failed.detail
    written = capfd.readouterr()
    assert "job_failed" in written.err
    assert PHONE not in failed.detail + written.err + written.out

    fail_with(monkeypatch, None)
    enqueue(deliver, 4711)
    work(panel)
    assert noted() is None


def test_a_job_whose_process_was_killed_is_noted(panel: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, end_hard)
    enqueue(deliver, 1)
    work(panel)
    failed = noted()
    assert failed is not None
    assert (failed.error, failed.arguments) == (KILLED, [1])


def test_what_somebody_else_wrote_into_the_queue_is_noted_once_and_without_its_words(
    panel: Flask, queue: Redis
) -> None:
    for number in range(2):
        panel_queue().enqueue_call("os.system", args=(f"curl {PHONE}",), job_id=f"x-{number}")
    work(panel)
    failed = noted()
    assert failed is not None
    assert (failed.key, failed.failures, failed.arguments) == ("refused", 2, [])
    assert PHONE not in failed.detail


def test_a_round_of_the_clock_leaves_signs_and_tells_of_workers_it_saw(panel: Flask, queue: Redis) -> None:
    tick()
    assert {sign for sign in Sign if db.session.get(SignOfLife, sign)} == {
        Sign.TICK_BEGUN,
        Sign.TICK_FINISHED,
    }
    worker = PanelWorker(panel, queue)
    worker.register_birth()
    before = db.session.get_one(SignOfLife, Sign.TICK_FINISHED).at
    tick()
    db.session.expire_all()
    assert db.session.get_one(SignOfLife, Sign.WORKER_SEEN).at > before
    assert db.session.get_one(SignOfLife, Sign.TICK_FINISHED).at > before
    worker.register_death()
