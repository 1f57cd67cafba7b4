"""The queue: it wakes workers and holds nothing that Postgres does not know.

Only functions marked with `job` run, whatever stands in the queue, and their arguments are plain JSON.
"""

from __future__ import annotations

import importlib
import pkgutil
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker, get_current_job
from rq.exceptions import NoSuchJobError, StopRequested
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

import jobs
from config import Settings
from jobs.parent_death import die_with_parent
from models import db
from models.base import now

P = ParamSpec("P")
R = TypeVar("R")

QUEUE = "huisheng"
# A worker tells so often that its job is alive; one silent for longer is taken for dead.
HEARTBEAT_SECONDS = 5
DEAD_AFTER = timedelta(seconds=30)
# A worker waits 15 seconds less than this for a job before it looks around.
WORKER_TTL_SECONDS = 25
# How long a failed job can be looked at.
FAILURE_TTL_SECONDS = 24 * 3600
REDIS_TIMEOUT_SECONDS = 5

log = structlog.get_logger()


class RefusedJobError(Exception):
    """A queued job names something that is no job of the panel."""


_timeouts: dict[str, int] = {}
_functions: dict[str, Callable[..., Any]] = {}


def job(timeout_seconds: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function of this package as one that a worker may run, for at most `timeout_seconds`."""

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        name = _name_of(function)
        _functions[name] = function
        _timeouts[name] = timeout_seconds
        return function

    return mark


def _name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def load_jobs() -> None:
    """Import every module of this package, so that all its jobs are known."""
    for module in pkgutil.iter_modules(jobs.__path__, "jobs."):
        importlib.import_module(module.name)


class PanelJob(Job):
    """A job that runs a function marked with `job`, and nothing else: no method, no callback, no webhook."""

    @property
    def func(self) -> Callable[..., Any]:
        """Return the function to run.

        Raises:
            RefusedJobError: when the queue names anything but a marked function.
        """
        name = self.func_name
        if self.instance is not None or name not in _functions:
            raise RefusedJobError(f"{name} is no job of the panel")
        return _functions[name]

    @property
    def success_callback(self) -> None:
        """Call nothing back: a name in the queue could be any function."""
        return

    @property
    def failure_callback(self) -> None:
        """Call nothing back."""
        return

    @property
    def stopped_callback(self) -> None:
        """Call nothing back."""
        return

    def restore(self, raw_data: Any) -> None:
        """Read the job from the queue, without the addresses that it would have us call."""
        super().restore(raw_data)
        self.webhooks = []


class PanelQueue(Queue):
    """The queue of the panel's jobs."""

    job_class = PanelJob


def connect(settings: Settings) -> Redis:
    """Return a connection that gives up soon where the server is silent."""
    return Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        health_check_interval=30,
    )


def panel_queue(connection: Redis | None = None) -> PanelQueue:
    """Return the queue of the current application."""
    if connection is None:
        connection = current_app.extensions.get("redis")
    if connection is None:
        connection = current_app.extensions["redis"] = connect(current_app.extensions["settings"])
    return PanelQueue(QUEUE, connection=connection, serializer=JSONSerializer)


def job_id(function: Callable[..., Any], *arguments: int | str) -> str:
    """Return the id under which a call is queued: the same call has the same one."""
    return "-".join((_name_of(function).replace(".", "_"), *(str(argument) for argument in arguments)))


def enqueue(function: Callable[..., Any], *arguments: int | str, asked_by: int | None = None) -> bool:
    """Queue a call, unless the same one waits or runs; call it after the commit.

    Arguments are ids and scalars without blanks or signs but "-" and "_". `asked_by` is passed on as the last
    one where it is given; who asks makes no other call of it. Returns whether it was queued now.

    Raises:
        RedisError: when the queue can't be reached.
    """
    queue, name, key = panel_queue(), _name_of(function), job_id(function, *arguments)
    if (known := _known(queue, key)) is not None:
        if _is_alive(queue, known):
            return False
        known.delete()
    queue.enqueue_call(
        name,
        args=arguments if asked_by is None else (*arguments, asked_by),
        job_id=key,
        timeout=_timeouts[name],
        result_ttl=0,
        failure_ttl=FAILURE_TTL_SECONDS,
        description=key,
    )
    return True


