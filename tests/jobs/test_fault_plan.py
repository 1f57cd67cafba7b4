"""Sent once, whatever dies: about a hundred kills in each run, thousands of them with --faults."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fault_plan import Dose, FaultPlan, FaultySink, flush, kill_and_restart, mixed, nursery
from flask import Flask
from mortal import CLOCK_POINTS, DIGEST_POINTS, SEND_POINTS

from app import create_app
from config import Settings
from conftest import PanelClient, superuser
from embedded_services import Postgres, Valkey, valkey_server
from factories import Factory
from mail_server import mail_server
from models import db
from models.digest import DeliveryState
from models.organisation import Role

POINTS = (*DIGEST_POINTS, *SEND_POINTS, *CLOCK_POINTS)


@pytest.fixture
def sink(tmp_path: Path) -> FaultySink:
    return FaultySink(tmp_path / "taken")


@pytest.fixture
def queue_server(tmp_path: Path) -> Iterator[Valkey]:
    """Run a queue of its own, which is killed."""
    with valkey_server(tmp_path / "queue", durable=False) as running:
        yield running


@pytest.fixture
def panel(
    fresh_settings: Settings, sink: FaultySink, queue_server: Valkey, engines: Postgres
) -> Iterator[Flask]:
    """Return a panel whose commits outlive a kill of the database, as in earnest."""
    name = fresh_settings.database_url.rpartition("/")[2]
    with superuser(engines) as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = on")
    with mail_server(sink) as port:
        app = create_app(
            replace(
                fresh_settings,
                smtp_url=f"smtp://localhost:{port}",
                redis_url=queue_server.url,
                mail_allow=("@example.com",),
            )
        )
        app.test_client_class = PanelClient
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


def carry_out(
    panel: Flask, sink: FaultySink, queue: Valkey, engines: Postgres, folder: Path, dose: Dose
) -> FaultPlan:
    plan = FaultPlan(panel, sink, folder, dose)
    plan.outages = mixed(
        [
            (lambda: kill_and_restart(engines.server), dose.databases),
            (lambda: kill_and_restart(queue.server), dose.queues_killed),
            (lambda: flush(queue.url), dose.queues_flushed),
        ],
        dose.seed,
    )
    plan.begin()
    with nursery(panel.extensions["settings"]) as ask:
        plan.run(ask)
    return plan


def shown(plan: FaultPlan) -> tuple[bool, int]:
    """Return whether the page of mails names how many are uncertain, and how many failed ones it lists."""
    client = plan.app.test_client()
    assert isinstance(client, PanelClient)
    client.log_in(Factory(db.session).staff(Role.SUPERVISOR), db.session())
    uncertain = plan.result.states[DeliveryState.UNKNOWN]
    failed = client.get("/delivery/?state=failed").text.count('data-label="State"')
    return f"{uncertain} mail" in client.get("/delivery/?state=open").text, failed


def test_a_hundred_kills_lose_nothing_and_send_nothing_twice(
    panel: Flask, sink: FaultySink, queue_server: Valkey, engines: Postgres, tmp_path: Path
) -> None:
    dose = Dose(points=2, at_random=60, databases=2, queues_killed=2, queues_flushed=2, bad=1)
    plan = carry_out(panel, sink, queue_server, engines, tmp_path, dose)
    assert plan.result.broken == [], plan.result
    # Who does not come to its point in time, on a busy machine, is killed wherever it is.
    assert len(plan.result.deaths) >= len(POINTS) // 2, set(POINTS) - set(plan.result.deaths)
    assert shown(plan) == (True, plan.result.states[DeliveryState.FAILED])


@pytest.mark.faults
@pytest.mark.parametrize(
    "dose",
    [
        Dose(points=20, at_random=200, databases=4, queues_killed=10, queues_flushed=2, bad=50, seed=1),
        Dose(points=12, at_random=120, databases=4, queues_killed=10, queues_flushed=4, bad=20, seed=2),
    ],
    ids=["many_bad_answers", "many_outages"],
)
def test_thousands_of_kills_lose_nothing_and_send_nothing_twice(
    panel: Flask,
    sink: FaultySink,
    queue_server: Valkey,
    engines: Postgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    dose: Dose,
) -> None:
    """Kill 32 at each point and 320 at random, in two parts, while engines and mail server fail."""
    plan = carry_out(panel, sink, queue_server, engines, tmp_path, dose)
    with capsys.disabled():
        sys.stdout.write(f"\n{plan.result}\n{plan.sink.done}, {len(plan.sink.messages())} taken\n")
    assert plan.result.broken == [], plan.result
    assert set(plan.result.deaths) == set(POINTS)
    assert shown(plan) == (True, min(plan.result.states[DeliveryState.FAILED], 50))
