"""The queue: it wakes workers and holds nothing that Postgres does not know.

Only functions marked with `job` run, whatever stands in the queue, and their arguments are plain JSON.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

import structlog
from flask import current_app
from flask_babel import LazyString
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, get_current_job
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

import jobs
from config import Settings
from models.base import now

P = ParamSpec("P")
R = TypeVar("R")

QUEUE = "huisheng"
# A job whose worker is silent for longer is taken for dead.
DEAD_AFTER = timedelta(seconds=30)
# How long a failed job can be looked at.
FAILURE_TTL_SECONDS = 24 * 3600
REDIS_TIMEOUT_SECONDS = 5

log = structlog.get_logger()


class RefusedJobError(Exception):
    """A queued job names something that is no job of the panel."""


_timeouts: dict[str, int] = {}
_functions: dict[str, Callable[..., Any]] = {}
_titles: dict[str, LazyString] = {}


def job(timeout_seconds: int, title: LazyString) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function of this package as one that a worker may run, for at most `timeout_seconds`.

    `title` is what it does, as people read it.
    """

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        name = _name_of(function)
        _functions[name] = function
        _timeouts[name] = timeout_seconds
        _titles[name] = title
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


def connect(settings: Settings, timeout_seconds: float | None = None) -> Redis:
    """Return a connection that gives up where the server is silent; None for as long as jobs wait."""
    timeout_seconds = timeout_seconds or REDIS_TIMEOUT_SECONDS
    return Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        health_check_interval=30,
    )


def panel_queue(connection: Redis | None = None) -> PanelQueue:
    """Return the queue of the current application."""
    if connection is None:
        connection = current_app.extensions.get("redis")
    if connection is None:
        connection = current_app.extensions["redis"] = connect(current_app.extensions["settings"])
    return PanelQueue(QUEUE, connection=connection, serializer=JSONSerializer)


def title_of(name: str) -> LazyString | None:
    """Return what the job of this name does, as people read it; None where it is no job of the panel."""
    return _titles.get(name)


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
    called = arguments if asked_by is None else (*arguments, asked_by)
    return _put(_name_of(function), called, job_id(function, *arguments))


def _put(name: str, arguments: Sequence[Any], key: str) -> bool:
    queue = panel_queue()
    if (known := _known(queue, key)) is not None:
        if _is_alive(queue, known):
            return False
        # It may end, or be lost by the queue, while we look: then there is nothing to take away.
        with suppress(InvalidJobOperation):
            known.delete()
    queue.enqueue_call(
        name,
        args=tuple(arguments),
        job_id=key,
        timeout=_timeouts[name],
        result_ttl=0,
        failure_ttl=FAILURE_TTL_SECONDS,
        description=key,
        meta={"request_id": structlog.contextvars.get_contextvars().get("request_id")},
    )
    return True


def enqueue_again(name: str, arguments: Sequence[Any], key: str) -> bool:
    """Queue the call that a job once was, by its name and under its id; returns whether it was queued now.

    Raises:
        RefusedJobError: when it is no job of the panel.
        RedisError: when the queue can't be reached.
    """
    load_jobs()
    if name not in _functions:
        raise RefusedJobError(f"{name} is no job of the panel")
    return _put(name, arguments, key)


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
