"""The queue killed while complaints are registered, and away for long: work goes on, and nothing is lost."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from app import create_app
from embedded_services import Valkey, valkey_server
from factories import Factory
from jobs.queues import QUEUE
from jobs.schedule import due_deliveries, tick_safely
from models import Complaint, Delivery, Subject, acting_as, db, system_actor
from models.base import now
from models.digest import DeliveryKind, DeliveryState
from models.organisation import Role
from web_server import Person, Web, logged_in, web_server

PEOPLE, AT_ONCE = 40, 6
KILLS = 50


@pytest.fixture
def queue_server(tmp_path: Path) -> Iterator[Valkey]:
    """Run a queue of its own, which is killed."""
    with valkey_server(tmp_path / "queue", durable=False) as running:
        yield running


@pytest.fixture
def panel(fresh_app: Flask, queue_server: Valkey) -> Iterator[Flask]:
    # No worker runs: nothing is sent, everything waits.
    mail = {"smtp_url": "smtp://localhost:1", "mail_allow": ("@example.com",)}
    app = create_app(replace(fresh_app.extensions["settings"], redis_url=queue_server.url, **mail))
    app.test_client_class = fresh_app.test_client_class
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    if "redis" in app.extensions:
        app.extensions["redis"].close()


def register(web: Web, person: Person, subject: int, name: str) -> int:
    """Register a complaint of which a department is told; return the status."""
    fields = {"customer_name": name, "subject_id": str(subject), "severity": "normal", "channel": "phone"}
    answer = web.send("POST", "/complaint/new/", person.cookie, fields | {"csrf_token": person.csrf})
    return answer.status


def kill(queue: Valkey) -> None:
    os.kill(queue.server.pid, signal.SIGKILL)
    queue.server.process.wait()


def waiting_in(queue: Valkey) -> int:
    """Return how many calls stand in the queue."""
    with Redis.from_url(queue.url) as connection:
        return int(connection.llen(f"rq:queue:{QUEUE}"))


@pytest.mark.faults
def test_complaints_are_registered_and_told_of_whatever_becomes_of_the_queue(
    panel: Flask, queue_server: Valkey
) -> None:
    with panel.app_context():
        make = Factory(db.session())
        department = make.department()
        make.digest_recipient(department, email="told@example.com")
        subject: Subject = make.subject(departments=[department])
        subject_id = subject.id
        clerk = logged_in(panel, make.staff(Role.CLERK), db.session())
        administrator = logged_in(panel, make.staff(Role.ADMINISTRATOR), db.session())
        db.session.remove()
    ends = Counter[int]()
    with web_server(panel.extensions["settings"]) as web, ThreadPoolExecutor(AT_ONCE) as pool:
        for turn in range(KILLS):
            sent = [pool.submit(register, web, clerk, subject_id, f"{turn}之{n}") for n in range(AT_ONCE)]
            kill(queue_server)
            ends.update(each.result() for each in sent)
            queue_server.server.start()
        kill(queue_server)
        sent = [pool.submit(register, web, clerk, subject_id, f"停{number}") for number in range(PEOPLE)]
        ends.update(each.result() for each in sent)
        page = web.send("GET", "/operations/", administrator.cookie)
        with panel.app_context():
            assert not tick_safely()
        queue_server.server.start()
        back = web.send("GET", "/operations/", administrator.cookie)
    registered = KILLS * AT_ONCE + PEOPLE
    with panel.app_context(), acting_as(system_actor("test")):
        told = select(func.count(Delivery.id)).where(Delivery.kind == DeliveryKind.NOTICE)
        stored = db.session.scalar(select(func.count(Complaint.id)))
        states = Counter(db.session.scalars(select(Delivery.state)))
        deliveries = db.session.scalar(told)
        assert tick_safely()
        due = len(due_deliveries(now()))
        db.session.remove()
    print(  # noqa: T201 - the figures of the long dose
        f"{KILLS} kills, {PEOPLE} while away: {ends}, {states}, in the queue again {waiting_in(queue_server)}"
    )
    assert ends == {302: registered}
    assert stored == deliveries == registered
    assert states == {DeliveryState.PENDING: registered}
    assert (page.status, back.status) == (200, 200)
    assert "The queue (Valkey) can" in page.text
    assert "The queue (Valkey) can" not in back.text
    assert waiting_in(queue_server) >= due > 0
