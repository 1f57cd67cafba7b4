"""What the queue tells of itself: how much waits, which workers live and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from rq import Worker
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker.base import BaseWorker

from jobs.queues import DEAD_AFTER, PanelJob, PanelQueue, connect, panel_queue
from models.base import now

# Who looks at a page waits no longer for a silent queue.
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker: where it runs, what it does (the job's name, None while it waits), when it was last heard."""

    host: str
    process: int
    job: str | None
    begun_at: datetime | None
    heard_at: datetime
    is_alive: bool
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class QueueState:
    """The queue at one moment: how many jobs wait, since when the oldest does, and the workers."""

    waiting: int
    waiting_for: timedelta | None
    workers: tuple[WorkerState, ...]

    @property
    def alive(self) -> int:
        """Return how many workers live."""
        return sum(worker.is_alive for worker in self.workers)


def queue_state() -> QueueState:
    """Return the state of the queue.

    Raises:
        RedisError: when it can't be reached.
    """
    connection = connect(current_app.extensions["settings"], LOOK_SECONDS)
    try:
        queue = panel_queue(connection)
        at = now()
        since = _waiting_since(queue)
        found = Worker.all(connection=connection, job_class=PanelJob, serializer=JSONSerializer)
        workers = [_worker_state(worker, at) for worker in found]
        workers.sort(key=lambda each: (not each.is_alive, each.host, each.process))
        return QueueState(len(queue), max(timedelta(0), at - since) if since else None, tuple(workers))
    finally:
        connection.close()


def is_worker_alive() -> bool:
    """Tell whether any worker was heard lately.

    Raises:
        RedisError: when the queue can't be reached.
    """
    connection = panel_queue().connection
    found = Worker.all(connection=connection, job_class=PanelJob, serializer=JSONSerializer)
    return any(_worker_state(worker, now()).is_alive for worker in found)


def _waiting_since(queue: PanelQueue) -> datetime | None:
    for key in queue.get_job_ids(0, 1):
        try:
            return PanelJob.fetch(key, connection=queue.connection, serializer=JSONSerializer).enqueued_at
        except NoSuchJobError:
            return None
    return None


def _worker_state(worker: BaseWorker, at: datetime) -> WorkerState:
    heard = worker.last_heartbeat or worker.birth_date or at
    current = worker.get_current_job()
    return WorkerState(
        host=worker.hostname or "",
        process=worker.pid or 0,
        job=_name_of(current) if current else None,
        begun_at=current.started_at if current else None,
        heard_at=heard,
        is_alive=at - heard < DEAD_AFTER,
        done=worker.successful_job_count,
        failed=worker.failed_job_count,
    )


def _name_of(job: Job) -> str:
    try:
        return job.func_name or ""
    except DeserializationError:
        # Somebody else wrote it into the queue; what it is stands with the failed jobs.
        return ""
