"""Every step that a mail may take from one state to another, and every one that it may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import Environment, Settings
from factories import Factory
from jobs.delivery import (
    CLAIM_LASTS,
    MOST_ATTEMPTS,
    RETRY_AFTER,
    Claim,
    claim_delivery,
    deliver,
    finish,
    obstacle,
)
from jobs.schedule import due_deliveries, mark_abandoned
from jobs.smtp import Outcome, Verdict
from models import Delivery, db
from models.digest import DeliveryState
from models.mail_obstacle import Obstacle

LONG_AGO = datetime(2024, 3, 11, tzinfo=UTC)
OPEN = (DeliveryState.SENDING, DeliveryState.UNKNOWN)


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that the jobs use."""
    return Factory(db.session)


@pytest.fixture
def now(in_app: Flask) -> datetime:
    """Return the database's clock, which stands still: the test is one transaction."""
    at = db.session.scalar(select(func.now()))
    assert isinstance(at, datetime)
    return at


def in_state(make: Factory, state: DeliveryState, **attributes: object) -> Delivery:
    attempts = 0 if state is DeliveryState.PENDING else 1
    # Earlier than the transaction, in which the database's clock stands still.
    defaults = {"state": state, "attempts": attempts, "next_attempt_at": LONG_AGO}
    return make.delivery(**(defaults | attributes))


def reread(delivery: Delivery) -> Delivery:
    db.session.expire_all()
    return db.session.get_one(Delivery, delivery.id)


def claim_of(delivery: Delivery) -> Claim:
    return Claim(delivery.id, delivery.attempts, delivery.recipient, b"")


@pytest.mark.parametrize("state", DeliveryState)
def test_only_a_waiting_mail_is_claimed(make: Factory, state: DeliveryState) -> None:
    delivery = in_state(make, state)
    before = delivery.attempts
    is_waiting = state is DeliveryState.PENDING
    assert (claim_delivery(delivery.id) is not None) == is_waiting
    after = reread(delivery)
    assert after.state is (DeliveryState.SENDING if is_waiting else state)
    assert after.attempts == before + is_waiting


def test_a_claim_carries_what_is_to_be_sent_and_notes_when(make: Factory, now: datetime) -> None:
    delivery = in_state(make, DeliveryState.PENDING, attempts=3, message=b"From: x")
    claim = claim_delivery(delivery.id)
    assert claim == Claim(delivery.id, 4, "reader@example.com", b"From: x")
    assert reread(delivery).claimed_at == now


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("verdict", Verdict)
def test_an_outcome_counts_for_a_mail_under_way_only(
    make: Factory, state: DeliveryState, verdict: Verdict
) -> None:
    delivery = in_state(make, state, attempts=1)
    assert finish(claim_of(delivery), Outcome(verdict, "words")) == (state in OPEN)
    if state not in OPEN:
        assert (reread(delivery).state, reread(delivery).answer) == (state, None)


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.SENT, DeliveryState.SENT),
        (Verdict.PERMANENT, DeliveryState.FAILED),
        (Verdict.UNKNOWN, DeliveryState.UNKNOWN),
        (Verdict.KEPT, DeliveryState.KEPT),
    ],
)
def test_a_mail_ends_as_the_outcome_says(
    make: Factory, now: datetime, state: DeliveryState, verdict: Verdict, expected: DeliveryState
) -> None:
    delivery = in_state(make, state)
    finish(claim_of(delivery), Outcome(verdict, "250 ok"))
    after = reread(delivery)
    assert (after.state, after.answer, after.finished_at) == (expected, "250 ok", now)


@pytest.mark.parametrize(
    ("attempt", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 180), (6, 360), (7, 720)]
)
def test_after_each_refusal_for_now_the_wait_is_longer(
    make: Factory, now: datetime, attempt: int, minutes: int
) -> None:
    delivery = in_state(make, DeliveryState.SENDING, attempts=attempt)
    finish(claim_of(delivery), Outcome(Verdict.TEMPORARY, "451 busy"))
    after = reread(delivery)
    assert (after.state, after.answer, after.finished_at) == (DeliveryState.PENDING, "451 busy", None)
    assert after.next_attempt_at == now + timedelta(minutes=minutes)


def test_the_eighth_refusal_is_the_last(make: Factory, now: datetime) -> None:
    delivery = in_state(make, DeliveryState.SENDING, attempts=8)
    finish(claim_of(delivery), Outcome(Verdict.TEMPORARY, "451 busy"))
    after = reread(delivery)
    assert (after.state, after.answer, after.finished_at) == (DeliveryState.FAILED, "451 busy", now)


