"""In which state something comes into the outbox."""

from __future__ import annotations

from datetime import datetime

from config import Settings
from jobs.delivery import obstacle_of
from jobs.signature import signed
from models import Delivery
from models.digest import DeliveryState
from models.mail_obstacle import Obstacle
from models.robot import Channel

# Servers take 20 to 35 MB by their own account, some only 10.
LARGEST_MESSAGE = 10_000_000


def written(settings: Settings, delivery: Delivery, at: datetime) -> Delivery:
    """Return the delivery, a mail signed, in its first state: it waits unless something forbids sending."""
    if delivery.channel is Channel.MAIL:
        delivery.message = signed(delivery.message, settings)
    is_large = len(delivery.message) > LARGEST_MESSAGE
    hindrance = obstacle_of(settings, delivery.channel, delivery.recipient)
    if is_large:
        hindrance = Obstacle.TOO_LARGE
    delivery.state = _first_state(hindrance)
    delivery.created_at = delivery.next_attempt_at = at
    if hindrance is not None:
        delivery.answer, delivery.finished_at = hindrance.value, at
    return delivery


def _first_state(hindrance: Obstacle | None) -> DeliveryState:
    if hindrance is None:
        return DeliveryState.PENDING
    is_final = hindrance in (Obstacle.BAD_ADDRESS, Obstacle.TOO_LARGE)
    return DeliveryState.FAILED if is_final else DeliveryState.KEPT
