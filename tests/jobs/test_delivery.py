"""From claim to end of one mail, on a database with real commits and a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from jobs.delivery import (
    CLAIM_LASTS,
    JOB_SECONDS,
    MOST_ATTEMPTS,
    RETRY_AFTER,
    SEND_SECONDS,
    claim_delivery,
    deliver,
    finish,
)
from jobs.mail_message import Mail
from jobs.outbox import Addressee, put_account_mail
from jobs.schedule import due_deliveries, mark_abandoned
from jobs.smtp import Outcome, Verdict
from mail_server import Sink, free_port, mail_server
from models import Delivery, db
from models.digest import DeliveryState
from models.mail_obstacle import Obstacle
from models.organisation import Locale

READER = Addressee("读者", "reader@example.com", Locale.CHINESE)


@pytest.fixture
def panel(fresh_app: Flask, sink: Sink) -> Iterator[Flask]:
    """Return an application with a mail server, inside its context."""
    with mail_server(sink) as port, fresh_app.app_context():
        point_to(fresh_app, port)
        yield fresh_app


def point_to(app: Flask, port: int) -> None:
    app.extensions["settings"] = replace(
        app.extensions["settings"], smtp_url=f"smtp://localhost:{port}", mail_allow=("@example.com",)
    )


def put(recipient: Addressee = READER) -> int:
    delivery = put_account_mail(Mail("主题", "正文"), recipient)
    db.session.commit()
    return delivery.id


def stored(key: int) -> Delivery:
    found = db.session.get(Delivery, key, populate_existing=True)
    assert found is not None
    return found


def make_due(key: int) -> None:
    db.session.execute(update(Delivery).where(Delivery.id == key).values(next_attempt_at=func.now()))
    db.session.commit()


def test_a_mail_is_sent_and_marked_with_the_servers_words(panel: Flask, sink: Sink) -> None:
    key = put()
    deliver(key)
    row = stored(key)
    assert (row.state, row.answer, row.attempts) == (DeliveryState.SENT, "250 taken", 1)
    assert row.finished_at is not None
    assert sink.messages()[0].read_bytes() == row.message


def test_delivering_again_sends_nothing(panel: Flask, sink: Sink) -> None:
    key = put()
    for _ in range(3):
        deliver(key)
    assert len(sink.messages()) == 1
    assert stored(key).attempts == 1


def test_only_one_of_two_claims_succeeds(panel: Flask) -> None:
    key = put()
    first = claim_delivery(key)
    assert first is not None
    assert claim_delivery(key) is None
    assert stored(key).state is DeliveryState.SENDING


def test_what_is_not_there_or_not_due_is_not_claimed(panel: Flask) -> None:
    assert claim_delivery(987654) is None
    key = put()
    db.session.execute(update(Delivery).values(next_attempt_at=func.now() + timedelta(minutes=1)))
    db.session.commit()
    assert claim_delivery(key) is None


def test_temporary_refusals_are_tried_at_growing_intervals_and_no_more_than_eight_times(
    panel: Flask, sink: Sink
) -> None:
    key = put()
    sink.rcpt_answers = ["451 busy"] * 20
    waits = []
    for attempt in range(1, 12):
        deliver(key)
        row = stored(key)
        if row.state is not DeliveryState.PENDING:
            break
        assert row.attempts == attempt
        now = db.session.scalar(select(func.now()))
        assert now is not None
        assert key not in due_deliveries(now)
        waits.append(row.next_attempt_at - now)
        make_due(key)
    assert (row.state, row.attempts, row.answer) == (DeliveryState.FAILED, 8, "451 busy")
    assert [round(wait / timedelta(minutes=1)) for wait in waits] == [1, 5, 15, 60, 180, 360, 720]
    assert sum(RETRY_AFTER, timedelta()) <= timedelta(hours=24)
    assert len(RETRY_AFTER) + 1 == MOST_ATTEMPTS == 8
    assert sink.messages() == []


def test_a_mail_server_that_comes_back_gets_what_waited(panel: Flask, sink: Sink) -> None:
    key = put()
    port = panel.extensions["settings"].smtp_url.rpartition(":")[2]
    point_to(panel, free_port())
    deliver(key)
    assert stored(key).state is DeliveryState.PENDING
    point_to(panel, int(port))
    make_due(key)
    deliver(key)
    assert stored(key).state is DeliveryState.SENT


def test_a_final_refusal_fails_at_once_with_the_servers_words(panel: Flask, sink: Sink) -> None:
    key = put()
    sink.rcpt_answers = ["550 5.1.1 no such user 张"]
    deliver(key)
    row = stored(key)
    assert (row.state, row.attempts) == (DeliveryState.FAILED, 1)
    assert row.answer is not None
    assert row.answer.startswith("550 5.1.1 no such user")


def test_a_connection_dropped_after_the_message_is_uncertain_and_never_tried_again(
    panel: Flask, sink: Sink
) -> None:
    key = put()
    sink.drop_after_data = True
    deliver(key)
    sink.drop_after_data = False
    assert stored(key).state is DeliveryState.UNKNOWN
    deliver(key)
    now = db.session.scalar(select(func.now()))
    assert now is not None
    assert due_deliveries(now + timedelta(days=9)) == []
    assert len(sink.messages()) == 1


def test_a_claim_without_end_becomes_uncertain(panel: Flask) -> None:
    key = put()
    claim = claim_delivery(key)
    assert claim is not None
    now = stored(key).claimed_at
    assert now is not None
    mark_abandoned(now + CLAIM_LASTS)
    assert stored(key).state is DeliveryState.SENDING
    mark_abandoned(now + CLAIM_LASTS + timedelta(seconds=1))
    row = stored(key)
    assert (row.state, row.answer) == (DeliveryState.UNKNOWN, Obstacle.CUT_OFF.value)


def test_what_the_server_said_counts_more_than_that_nothing_was_known(panel: Flask) -> None:
    key = put()
    claim = claim_delivery(key)
    assert claim is not None
    mark_abandoned(claim_time(key) + timedelta(hours=1))
    assert finish(claim, Outcome(Verdict.SENT, "250 ok"))
    assert stored(key).state is DeliveryState.SENT


def test_an_old_claim_can_not_overwrite_a_newer_one(panel: Flask) -> None:
    key = put()
    old = claim_delivery(key)
    assert old is not None
    assert finish(old, Outcome(Verdict.TEMPORARY, "451"))
    make_due(key)
    new = claim_delivery(key)
    assert new is not None
    assert not finish(old, Outcome(Verdict.PERMANENT, "550"))
    assert finish(new, Outcome(Verdict.SENT, "250"))
    assert stored(key).state is DeliveryState.SENT


def claim_time(key: int) -> datetime:
    at = stored(key).claimed_at
    assert at is not None
    return at


def test_what_may_not_be_sent_any_more_is_kept(panel: Flask, sink: Sink) -> None:
    key = put()
    panel.extensions["settings"] = replace(panel.extensions["settings"], mail_allow=())
    deliver(key)
    assert (stored(key).state, stored(key).answer) == (DeliveryState.KEPT, Obstacle.NOT_ALLOWED.value)
    assert sink.messages() == []


def test_no_send_outlasts_its_claim_and_none_a_minute() -> None:
    assert SEND_SECONDS + 10 < 60
    assert timedelta(seconds=JOB_SECONDS) < CLAIM_LASTS
    # Goes on within two minutes of a kill: the claim, and one tick of the clock.
    assert CLAIM_LASTS + timedelta(seconds=20) <= timedelta(seconds=120)
