"""What machines ask: whether the process lives, whether it can serve, and its figures."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from app import create_app
from config import Settings
from factories import Factory
from jobs.job_figures import count_job
from models import db
from models.digest import DeliveryState
from views import probes
from views.metrics import Places

TOKEN = "a-token-that-only-the-tests-have-0123456789"
NOBODY = "postgresql+psycopg://nobody:x@127.0.0.1:1/none"


@pytest.fixture
def measured(settings: Settings, queue: Redis) -> Iterator[Flask]:
    """Return a panel whose figures can be read with a token."""
    application = create_app(replace(settings, metrics_token=TOKEN))
    yield application
    with application.app_context():
        db.engine.dispose()
        if "redis" in application.extensions:
            application.extensions.pop("redis").close()


def figures(application: Flask, token: str = TOKEN) -> str:
    answer = application.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return answer.text


def value_of(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not in {text}"
    return float(found[1])


def test_a_panel_whose_database_answers_is_ready(app: Flask) -> None:
    answer = app.test_client().get("/ready")
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_a_panel_without_its_database_lives_and_is_not_ready(settings: Settings) -> None:
    application = create_app(replace(settings, database_url=NOBODY))
    client = application.test_client()
    assert client.get("/health").status_code == 200
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "127.0.0.1" not in answer.text


def test_many_checks_at_once_ask_the_database_once_and_take_no_connection_of_the_pool(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(probes, "database_answers", lambda url: asked.append(url) or True)
    application = create_app(settings)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: application.test_client().get("/ready").status_code, range(200)))
    assert set(answers) == {200}
    assert len(asked) == 1
    with application.app_context():
        assert db.engine.pool.checkedin() == db.engine.pool.checkedout() == 0


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_a_platform_may_ask_by_the_address_of_the_machine(app: Flask, path: str) -> None:
    client = app.test_client()
    assert client.get(path, base_url="http://10.0.0.7").status_code == 200
    assert client.get("/metrics", base_url="http://10.0.0.7").status_code == 400


def test_without_a_token_set_there_are_no_figures(app: Flask) -> None:
    assert app.test_client().get("/metrics").status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}é"])
def test_figures_are_for_who_shows_the_token(measured: Flask, given: str) -> None:
    client = measured.test_client()
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 401
    assert client.get(f"/metrics?token={TOKEN}").status_code == 401


def test_requests_are_counted_by_endpoint_and_status_and_by_nothing_that_was_asked_for(
    measured: Flask, db_session: object
) -> None:
    client = measured.test_client()
    for path in ("/login", "/login", "/customer/?search=13912345678", "/no-such/13912345678"):
        client.get(path)
    text = figures(measured)
    assert value_of(text, 'huisheng_requests_total{endpoint="security.login",status="200"}') == 2
    assert value_of(text, 'huisheng_requests_total{endpoint="none",status="404"}') == 1
    assert value_of(text, 'huisheng_request_seconds_count{endpoint="security.login"}') == 2
    assert "13912345678" not in text
    known = {rule.endpoint for rule in measured.url_map.iter_rules()} | {"none"}
    assert set(re.findall(r'endpoint="([^"]*)"', text)) <= known


def test_queue_jobs_mails_and_signs_stand_as_they_are(
    measured: Flask, in_app: Flask, make: Factory, queue: Redis
) -> None:
    make.delivery(state=DeliveryState.UNKNOWN)
    make.failed_job()
    count_job(queue, "jobs.delivery.deliver", "done", 0.25)
    count_job(queue, "os.system", "failed", 0)
    # The test's transaction is this application's alone.
    in_app.extensions["settings"] = replace(in_app.extensions["settings"])
    from views.metrics import PanelCollector

    found = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in PanelCollector().collect()
        for sample in metric.samples
    }
    assert found["huisheng_mails", "uncertain"] == 1
    assert found["huisheng_failed_jobs",] == 1
    assert found["huisheng_queue_up",] == found["huisheng_database_up",] == 1
    assert found["huisheng_workers",] == 0
    assert found["huisheng_jobs_total", "jobs.delivery.deliver", "done"] == 1
    assert found["huisheng_job_seconds_total", "jobs.delivery.deliver"] == 0.25
    assert found["huisheng_jobs_total", "foreign", "failed"] == 1


def test_what_can_not_be_reached_is_a_zero_and_no_error(settings: Settings) -> None:
    away = replace(settings, metrics_token=TOKEN, database_url=NOBODY, redis_url="redis://127.0.0.1:1/0")
    text = figures(create_app(away))
    assert value_of(text, "huisheng_database_up") == 0
    assert value_of(text, "huisheng_queue_up") == 0


def take(folder: str, own: object) -> str:
    places = Places(Path(folder))
    own.put(places())
    return places()


def test_a_process_takes_the_place_of_one_that_has_ended(tmp_path: Path) -> None:
    mine = Places(tmp_path)
    assert mine() == mine() == "place0"
    context = multiprocessing.get_context("fork")
    for _ in range(2):
        told = context.SimpleQueue()
        child = context.Process(target=take, args=(str(tmp_path), told))
        child.start()
        child.join()
        assert told.get() == "place1"
