"""The page of how the panel fares: what is wrong stands on top, and failed jobs are started again once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from redis import Redis
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from conftest import Login, PanelClient, count_queries
from factories import Factory
from jobs.queues import panel_queue
from jobs.worker import PanelWorker
from models import AuditEntry, FailedJob, LoginSession, SignOfLife, db
from models.base import now
from models.digest import DeliveryState
from models.operating import Sign, give_sign
from models.organisation import Locale, Role
from views import asking, operations

PAGE = "/operations/"


@pytest.fixture
def administrator(login: Login, queue: Redis) -> PanelClient:
    return login(Role.ADMINISTRATOR)


@pytest.fixture
def in_order(administrator: PanelClient, app: Flask, queue: Redis) -> Iterator[PanelClient]:
    """Return an administrator's client of a panel in which all is well."""
    with app.app_context():
        for sign in (Sign.TICK_BEGUN, Sign.TICK_FINISHED, Sign.WORKER_SEEN):
            give_sign(sign)
        db.session.commit()
        worker = PanelWorker(app, queue)
    worker.register_birth()
    yield administrator
    worker.register_death()


def shown(client: PanelClient) -> BeautifulSoup:
    response = client.get(PAGE)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def problems(client: PanelClient) -> str:
    verdict = shown(client).select_one(".verdict")
    assert verdict is not None
    return " ".join(each.get_text(" ", strip=True) for each in verdict.select(".message"))


def age(session: Session, sign: Sign, span: timedelta) -> None:
    session.execute(update(SignOfLife).where(SignOfLife.sign == sign).values(at=func.now() - span))
    session.commit()


def test_where_all_is_well_the_page_says_so_and_nothing_warns(in_order: PanelClient) -> None:
    assert problems(in_order) == "All is well."
    assert "wrong with the panel" not in in_order.get("/").text


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        (Sign.TICK_BEGUN, "The clock has not ticked for a while (last: 3 minutes ago)"),
        (Sign.TICK_FINISHED, "The clock runs but comes to no end of its round"),
        (Sign.WORKER_SEEN, "The clock has seen no worker for a while"),
    ],
)
def test_what_was_not_seen_for_long_is_named(
    in_order: PanelClient, db_session: Session, sign: Sign, words: str
) -> None:
    age(db_session, sign, timedelta(minutes=3))
    assert words in problems(in_order)


def test_instants_are_told_as_everywhere_with_the_exact_one_beside_it(
    in_order: PanelClient, db_session: Session, login: Login
) -> None:
    age(db_session, Sign.TICK_FINISHED, timedelta(minutes=3))
    chinese = login(Role.ADMINISTRATOR, locale=Locale.CHINESE)
    told = shown(chinese).find("time", string="3 分钟前")
    assert isinstance(told, Tag)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d", str(told["title"]))
    assert "（上次完成：3 分钟前）" in problems(chinese)


def test_a_panel_without_worker_says_which_process_to_start(administrator: PanelClient) -> None:
    assert "No worker runs" in problems(administrator)


