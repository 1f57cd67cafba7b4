"""The clock: an idempotent tick that asks Postgres what is due and not done. Any number of clocks may run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import structlog
from flask import current_app
from flask.cli import with_appcontext
from redis.exceptions import RedisError
from sqlalchemy import func, select, tuple_, update
from sqlalchemy.exc import DBAPIError

from jobs.delivery import CLAIM_LASTS, deliver
from jobs.digest import make_digest
from jobs.exports import due_exports, make_export
from jobs.import_steps import discard_forgotten, due_imports
from jobs.logins import forget_attempts
from jobs.mailbox import due_mailbox, read_mailbox
from jobs.queue_state import is_worker_alive
from jobs.queues import enqueue, job_id
from jobs.reminders import remind
from jobs.retention import due_purge, purge_expired
from models import Delivery, Department, Digest, FailedJob, acting_as, db, system_actor
from models.centre import site_zone
from models.deadline import resume_overlong
from models.digest import DeliveryState
from models.iso_week import IsoWeek, starts_at
from models.mail_obstacle import Obstacle
from models.office_calendar import working_calendar
from models.operating import Sign, give_sign
from models.working_time import WorkingCalendar

TICK_SECONDS = 20
# More than a worker gets through between two ticks; the next tick takes the rest.
MOST_DELIVERIES = 2000
# How long a digest waits that could not be made: twice as long after each failure.
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
# No holiday lasts longer; a day that none ends is taken as it is.
LONGEST_HOLIDAY_WEEKS = 4

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DueDigest:
    """A digest that should be there and is not."""

    department_id: int
    week: IsoWeek


def tick() -> None:
    """Do what is due: call abandoned sendings uncertain, queue the digests and mails that are missing.

    Raises:
        RedisError: when the queue can't be reached; what Postgres needed is done by then.
    """
    with acting_as(system_actor("clock")):
        now = db.session.scalar(select(func.now()))
        assert now is not None
        give_sign(Sign.TICK_BEGUN)
        # Commits, so that a round that comes to no end is seen to have begun.
        mark_abandoned(now)
        digests = tried_again(list(due_digests(now, site_zone())), now)
        deliveries = due_deliveries(now)
        discard_forgotten(now)
        forget_attempts(now)
        resume_overlong(now)
        imports = due_imports()
        exports = due_exports()
        night = due_purge(now, site_zone())
        has_mail = due_mailbox(current_app.extensions["settings"])
        db.session.commit()
    has_worker = False
    try:
        for due in digests:
            enqueue(make_digest, due.department_id, due.week.year, due.week.week)
        for delivery_id in deliveries:
            enqueue(deliver, delivery_id)
        for function, run_id in imports:
            enqueue(function, run_id)
        for run_id in exports:
            enqueue(make_export, run_id)
        if night is not None:
            enqueue(purge_expired, night)
        if has_mail:
            enqueue(read_mailbox)
        has_worker = is_worker_alive()
    finally:
        # What is late is said in the database, and so without a queue too.
        end_round(now, has_worker=has_worker)


def end_round(now: datetime, *, has_worker: bool) -> None:
    """Remind people, and note that the round came to its end; commits.

    Last and on its own, so that nothing else waits for it; the next tick sends the mails.
    """
    with acting_as(system_actor("clock")):
        remind(now)
        if has_worker:
            give_sign(Sign.WORKER_SEEN)
        give_sign(Sign.TICK_FINISHED)
        db.session.commit()


def mark_abandoned(now: datetime) -> None:
    """Call deliveries uncertain whose worker can't be alive any more; commits."""
    abandoned = db.session.scalars(
        update(Delivery)
        .where(Delivery.state == DeliveryState.SENDING, Delivery.claimed_at < now - CLAIM_LASTS)
        .values(state=DeliveryState.UNKNOWN, finished_at=now, answer=Obstacle.CUT_OFF.value)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.commit()
    for delivery_id in abandoned:
        log.warning("delivery_uncertain", delivery_id=delivery_id)


def due_week(
    department: Department, now: datetime, zone: ZoneInfo, calendar: WorkingCalendar | None = None
) -> IsoWeek | None:
    """Return the latest week whose digest is due at `now`; None while the department's first one isn't.

    A digest is due on the department's weekday and hour in the week that follows; on a holiday of `calendar`,
    at that hour of the first working day. Where the panel was down for long, only the last one goes out.
    """
    return next(iter(due_weeks(department, now, zone, calendar)), None)


def due_weeks(
    department: Department, now: datetime, zone: ZoneInfo, calendar: WorkingCalendar | None = None
) -> list[IsoWeek]:
    """Return the latest week whose digest is due, and those that holidays put off to the same instant."""
    closed = IsoWeek.last_closed(now, zone)
    found: list[IsoWeek] = []
    latest_due_at = None
    for week in (closed.shifted(-back) for back in range(LONGEST_HOLIDAY_WEEKS + 1)):
        day = week.shifted(1).monday + timedelta(days=int(department.digest_weekday) - 1)
        due_at = starts_at(_put_off(day, calendar), zone, department.digest_hour)
        # A department made since then was not there to be told.
        if due_at > now or due_at < department.created_at:
            continue
        if latest_due_at is None:
            latest_due_at = due_at
        if due_at == latest_due_at:
            found.append(week)
    return found


def _put_off(day: date, calendar: WorkingCalendar | None) -> date:
    """Return the first working day from a holiday on; any other day as it is, a free Saturday too."""
    if calendar is None or day not in calendar.holidays:
        return day
    following = (day + timedelta(days=days) for days in range(7 * LONGEST_HOLIDAY_WEEKS))
    return next((each for each in following if calendar.is_working_day(each)), day)


def due_digests(now: datetime, zone: ZoneInfo) -> Iterator[DueDigest]:
    """Yield what is due and has no digest yet."""
    departments = db.session.scalars(select(Department).where(Department.gets_digest).order_by(Department.id))
    calendar = working_calendar()
    due = [
        DueDigest(department.id, week)
        for department in departments
        for week in due_weeks(department, now, zone, calendar)
    ]
    key = tuple_(Digest.department_id, Digest.iso_year, Digest.iso_week)
    made = set(
        db.session.execute(
            select(Digest.department_id, Digest.iso_year, Digest.iso_week).where(
                key.in_([(item.department_id, item.week.year, item.week.week) for item in due])
            )
        )
    )
    yield from (item for item in due if (item.department_id, item.week.year, item.week.week) not in made)


def tried_again(due: list[DueDigest], now: datetime) -> list[DueDigest]:
    """Leave out the digests that failed and wait for a while, so that they take no worker from the others."""
    if not due:
        return due
    keys = {job_id(make_digest, one.department_id, one.week.year, one.week.week): one for one in due}
    failed = db.session.scalars(select(FailedJob).where(FailedJob.key.in_(keys)))
    waiting = {keys[job.key] for job in failed if (next_try_at(job) or now) > now}
    return [one for one in due if one not in waiting]


def next_try_at(failed: FailedJob) -> datetime | None:
    """Return when the clock tries a failed job again that it makes wait; None for one of another kind."""
    if failed.function != f"{make_digest.__module__}.{make_digest.__qualname__}":
        return None
    doubled: timedelta = FIRST_WAIT * 2 ** min(failed.failures - 1, 10)
    return failed.last_failed_at + min(doubled, LONGEST_WAIT)


def due_deliveries(now: datetime) -> list[int]:
    """Return the ids of the mails that wait and are due, longest waiting first."""
    return list(
        db.session.scalars(
            select(Delivery.id)
            .where(Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at <= now)
            .order_by(Delivery.next_attempt_at, Delivery.id)
            .limit(MOST_DELIVERIES)
        )
    )


def tick_safely() -> bool:
    """Tick, and live on when the database or the queue is away; returns whether all went well."""
    try:
        tick()
    except (DBAPIError, RedisError) as error:
        log.warning("tick_failed", error=type(error).__name__)
        return False
    finally:
        db.session.remove()
    return True


@click.command("clock")
@with_appcontext
def clock_command() -> None:
    """Tick until asked to stop."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    log.info("clock_started")
    while not stop.is_set():
        tick_safely()
        stop.wait(TICK_SECONDS)
    log.info("clock_stopped")