def status(function: Callable[..., Any], *arguments: int | str) -> JobStatus | None:
    """Return how far a queued call has come; None when it is done or was never queued.

    Raises:
        RedisError: when the queue can't be reached.
    """
    known = _known(panel_queue(), job_id(function, *arguments))
    return known.get_status(refresh=False) if known else None


def note_progress(share: float) -> None:
    """Tell how far the running job is, from 0 to 1; only for people to see, so a silent queue is no fault."""
    running = get_current_job()
    if running is None:
        return
    running.meta["share"] = share
    try:
        running.save_meta()  # type: ignore[no-untyped-call]  # RQ left it out
    except RedisError as error:
        log.warning("queue_unreachable", error=type(error).__name__)


def progress(function: Callable[..., Any], *arguments: int | str) -> float | None:
    """Return how far a queued call says to be, from 0 to 1; None where nothing is known."""
    try:
        known = _known(panel_queue(), job_id(function, *arguments))
    except RedisError:
        return None
    share = known.meta.get("share") if known else None
    return float(share) if isinstance(share, int | float) else None


def _known(queue: PanelQueue, key: str) -> PanelJob | None:
    try:
        known = PanelJob.fetch(key, connection=queue.connection, serializer=JSONSerializer)
    except NoSuchJobError:
        return None
    assert isinstance(known, PanelJob)
    return known


def _is_alive(queue: PanelQueue, known: PanelJob) -> bool:
    waiting = known.get_status(refresh=False)
    if waiting is JobStatus.QUEUED:
        # A worker killed between taking it and starting it leaves a job that stands in no list.
        fresh = known.enqueued_at is not None and now() - known.enqueued_at < DEAD_AFTER
        return fresh or queue.get_job_position(known.id) is not None
    if waiting is JobStatus.STARTED:
        seen = known.last_heartbeat or known.started_at
        return seen is not None and now() - seen < DEAD_AFTER
    return False


class PanelWorker(Worker):
    """A worker whose jobs run in a fork, each in an application context of its own."""

    def __init__(self, app: Flask, connection: Redis) -> None:
        super().__init__(
            [panel_queue(connection)],
            connection=connection,
            job_class=PanelJob,
            queue_class=PanelQueue,
            serializer=JSONSerializer,
            job_monitoring_interval=HEARTBEAT_SECONDS,
            worker_ttl=WORKER_TTL_SECONDS,
        )
        self.app = app

    @property
    def is_asked_to_stop(self) -> bool:
        """Tell whether a signal asked for the end, rather than a fault."""
        # RQ notes the moment in any case, but that it shall stop only while a job runs.
        return self._shutdown_requested_date is not None

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tell the queue that the worker lives, and end here when asked to while no job runs.

        RQ ends by an exception in its signal handler, which is lost where a library catches it.
        """
        if self.is_asked_to_stop and not self.horse_pid:
            raise StopRequested
        super().heartbeat(timeout, pipeline)

    def main_work_horse(self, job: Job, queue: Queue) -> NoReturn:
        """Begin life in the fork: end with the worker, and share no connection with it."""
        die_with_parent()
        with self.app.app_context():
            db.engine.dispose(close=False)
        super().main_work_horse(job, queue)
        raise AssertionError  # not reached: it ends the process

    def perform_job(self, *arguments: Any) -> bool:
        """Run the job in an application context."""
        with self.app.app_context():
            return super().perform_job(*arguments)


def run_worker(app: Flask) -> bool:
    """Work until asked to stop, which returns True, or until the queue fails, which returns False."""
    connection = connect(app.extensions["settings"])
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        worker = PanelWorker(app, connection)
        worker.work(logging_level="WARNING")
    except (RedisError, ValueError) as error:
        log.warning("worker_lost_queue", error=type(error).__name__)
        return False
    else:
        return worker.is_asked_to_stop
    finally:
        connection.close()
        for number, handler in handlers.items():
            signal.signal(number, handler)


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Run queued jobs until asked to stop; waits for the queue where it is away."""
    load_jobs()
    # The proxy's documented way out, which its type does not know.
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    log.info("worker_started")
    while not run_worker(app):
        time.sleep(2)
    log.info("worker_stopped")