def test_a_silent_worker_is_no_living_one(in_order: PanelClient, queue: Redis) -> None:
    (key,) = queue.keys("rq:worker:*")
    stale = datetime.now(UTC) - timedelta(minutes=1)
    queue.hset(key, "last_heartbeat", stale.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    assert "No worker runs" in problems(in_order)
    assert "Silent" in shown(in_order).text


def test_mails_that_need_a_person_are_named_with_the_list_of_just_them(
    in_order: PanelClient, make: Factory
) -> None:
    make.delivery(state=DeliveryState.UNKNOWN)
    make.delivery(state=DeliveryState.FAILED, finished_at=now())
    make.delivery(state=DeliveryState.FAILED, finished_at=now() - timedelta(days=15))
    make.delivery(next_attempt_at=now() - timedelta(minutes=11))
    page = shown(in_order)
    said = problems(in_order)
    assert "1 mail needs a person" in said
    assert "1 mail of the last two weeks failed" in said
    assert "1 mail should have gone out" in said
    links = {str(each["href"]) for each in page.select(".verdict a")}
    assert links == {f"/delivery/?state={state}" for state in ("open", "failed", "pending")}


def test_a_queue_out_of_reach_is_a_sentence(
    in_order: PanelClient, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0")
    monkeypatch.setattr("jobs.queue_state.connect", lambda *_: away)
    assert "can't be reached" in problems(in_order)
    away.close()


def test_a_database_that_is_slow_is_a_sentence(
    in_order: PanelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASK_SECONDS", 0.05)
    monkeypatch.setattr(operations, "facts", lambda: db.session.execute(select(func.pg_sleep(5))))
    assert "The database answers too slowly" in problems(in_order)


def test_what_is_asked_in_good_time_bounds_nothing_afterwards(in_app: Flask) -> None:
    found = asking.asked(lambda: 7)
    assert found == 7
    assert db.session.scalar(select(func.current_setting("statement_timeout"))) == "0"
    assert asking.asked(fail) is None


def fail() -> None:
    raise OperationalError("SELECT 1", {}, Exception("gone"))


def test_the_page_asks_the_database_little(in_order: PanelClient, app: Flask, make: Factory) -> None:
    for _ in range(3):
        make.failed_job()
    in_order.get(PAGE)
    with count_queries(app) as statements:
        in_order.get(PAGE)
    assert len(statements) < 25


def test_a_failed_job_says_in_a_sentence_why_and_where_it_stands(
    in_order: PanelClient, make: Factory
) -> None:
    make.failed_job(error="rq.timeouts.JobTimeoutException", failures=3)
    page = shown(in_order)
    job = page.select_one(".failed-jobs li")
    assert job is not None
    text = job.get_text(" ", strip=True)
    assert "Send a mail" in text
    assert "It took longer than it may." in text
    assert "Failed 3 times" in text
    assert "jobs/delivery.py:1 deliver" in text
    assert "1 job failed" in problems(in_order)


@pytest.mark.parametrize(
    ("minutes", "sentence"), [(1, "Tried again by itself on "), (9, "Tried again by itself any moment now.")]
)
def test_a_digest_that_fails_says_when_it_is_tried_again(
    in_order: PanelClient, make: Factory, minutes: int, sentence: str
) -> None:
    digest = {"key": "jobs_digest_make_digest-1-2026-3", "function": "jobs.digest.make_digest"}
    make.failed_job(**digest, failures=3, last_failed_at=now() - timedelta(minutes=minutes))
    make.failed_job()
    page = shown(in_order)
    assert str(page).count("Tried again by itself") == 1
    assert sentence in page.get_text(" ", strip=True)


def send(client: PanelClient, action: str, failed: FailedJob, failures: int | None = None) -> str:
    data = {"id": failed.id, "failures": failures or failed.failures}
    return client.post(f"{PAGE}{action}", data=data, follow_redirects=True).text


def test_again_starts_a_job_once(
    in_order: PanelClient, make: Factory, app: Flask, db_session: Session
) -> None:
    failed = make.failed_job(arguments=[4711], key="jobs_delivery_deliver-4711")
    assert "It is started again." in send(in_order, "again", failed)
    assert "It was started again already" in send(in_order, "again", failed)
    with app.app_context():
        assert panel_queue().job_ids == ["jobs_delivery_deliver-4711"]
    db_session.refresh(failed)
    assert in_order.staff is not None
    assert failed.again_by_id == in_order.staff.id
    # Who did it stands in the audit log; a failure that repeats itself does not.
    entries = db_session.scalars(select(AuditEntry).where(AuditEntry.table_name == "failed_job")).all()
    assert [(entry.actor_id, "again_by_id" in entry.changes) for entry in entries] == [
        (in_order.staff.id, True)
    ]


def test_again_without_a_queue_says_so_and_can_be_tried_again(
    in_order: PanelClient, make: Factory, app: Flask, db_session: Session
) -> None:
    failed = make.failed_job()
    app.extensions["redis"] = Redis.from_url("redis://127.0.0.1:1/0")
    assert "It could not be started" in send(in_order, "again", failed)
    app.extensions.pop("redis").close()
    db_session.refresh(failed)
    assert failed.again_at is None
    assert "It is started again." in send(in_order, "again", failed)


def test_what_is_no_job_of_the_panel_is_never_started(in_order: PanelClient, make: Factory) -> None:
    failed = make.failed_job(key="refused", function="os.system", arguments=["true"])
    assert "Start again" not in str(shown(in_order).select_one(".failed-jobs"))
    assert "It could not be started" in send(in_order, "again", failed)


def test_a_job_that_is_set_aside_warns_no_more(
    in_order: PanelClient, make: Factory, db_session: Session
) -> None:
    failed = make.failed_job(failures=2)
    assert "It has changed meanwhile" in send(in_order, "settle", failed, failures=1)
    assert "Set aside" in send(in_order, "settle", failed)
    assert problems(in_order) == "All is well."


def test_sidebar_and_first_page_warn_who_can_act(
    in_order: PanelClient, login: Login, make: Factory, db_session: Session
) -> None:
    make.failed_job()
    age(db_session, Sign.TICK_FINISHED, timedelta(minutes=3))
    home = in_order.get("/").text
    assert "2 things are wrong with the panel" in home
    assert 'role="alert"' in home
    assert "wrong with the panel" not in login(Role.SUPERVISOR).get("/").text


def test_a_page_that_shows_itself_anew_keeps_no_login_alive(
    in_order: PanelClient, db_session: Session
) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    assert in_order.staff is not None
    own = LoginSession.staff_id == in_order.staff.id
    db_session.execute(update(LoginSession).where(own).values(last_seen_at=long_ago))
    db_session.commit()
    assert in_order.get(PAGE, headers={"X-Refresh": "1"}).status_code == 200
    seen: Any = select(LoginSession.last_seen_at).where(own)
    assert db_session.scalar(seen) == long_ago
    in_order.get(PAGE)
    assert db_session.scalar(seen) > long_ago


@pytest.mark.parametrize("wrong", [{"id": "x", "failures": "1"}, {"id": "1", "failures": "٣"}, {"id": "1"}])
def test_what_can_not_be_read_is_not_found(in_order: PanelClient, wrong: dict[str, str]) -> None:
    assert in_order.post(f"{PAGE}again", data=wrong).status_code == 404
