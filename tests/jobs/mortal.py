"""Workers and clocks that die where they are told to: a program that forks them from one loaded panel.

Reads a line for each, as JSON: which one, and at which point it ends; answers with the process id. A point is
a place between two effects on the world: a statement or a commit of the database, a word to the mail server,
a job put into the queue. There the process kills itself and its worker with -9, as nothing can catch.

Times are shorter than in earnest, all in proportion, so that what takes minutes heals in seconds.
"""

from __future__ import annotations

import json
import os
import re
import signal
import smtplib
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event

import jobs.delivery
import jobs.queues
import jobs.schedule
import jobs.worker
from app import create_app
from jobs.digest import make_digest
from jobs.parent_death import die_with_parent
from jobs.retention import due_purge, purge_expired
from models import acting_as, db, system_actor
from models.base import now
from models.centre import site_zone

# The statements that matter, by what they do; the first that fits counts.
STATEMENTS = {
    "digest": r"INSERT INTO digest \(",
    "delivery": r"INSERT INTO delivery \(",
    "claim": r"UPDATE delivery SET .*\bclaimed_at=.* WHERE",
    "abandon": r"UPDATE delivery SET .* WHERE .*claimed_at <",
    "finish": r"UPDATE delivery SET ",
}
DIGEST_POINTS = ("digest:asked", "digest:done", "delivery:asked", "delivery:done", "delivery:committed")
SEND_POINTS = (
    *(f"claim:{when}" for when in ("asked", "done", "committed")),
    *("mail:said", "rcpt:said", "data:said", "message:half", "message:sent", "message:answered"),
    *(f"finish:{when}" for when in ("asked", "done", "committed")),
)
CLOCK_POINTS = ("abandon:asked", "abandon:done", "abandon:committed", "enqueue:asked", "enqueue:done")
SEND_SECONDS, CLAIM_SECONDS, DEAD_SECONDS, TICK_SECONDS = 3, 6, 2, 0.3
RETRIES_FASTER = 12_000

_seen: Counter[str] = Counter()
_doomed: dict[str, Any] = {"point": None, "nth": 1, "worker": 0, "log": ""}


def shorten_times() -> None:
    """Let a send last 3 seconds at most, a claim 6, and the clock tick thrice a second."""
    jobs.delivery.SEND_SECONDS = SEND_SECONDS
    jobs.delivery.CLAIM_LASTS = jobs.schedule.CLAIM_LASTS = timedelta(seconds=CLAIM_SECONDS)
    jobs.delivery.RETRY_AFTER = tuple(wait / RETRIES_FASTER for wait in jobs.delivery.RETRY_AFTER)
    jobs.queues.DEAD_AFTER = timedelta(seconds=DEAD_SECONDS)
    jobs.worker.HEARTBEAT_SECONDS = 1
    jobs.schedule.TICK_SECONDS = TICK_SECONDS  # type: ignore[assignment]  # a part of a second


def reach(point: str) -> None:
    """Die here if this is the point; the log of deaths has it first."""
    _seen[point] += 1
    if _doomed["point"] != point or _seen[point] < _doomed["nth"]:
        return
    with Path(_doomed["log"]).open("a") as log:
        log.write(f"{point}\n")
    for pid in (_doomed["worker"], os.getpid()):
        os.kill(pid, signal.SIGKILL)


def watch_database(app: Flask) -> None:
    """Make statements and commits points."""
    doing: list[str] = []
    with app.app_context():
        engine = db.engine

    def kind_of(statement: str) -> str | None:
        line = " ".join(statement.split())
        return next((kind for kind, shape in STATEMENTS.items() if re.match(shape, line)), None)

    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if kind := kind_of(statement):
            reach(f"{kind}:asked")

    def after(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if kind := kind_of(statement):
            doing.append(kind)
            reach(f"{kind}:done")

    def do_commit(connection: Any, commit: Callable[[Any], None] = engine.dialect.do_commit) -> None:
        commit(connection)
        if doing:
            kind = doing[-1]
            doing.clear()
            reach(f"{kind}:committed")

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    engine.dialect.do_commit = do_commit  # type: ignore[method-assign,assignment]  # dies beside it


def with_point(owner: Any, name: str, point: str) -> None:
    """Make the end of a method a point."""
    before = getattr(owner, name)

    def told(*arguments: Any, **named: Any) -> Any:
        answer = before(*arguments, **named)
        reach(point)
        return answer

    setattr(owner, name, told)


def watch_mail() -> None:
    """Make the words to the mail server points, and the middle of the message."""
    for name in ("mail", "rcpt"):
        with_point(smtplib.SMTP, name, f"{name}:said")
    with_point(smtplib.SMTP, "docmd", "data:said")
    is_told = [False]
    send, answer = smtplib.SMTP.send, smtplib.SMTP.getreply

    def send_half_first(self: smtplib.SMTP, words: Any) -> None:
        if not isinstance(words, bytes) or not words.endswith(b"\r\n.\r\n"):
            send(self, words)
            return
        send(self, words[: len(words) // 2])
        reach("message:half")
        send(self, words[len(words) // 2 :])
        is_told[0] = True
        reach("message:sent")

    def hear(self: smtplib.SMTP) -> Any:
        heard = answer(self)
        if is_told[0]:
            reach("message:answered")
        return heard

    smtplib.SMTP.send, smtplib.SMTP.getreply = send_half_first, hear  # type: ignore[method-assign,assignment]  # likewise


def watch_queue() -> None:
    """Make putting a job into the queue two points: before and after."""
    enqueue = jobs.queues.PanelQueue.enqueue_call

    def put(self: Any, *arguments: Any, **named: Any) -> Any:
        reach("enqueue:asked")
        made = enqueue(self, *arguments, **named)
        reach("enqueue:done")
        return made

    jobs.queues.PanelQueue.enqueue_call = put  # type: ignore[method-assign]  # likewise


def warm_up(app: Flask) -> None:
    """Do once what the forks will do, so that none begins by compiling templates and statements."""
    with app.app_context(), acting_as(system_actor("test")):
        at = now()
        for due in list(jobs.schedule.due_digests(at, site_zone()))[:1]:
            make_digest(due.department_id, due.week.year, due.week.week)
        for key in jobs.schedule.due_deliveries(now() + timedelta(seconds=1))[:1]:
            jobs.delivery.deliver(key)
        night = due_purge(at, site_zone())
        if night is not None:
            purge_expired(night)
        jobs.schedule.tick_safely()
        db.session.remove()
        db.engine.dispose()
    if "redis" in app.extensions:
        app.extensions.pop("redis").close()


def live(app: Flask, wanted: dict[str, Any]) -> None:
    """Be a worker or a clock until killed."""
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _doomed.update(point=wanted["point"], nth=wanted["nth"], worker=os.getpid(), log=wanted["log"])
    with app.app_context():
        while wanted["what"] == "worker":
            jobs.worker.run_worker(app)
            time.sleep(0.2)
        while True:
            jobs.schedule.tick_safely()
            time.sleep(TICK_SECONDS)


def main() -> None:
    """Fork what the lines of standard input ask for."""
    app = create_app()
    jobs.queues.load_jobs()
    shorten_times()
    watch_database(app)
    watch_mail()
    watch_queue()
    warm_up(app)
    _seen.clear()
    # Nobody waits for the dead.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if not pid:
            sys.stdin.close()
            os.close(1)
            os.open(os.devnull, os.O_WRONLY)
            live(app, json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
