"""Figures for Prometheus: requests as counted by the web's processes, all else as it stands when asked.

The web runs in several processes, and one of them answers. Each counts in a file that the others read (the
client's multiprocess mode). Named after processes, such files would pile up, since workers are replaced every
few thousand requests: so a process takes the lowest number that is free, and goes on where another ended.
"""

from __future__ import annotations

import atexit
import fcntl
import hmac
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from flask import Flask, Response, abort, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from config import Settings
from jobs.job_figures import job_figures
from jobs.queue_state import QueueState, queue_state
from models import acting_as, system_actor
from models.operating import Facts, Sign, facts
from views.asking import asked

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Places:
    """Give each process that counts a place of its own, the lowest that no living one has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = 0
        self.place = ""

    def __call__(self) -> str:
        """Return the place of this process; it is asked at every count."""
        if self.process != os.getpid():
            self.place = self._take()
            self.process = os.getpid()
        return self.place

    def _take(self) -> str:
        for number in count():
            # Stays open, and locked, until the process ends in whatever way.
            lock = os.open(self.folder / f"place-{number}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                return f"place{number}"
        raise AssertionError  # not reached: numbers don't end


class RequestFigures:
    """Count requests by endpoint and status, and how long they took; endpoints are those of the URL map."""

    def __init__(self, folder: Path) -> None:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        values.ValueClass = values.MultiProcessValue(Places(folder))  # type: ignore[no-untyped-call]  # the client left it out
        registry = CollectorRegistry()
        self.requests = Counter(
            "huisheng_requests", "Requests answered.", ("endpoint", "status"), registry=registry
        )
        self.seconds = Histogram(
            "huisheng_request_seconds",
            "How long requests took.",
            ("endpoint",),
            registry=registry,
            buckets=SECONDS,
        )

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests.labels(endpoint, str(status)).inc()
        self.seconds.labels(endpoint).observe(seconds)


class PanelCollector(Collector):
    """Tell how queue, workers, clock, mails and jobs stand when it is asked."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of what can be reached, and whether it can."""
        with acting_as(system_actor("metrics")):
            found = asked(facts)
        yield GaugeMetricFamily(
            "huisheng_database_up", "Whether the database answers.", float(found is not None)
        )
        if found is not None:
            yield from _of_database(found)
        try:
            state, jobs = queue_state(), job_figures()
        except RedisError:
            yield GaugeMetricFamily("huisheng_queue_up", "Whether the queue can be reached.", 0)
            return
        yield GaugeMetricFamily("huisheng_queue_up", "Whether the queue can be reached.", 1)
        yield from _of_queue(state)
        done = CounterMetricFamily("huisheng_jobs", "Jobs that ended.", labels=("job", "outcome"))
        spent = CounterMetricFamily("huisheng_job_seconds", "Time spent in jobs.", labels=("job",))
        for name, figures in sorted(jobs.items()):
            for outcome, number in sorted(figures.outcomes.items()):
                done.add_metric((name, outcome), number)
            spent.add_metric((name,), figures.seconds)
        yield done
        yield spent


def _of_database(found: Facts) -> Iterator[Metric]:
    age = GaugeMetricFamily("huisheng_sign_age_seconds", "Since a sign of life was given.", labels=("sign",))
    for sign in Sign:
        span = found.age(sign)
        if span is not None:
            age.add_metric((sign.value,), span.total_seconds())
    yield age
    mails = GaugeMetricFamily("huisheng_mails", "Mails on their way or stuck, up to 1000.", labels=("state",))
    for state in ("waiting", "late", "sending", "uncertain", "failed"):
        mails.add_metric((state,), getattr(found, f"mails_{state}"))
    yield mails
    yield GaugeMetricFamily("huisheng_failed_jobs", "Jobs that failed and wait.", found.failed_jobs)


def _of_queue(state: QueueState) -> Iterator[Metric]:
    yield GaugeMetricFamily("huisheng_queue_jobs", "Jobs that wait in the queue.", state.waiting)
    oldest = state.waiting_for.total_seconds() if state.waiting_for else 0
    yield GaugeMetricFamily("huisheng_queue_oldest_seconds", "Since when the oldest job waits.", oldest)
    yield GaugeMetricFamily("huisheng_workers", "Workers that live.", state.alive)


def register(app: Flask) -> None:
    """Add the figures to `app`, where a token guards them; without one there are none."""
    settings: Settings = app.extensions["settings"]
    if settings.metrics_token is None:
        return
    folder = Path(tempfile.mkdtemp(prefix="huisheng-metrics-"))
    maker = os.getpid()
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == maker else None)
    app.extensions["request_figures"] = RequestFigures(folder)
    wanted = f"Bearer {settings.metrics_token}".encode()

    def metrics() -> Response:
        """Answer with all figures, to who shows the token."""
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted):
            abort(401)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]  # likewise
        registry.register(PanelCollector())
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.add_url_rule("/metrics", "metrics", metrics)
