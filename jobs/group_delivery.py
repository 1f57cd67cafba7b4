"""Handing one message to a chat group: whose robot it is, and whether it may be called from here."""

from __future__ import annotations

from sqlalchemy import select

from config import Settings
from jobs import robots
from jobs.smtp import Outcome, Verdict
from models import ChatGroup, db
from models.mail_obstacle import Obstacle


def group_obstacle(settings: Settings, robot: str) -> Obstacle | None:
    """Return what forbids calling a robot, by its shortened address; None where nothing does.

    Outside production MAIL_ALLOW decides, as it does for mail: a robot stands there as `end-of-key@host`, all
    those of a service as `@host`.
    """
    if settings.is_production:
        return None
    host, _slash, key_end = robot.partition("/…")
    is_allowed = f"@{host}" in settings.mail_allow or f"{key_end}@{host}" in settings.mail_allow
    return None if is_allowed else Obstacle.NOT_ALLOWED


def send_to_group(group_id: int | None, robot: str, message: bytes, seconds: float) -> Outcome:
    """Hand `message` to the robot that was meant when it was written; to no other that the group has by now.

    Ends the transaction: nobody waits for a lock while a service takes its time.
    """
    wanted = select(ChatGroup).where(ChatGroup.id == group_id, ChatGroup.robot == robot)
    group = db.session.scalars(wanted).one_or_none()
    opened = group.open_robot() if group is not None else None
    db.session.commit()
    if opened is None:
        problem = Obstacle.ROBOT_GONE if group is None else Obstacle.ROBOT_UNREADABLE
        return Outcome(Verdict.PERMANENT, problem.value)
    return robots.send(opened, message, seconds)
