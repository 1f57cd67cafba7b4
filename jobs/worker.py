"""The worker: it runs queued jobs, each in a fork, and notes the ones that fail where a person sees them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any, NoReturn

import click
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import DeserializationError, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import DBAPIError

from jobs.job_figures import count_job
from jobs.logs import kind_of, told, well_formed_id
from jobs.parent_death import die_with_parent
from jobs.queues import PanelJob, PanelQueue, RefusedJobError, connect, load_jobs, panel_queue, title_of
from models import acting_as, db, system_actor
from models.base import now
from models.operating import forget_failure, note_failure

# A worker tells so often that its job is alive.
HEARTBEAT_SECONDS = 5
# It waits 15 seconds less than this for a job before it looks around.
WORKER_TTL_SECONDS = 25
# What stands in place of an exception where the process of a job was ended from outside.
KILLED = "killed"
# Of what somebody else wrote into the queue one line is enough.
REFUSED_KEY = "refused"

log = structlog.get_logger()


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
        # What the running job failed of; None in the parent, which only sees that its fork has ended.
        self.error: BaseException | None = None

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

    def perform_job(self, job: Job, *arguments: Any) -> bool:
        """Run the job in an application context, and let go of its earlier failure when it succeeds."""
        named = {"job_id": job.id, "request_id": well_formed_id(job.meta.get("request_id"))}
        with self.app.app_context(), structlog.contextvars.bound_contextvars(**named):
            is_done = super().perform_job(job, *arguments)
            if is_done:
                _keep(lambda: forget_failure(job.id))
                self._count(job, "done")
            return is_done

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Say in the log what a job failed of: RQ's own words would hold those of the exception."""
        self.error = exc_info[1]
        log.error("job_failed", job_id=job.id, exc_info=self.error)

    def handle_job_failure(self, job: Job, *arguments: Any, **named: Any) -> None:
        """Note that a job failed: by an exception in the fork, or because the fork was ended."""
        super().handle_job_failure(job, *arguments, **named)
        with self.app.app_context():
            _keep(lambda: note(job, self.error))
            self._count(job, "failed")

    def _count(self, job: Job, outcome: str) -> None:
        spent = max(0.0, (now() - job.started_at).total_seconds()) if job.started_at else 0.0
        try:
            count_job(self.connection, _name_of(job), outcome, spent)
        except RedisError as error:
            log.warning("job_not_counted", error=type(error).__name__)


def note(job: Job, error: BaseException | None) -> None:
    """Note a failed job in the database, with nothing of what the exception says; doesn't commit."""
    if isinstance(error, RefusedJobError | DeserializationError):
        note_failure(REFUSED_KEY, REFUSED_KEY, [], kind_of(error), told(error))
        return
    name = _name_of(job)
    arguments = list(job.args) if title_of(name) is not None else []
    kind = KILLED if error is None else kind_of(error)[:120]
    note_failure(job.id[:200], name[:120], arguments, kind, "" if error is None else told(error))


def _name_of(job: Job) -> str:
    try:
        return job.func_name or ""
    except DeserializationError:
        return ""


def _keep(write: Callable[[], None]) -> None:
    """Write in a transaction of its own; what the database does not take is no fault of the job."""
    db.session.rollback()
    try:
        with acting_as(system_actor("worker")):
            write()
            db.session.commit()
    except DBAPIError as error:
        db.session.rollback()
        log.warning("failure_not_noted", error=kind_of(error))


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
    # The proxy itself would end with the context.
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's documented way
    log.info("worker_started")
    while not run_worker(app):
        time.sleep(2)
    log.info("worker_stopped")
