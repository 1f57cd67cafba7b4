"""The queue runs the panel's jobs, and nothing else that somebody wrote into it."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from redis import Redis
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from config import Settings
from conftest import environ_of, own_app
from embedded_services import Postgres
from jobs import queues
from jobs.delivery import deliver
from jobs.digest import make_digest
from jobs.queues import (
    DEAD_AFTER,
    QUEUE,
    PanelJob,
    connect,
    enqueue,
    job_id,
    load_jobs,
    panel_queue,
    status,
)
from jobs.worker import PanelWorker
from models import db
from models.base import now
from processes import descendants, is_gone, wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    connection = Redis.from_url(redis_url)
    connection.flushall()
    yield connection
    connection.flushall()
    connection.close()


@pytest.fixture(scope="module")
def own(app: Flask, settings: Settings, engines: Postgres) -> Iterator[Flask]:
    """Return an application on a database for all tests here: what they queue leaves no row behind."""
    with own_app(settings, engines) as found:
        yield found


@pytest.fixture
def panel(own: Flask, redis: Redis) -> Iterator[Flask]:
    load_jobs()
    with own.app_context():
        yield own
        db.session.remove()
    close_queue(own)


def close_queue(app: Flask) -> None:
    if "redis" in app.extensions:
        app.extensions.pop("redis").close()


def work(app: Flask) -> None:
    """Let a worker do what is queued and end; its jobs run in forks, as ever."""
    connection = connect(app.extensions["settings"])
    PanelWorker(app, connection).work(burst=True, logging_level="CRITICAL")
    connection.close()


def smuggle(redis: Redis, data: bytes, **fields: str) -> Job:
    """Write a job into the queue as somebody would who reaches it, past all that enqueues."""
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    job = queue.enqueue_call("jobs.delivery.deliver", args=(1,))
    redis.hset(job.key, "data", zlib.compress(data))
    if fields:
        redis.hset(job.key, mapping=fields)
    return job


def call(name: str, *arguments: Any, instance: Any = None) -> bytes:
    return json.dumps([name, instance, arguments, {}]).encode()


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "subprocess.check_call",
        "jobs.queues.os.system",
        "jobs.queues.signal.signal",
        "jobs.smtp.socket.socket",
        "jobs.delivery.finish",
        "jobs.outbox.put_account_mail",
        "models.db.drop_all",
        "builtins.exec",
        "exec",
        "jobs",
        "",
    ],
)
def test_only_functions_marked_as_jobs_run(panel: Flask, redis: Redis, tmp_path: Path, name: str) -> None:
    mark = tmp_path / "it-ran"
    job = smuggle(redis, call(name, f"touch {mark}"))
    work(panel)
    assert not mark.exists()
    assert job.get_status() is JobStatus.FAILED


def test_no_method_of_a_smuggled_instance_runs(panel: Flask, redis: Redis) -> None:
    job = smuggle(redis, call("format", 1, instance="{}"))
    work(panel)
    assert job.get_status() is JobStatus.FAILED
    job = smuggle(redis, call("jobs.delivery.deliver", 1, instance="x"))
    work(panel)
    assert job.get_status() is JobStatus.FAILED


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


def test_a_pickled_job_is_not_unpickled(panel: Flask, redis: Redis, tmp_path: Path) -> None:
    mark = tmp_path / "it-ran"
    job = smuggle(redis, pickle.dumps(("jobs.delivery.deliver", None, (Bomb(mark),), {})))
    work(panel)
    assert not mark.exists()
    assert job.get_status() is JobStatus.FAILED


@pytest.mark.parametrize("callback", ["success", "failure", "stopped"])
@pytest.mark.parametrize("function", ["jobs.delivery.deliver", "os.nothing"])
def test_no_callback_runs(panel: Flask, redis: Redis, callback: str, function: str) -> None:
    smuggle(redis, call(function, 1), **{f"{callback}_callback_name": "os.abort"})
    work(panel)
    job = PanelJob.create("jobs.delivery.deliver", connection=redis, serializer=JSONSerializer)
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)


def test_no_address_in_the_queue_is_called(panel: Flask, redis: Redis) -> None:
    hook = {"url": "http://127.0.0.1:1/", "job_status": "failed"}
    job = smuggle(redis, call("os.system", "true"), webhooks=json.dumps([hook]))
    assert PanelJob.fetch(job.id, redis, JSONSerializer).webhooks == []


def test_a_call_is_queued_once_as_long_as_it_waits(panel: Flask, redis: Redis) -> None:
    assert enqueue(make_digest, 1, 2024, 10)
    assert not enqueue(make_digest, 1, 2024, 10)
    # Who asks makes no other call of it.
    assert not enqueue(make_digest, 1, 2024, 10, asked_by=7)
    assert enqueue(make_digest, 2, 2024, 10, asked_by=7)
    assert panel_queue().job_ids == ["jobs_digest_make_digest-1-2024-10", "jobs_digest_make_digest-2-2024-10"]
    assert status(make_digest, 1, 2024, 10) is JobStatus.QUEUED
    assert status(make_digest, 3, 2024, 10) is None


def test_a_finished_call_leaves_nothing_and_can_be_queued_again(panel: Flask, redis: Redis) -> None:
    enqueue(deliver, 4711)
    work(panel)
    assert status(deliver, 4711) is None
    assert enqueue(deliver, 4711)


def test_a_failed_call_can_be_looked_at_and_queued_again(panel: Flask, redis: Redis) -> None:
    enqueue(make_digest, 4711, 2024, 10)
    work(panel)
    assert status(make_digest, 4711, 2024, 10) is JobStatus.FAILED
    assert enqueue(make_digest, 4711, 2024, 10)
    assert panel_queue().job_ids == [job_id(make_digest, 4711, 2024, 10)]


def test_a_call_whose_worker_died_is_queued_again(panel: Flask, redis: Redis) -> None:
    enqueue(deliver, 1)
    job = PanelJob.fetch(job_id(deliver, 1), redis, JSONSerializer)
    # Taken from the list by a worker that was killed before it began.
    redis.lpop(panel_queue().key)
    assert not enqueue(deliver, 1)
    stale = (now() - DEAD_AFTER).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    redis.hset(job.key, "enqueued_at", stale)
    assert enqueue(deliver, 1)
    # Killed while it ran.
    redis.lpop(panel_queue().key)
    redis.hset(
        job.key, mapping={"status": "started", "last_heartbeat": now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    )
    assert not enqueue(deliver, 1)
    redis.hset(job.key, "last_heartbeat", stale)
    assert enqueue(deliver, 1)


def test_a_call_that_the_queue_loses_while_it_is_looked_at_is_queued_again(
    panel: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(deliver, 5)
    lost = PanelJob.fetch(job_id(deliver, 5), connection=redis, serializer=JSONSerializer)
    lost.set_status(JobStatus.FINISHED)
    redis.flushall()
    monkeypatch.setattr("jobs.queues._known", lambda *_arguments: lost)
    assert enqueue(deliver, 5)
    assert panel_queue(redis).get_job_ids() == [lost.id]


def test_a_flushed_queue_is_filled_again(panel: Flask, redis: Redis) -> None:
    enqueue(deliver, 1)
    redis.flushall()
    assert enqueue(deliver, 1)


def test_every_job_module_is_loaded_and_jobs_take_scalars_only() -> None:
    load_jobs()
    from jobs.queues import _functions, _timeouts

    assert {"jobs.delivery.deliver", "jobs.digest.make_digest"} <= set(_functions)
    assert all(0 < seconds <= 3600 for seconds in _timeouts.values())
    for function in _functions.values():
        kinds = {key: kind for key, kind in function.__annotations__.items() if key != "return"}
        assert set(kinds.values()) <= {"int", "str", "int | None", "str | None", "bool"}, function


def test_each_job_has_a_context_and_a_connection_of_its_own(
    panel: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(_number: int) -> None:
        kept = "kept" in g
        g.kept = True
        backend = db.session.scalar(select(func.pg_backend_pid()))
        panel_queue().connection.rpush("told", json.dumps([kept, backend, os.getpid()]))

    monkeypatch.setitem(queues._functions, "jobs.delivery.deliver", tell)
    g.kept = True
    # A connection lies in the pool, as in a worker that noted a failure before.
    own = db.session.scalar(select(func.pg_backend_pid()))
    db.session.remove()
    for number in range(2):
        enqueue(deliver, number)
    work(panel)
    told = [json.loads(each) for each in redis.lrange("told", 0, -1)]
    assert [kept for kept, _backend, _process in told] == [False, False]
    assert len({own, *(backend for _kept, backend, _process in told)}) == 3
    assert os.getpid() not in {process for _kept, _backend, process in told}
    # The jobs did not end the parent's connection with their own.
    assert db.session.scalar(select(func.pg_backend_pid())) == own


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_leaves_no_process_and_one_asked_to_stop_ends(
    own: Flask, redis: Redis, number: signal.Signals
) -> None:
    environ = os.environ | environ_of(own.extensions["settings"])
    command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
    worker = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: bool(redis.keys("rq:worker:*")), 30)
        children = descendants(worker.pid)
        worker.send_signal(number)
        assert worker.wait(30) in (0, -number)
        assert wait_until(lambda: all(map(is_gone, children)))
    finally:
        worker.kill()
        worker.wait()
