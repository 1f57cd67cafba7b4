"""Delivering one mail or message: claimed by one worker, sent at most once, its end always written down.

Neither can be sent exactly once. So the row is claimed first, the message goes out with an id of its own,
and when it isn't known whether the server took it, a person decides: it is never sent again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.engine import CursorResult

from config import Settings
from jobs.group_delivery import group_obstacle, send_to_group
from jobs.mail_message import is_address
from jobs.queues import job
from jobs.smtp import Outcome, Verdict, send
from models import Delivery, acting_as, db, system_actor
from models.bad_address import is_held_back
from models.digest import DeliveryState
from models.mail_obstacle import Obstacle
from models.robot import Channel

log = structlog.get_logger()

# The eighth try is 22 h 21 min after the first: within a day, then it has failed.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
MOST_ATTEMPTS = len(RETRY_AFTER) + 1
SEND_SECONDS = 45
JOB_SECONDS = 75
# Longer than any send can last: a row claimed earlier belongs to a worker that is no more.
CLAIM_LASTS = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker holds once a delivery is its own; `attempt` tells its claim from a later one."""

    delivery_id: int
    attempt: int
    recipient: str
    message: bytes
    channel: Channel = Channel.MAIL
    chat_group_id: int | None = None


@job(timeout_seconds=JOB_SECONDS, title=_("Send a mail"))
def deliver(delivery_id: int) -> None:
    """Send a delivery that is due, unless another worker has it; safe to run any number of times."""
    settings: Settings = current_app.extensions["settings"]
    with acting_as(system_actor("job:delivery")):
        claim = claim_delivery(delivery_id)
        if claim is None:
            return
        outcome = _try(settings, claim)
        finish(claim, outcome)
        log.info("delivery_tried", delivery_id=delivery_id, verdict=outcome.verdict, attempt=claim.attempt)


def _try(settings: Settings, claim: Claim) -> Outcome:
    """Send by the channel of what was claimed, unless something forbids it."""
    hindrance = obstacle_of(settings, claim.channel, claim.recipient)
    if hindrance is not None:
        return Outcome(Verdict.KEPT, hindrance.value)
    if claim.channel is not Channel.MAIL:
        return send_to_group(claim.chat_group_id, claim.recipient, claim.message, SEND_SECONDS)
    if is_held_back(claim.delivery_id):
        # Failed, so that it is seen where it was meant to be read, and somebody mends the address.
        return Outcome(Verdict.PERMANENT, Obstacle.MAIL_CAME_BACK.value)
    assert settings.smtp_url is not None
    return send(settings.smtp_url, settings.mail_from, claim.recipient, claim.message, SEND_SECONDS)


def obstacle_of(settings: Settings, channel: Channel, recipient: str) -> Obstacle | None:
    """Return what forbids sending to a recipient by a channel, None where nothing does."""
    is_mail = channel is Channel.MAIL
    return obstacle(settings, recipient) if is_mail else group_obstacle(settings, recipient)


def obstacle(settings: Settings, address: str) -> Obstacle | None:
    """Return what forbids mailing to `address`, None where nothing does."""
    if not is_address(address):
        return Obstacle.BAD_ADDRESS
    if settings.smtp_url is None:
        return Obstacle.NO_SMTP_URL
    if settings.is_production:
        return None
    # Copies of the database on other machines must not mail real people.
    domain = "@" + address.lower().partition("@")[2]
    allowed = address.lower() in settings.mail_allow or domain in settings.mail_allow
    return None if allowed else Obstacle.NOT_ALLOWED


def claim_delivery(delivery_id: int) -> Claim | None:
    """Take a waiting delivery, and commit; None where it isn't waiting, isn't due, or another was first."""
    at = _now()
    taken = db.session.execute(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == DeliveryState.PENDING,
            Delivery.next_attempt_at <= at,
        )
        .values(state=DeliveryState.SENDING, claimed_at=at, attempts=Delivery.attempts + 1)
        .returning(
            Delivery.id,
            Delivery.attempts,
            Delivery.recipient,
            Delivery.message,
            Delivery.channel,
            Delivery.chat_group_id,
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.commit()
    return None if taken is None else Claim(*taken)


def finish(claim: Claim, outcome: Outcome) -> bool:
    """Write down how a claimed delivery ended, and commit; returns whether this claim still counted.

    The clock may have called it uncertain meanwhile; what the server said is more than that.
    """
    at = _now()
    state = _state_after(outcome.verdict, claim.attempt)
    values: dict[str, object] = {"state": state, "answer": outcome.answer or None}
    if state is DeliveryState.PENDING:
        values["next_attempt_at"] = at + RETRY_AFTER[claim.attempt - 1]
    else:
        values["finished_at"] = at
    written = db.session.execute(
        update(Delivery)
        .where(Delivery.id == claim.delivery_id, Delivery.attempts == claim.attempt)
        .where(Delivery.state.in_((DeliveryState.SENDING, DeliveryState.UNKNOWN)))
        .values(values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    assert isinstance(written, CursorResult)
    return written.rowcount == 1


def _state_after(verdict: Verdict, attempt: int) -> DeliveryState:
    if verdict is Verdict.TEMPORARY:
        return DeliveryState.PENDING if attempt < MOST_ATTEMPTS else DeliveryState.FAILED
    return {
        Verdict.SENT: DeliveryState.SENT,
        Verdict.PERMANENT: DeliveryState.FAILED,
        Verdict.UNKNOWN: DeliveryState.UNKNOWN,
        Verdict.KEPT: DeliveryState.KEPT,
    }[verdict]


def _now() -> datetime:
    # The database's clock: those of the workers' machines may differ.
    at: datetime | None = db.session.scalar(select(func.now()))
    assert at is not None
    return at
