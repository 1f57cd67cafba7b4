"""What machines ask the panel: whether the process lives, and whether it can serve."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, field
from time import monotonic

import psycopg
import structlog
from flask import Flask, Response, current_app

from config import Settings

# Paths that are answered whatever the Host header says: a platform asks by the machine's own address.
ANY_HOST = frozenset({"/health", "/ready", "/metrics"})
# However many ask, the database is asked once in this time by each process.
KEPT_SECONDS = 2.0
CONNECT_SECONDS = 2

log = structlog.get_logger()


@dataclass
class Readiness:
    """Whether the database answered lately; one asks it, the others get the last answer."""

    url: str = field(repr=False)
    is_ready: bool = False
    asked_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self) -> bool:
        """Return whether the database answers, as of KEPT_SECONDS ago at most."""
        if self._is_fresh() or not self.lock.acquire(blocking=self.asked_at is None):
            return self.is_ready
        try:
            if not self._is_fresh():
                self.is_ready = database_answers(self.url)
                self.asked_at = monotonic()
            return self.is_ready
        finally:
            self.lock.release()

    def _is_fresh(self) -> bool:
        return self.asked_at is not None and monotonic() - self.asked_at < KEPT_SECONDS


def register(app: Flask) -> None:
    """Add both answers to `app`."""
    settings: Settings = app.extensions["settings"]
    app.extensions["readiness"] = Readiness(settings.database_url.replace("+psycopg", "", 1))
    app.add_url_rule("/health", "health", health)
    app.add_url_rule("/ready", "ready", ready)


def health() -> Response:
    """Answer that the process lives; no database, so that many checks at once cost nothing."""
    return Response("ok\n", mimetype="text/plain")


def ready() -> Response:
    """Answer whether the database can be asked, else 503 so that requests are sent elsewhere."""
    is_ready = current_app.extensions["readiness"].ask()
    return Response(
        "ready\n" if is_ready else "the database does not answer\n",
        status=200 if is_ready else 503,
        mimetype="text/plain",
    )


def database_answers(url: str) -> bool:
    """Tell whether the database answers within a few seconds, by a connection of its own.

    Not by one of the pool: a panel whose connections are all in use is busy, and no less ready for that.
    """
    try:
        limits = "-c statement_timeout=2000"
        with closing(psycopg.connect(url, connect_timeout=CONNECT_SECONDS, options=limits)) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        log.warning("database_does_not_answer", error=type(error).__name__)
        return False
    return True