def test_the_eight_tries_take_less_than_a_day() -> None:
    assert sum(RETRY_AFTER, timedelta()) == timedelta(hours=22, minutes=21)
    assert MOST_ATTEMPTS == 8


@pytest.mark.parametrize("state", DeliveryState)
def test_only_a_mail_being_sent_is_given_up(make: Factory, now: datetime, state: DeliveryState) -> None:
    delivery = in_state(make, state, claimed_at=now - timedelta(days=1))
    mark_abandoned(now)
    after = reread(delivery)
    if state is DeliveryState.SENDING:
        assert (after.state, after.answer) == (DeliveryState.UNKNOWN, Obstacle.CUT_OFF.value)
        assert after.finished_at == now
    else:
        assert (after.state, after.answer, after.finished_at) == (state, None, None)


def test_a_mail_is_given_up_no_sooner_than_its_claim_lasts(make: Factory, now: datetime) -> None:
    delivery = in_state(make, DeliveryState.SENDING, claimed_at=now - CLAIM_LASTS)
    mark_abandoned(now)
    assert reread(delivery).state is DeliveryState.SENDING


@pytest.mark.parametrize("state", DeliveryState)
def test_only_waiting_mails_are_due(make: Factory, now: datetime, state: DeliveryState) -> None:
    delivery = in_state(make, state, next_attempt_at=now)
    assert due_deliveries(now) == ([delivery.id] if state is DeliveryState.PENDING else [])


def test_the_longest_waiting_mail_is_due_first_and_a_later_one_is_not(make: Factory, now: datetime) -> None:
    minutes = (5, 30, 0, -1)
    waiting = [
        in_state(make, DeliveryState.PENDING, next_attempt_at=now - timedelta(minutes=each)).id
        for each in minutes
    ]
    assert due_deliveries(now) == [waiting[1], waiting[0], waiting[2]]


@pytest.mark.parametrize("state", [state for state in DeliveryState if state is not DeliveryState.PENDING])
def test_a_job_that_comes_late_leaves_a_mail_as_it_is(make: Factory, state: DeliveryState) -> None:
    delivery = in_state(make, state, answer="as it was")
    deliver(delivery.id)
    assert (reread(delivery).state, reread(delivery).answer) == (state, "as it was")


def test_a_waiting_mail_is_kept_where_the_server_was_taken_away(make: Factory) -> None:
    delivery = in_state(make, DeliveryState.PENDING)
    deliver(delivery.id)
    after = reread(delivery)
    assert (after.state, after.answer) == (DeliveryState.KEPT, Obstacle.NO_SMTP_URL.value)
    assert (after.attempts, after.finished_at is None) == (1, False)


@pytest.mark.parametrize(
    ("allowed", "address", "hindrance"),
    [
        ("", "a@example.com", Obstacle.NOT_ALLOWED),
        ("a@example.com", "A@EXAMPLE.COM", None),
        ("a@example.com", "b@example.com", Obstacle.NOT_ALLOWED),
        ("a@example.com", "aa@example.com", Obstacle.NOT_ALLOWED),
        ("@example.com", "b@Example.com", None),
        # A domain is that domain: neither one below it nor one that ends alike.
        ("@example.com", "b@mail.example.com", Obstacle.NOT_ALLOWED),
        ("@example.com", "b@notexample.com", Obstacle.NOT_ALLOWED),
        ("@example.com", "b@example.com.evil.example", Obstacle.NOT_ALLOWED),
        ("@example.com,c@example.org", "c@example.org", None),
        ("@example.com,c@example.org", "d@example.org", Obstacle.NOT_ALLOWED),
        ("@example.com", "a@evil.example@example.com", Obstacle.BAD_ADDRESS),
        ("@example.com", "a@example.com\n", Obstacle.BAD_ADDRESS),
    ],
)
def test_outside_production_mail_allow_decides(
    settings: Settings, allowed: str, address: str, hindrance: Obstacle | None
) -> None:
    given = tuple(part for part in allowed.split(",") if part)
    assert obstacle(replace(settings, smtp_url="smtp://localhost", mail_allow=given), address) is hindrance


@pytest.mark.parametrize("allowed", [(), ("other@example.com",)])
def test_in_production_mail_allow_holds_nobody_back(settings: Settings, allowed: tuple[str, ...]) -> None:
    production = replace(
        settings, environment=Environment.PRODUCTION, mail_allow=allowed, smtp_url="smtp://x"
    )
    assert obstacle(production, "a@example.com") is None
    assert obstacle(replace(production, smtp_url=None), "a@example.com") is Obstacle.NO_SMTP_URL
    assert obstacle(replace(production, smtp_url=None), "nobody") is Obstacle.BAD_ADDRESS
