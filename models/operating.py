"""How the panel itself fares: signs of life of its processes, and the jobs that failed.

The queue may vanish at any moment, so what a person has to know stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Select,
    String,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Labelled, db, enum_type
from models.digest import Delivery, DeliveryState
from models.mailbox import in_trouble
from models.sql import insert_unless_known

# The clock ticks every 20 seconds; a tick over a large week may take longer.
TICK_LATE_AFTER = timedelta(minutes=2)
WORKER_LATE_AFTER = timedelta(minutes=2)
# A mail that is due goes out within seconds, when all is well.
MAIL_LATE_AFTER = timedelta(minutes=10)
# Older failures of mails have been seen, or nobody misses the mail.
MAIL_FAILED_WITHIN = timedelta(days=14)
# Beyond this nobody counts.
COUNT_MOST = 999


class Sign(Labelled):
    """Something that shows that a part of the panel lives; the last instant of each is kept."""

    TICK_BEGUN = "tick_begun", _("The clock began its round")
    TICK_FINISHED = "tick_finished", _("The clock finished its round")
    WORKER_SEEN = "worker_seen", _("The clock saw a worker alive")
    BACKUP_MADE = "backup_made", _("Backup made and tried")


class SignOfLife(Base):
    """The last instant at which a sign was given, by the database's clock."""

    __tablename__ = "sign_of_life"

    sign: Mapped[Sign] = mapped_column(enum_type(Sign), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class FailedJob(Base):
    """A job whose last run failed; the row goes when it succeeds, and rests when a person sets it aside."""

    __tablename__ = "failed_job"
    __table_args__ = (
        Index("ix_failed_job_open", "last_failed_at", postgresql_where=text("settled_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    # Under which it is queued: the same call has the same one.
    key: Mapped[str] = mapped_column(String(200), unique=True)
    function: Mapped[str] = mapped_column(String(120))
    arguments: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    # The name of the exception's class, and where it was raised: never its message, which may name people.
    error: Mapped[str] = mapped_column(String(120))
    detail: Mapped[str]
    failures: Mapped[int] = mapped_column(default=1, server_default="1")
    first_failed_at: Mapped[datetime]
    last_failed_at: Mapped[datetime]
    # Who started it again by hand after the last failure, and when; None where nobody has.
    again_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    again_at: Mapped[datetime | None]
    # Who said that nothing more is to be done about it.
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    settled_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database tells of the panel's health, in one statement."""

    at: datetime
    signs: dict[Sign, datetime]
    failed_jobs: int
    mails_waiting: int
    mails_late: int
    mails_sending: int
    mails_uncertain: int
    mails_failed: int
    mailboxes_unread: int

    def age(self, sign: Sign) -> timedelta | None:
        """Return how long ago a sign was given last; None where it never was."""
        given = self.signs.get(sign)
        return None if given is None else max(timedelta(0), self.at - given)


def give_sign(sign: Sign) -> None:
    """Note that a sign was given now; doesn't commit."""
    done = db.session.execute(
        update(SignOfLife)
        .where(SignOfLife.sign == sign)
        .values(at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
    if _count(done) == 0:
        insert_unless_known(SignOfLife, [{"sign": sign.value, "at": "now"}], "sign")


def facts() -> Facts:
    """Return what the database tells of the panel's health."""
    row = db.session.execute(select(*(each.label(name) for name, each in _counts().items()))).one()
    signs = {row.sign: row.at for row in db.session.execute(select(SignOfLife.sign, SignOfLife.at))}
    return Facts(signs=signs, **row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row by its labels


def _counts() -> dict[str, Any]:
    now, state = func.clock_timestamp(), Delivery.state
    pending = select(Delivery.id).where(state == DeliveryState.PENDING)
    return {
        "at": now,
        "failed_jobs": _capped(select(FailedJob.id).where(FailedJob.settled_at.is_(None))),
        "mails_waiting": _capped(pending),
        "mails_late": _capped(pending.where(Delivery.next_attempt_at < func.now() - MAIL_LATE_AFTER)),
        "mails_sending": _capped(select(Delivery.id).where(state == DeliveryState.SENDING)),
        "mails_uncertain": _capped(
            select(Delivery.id).where(state == DeliveryState.UNKNOWN, Delivery.settled_by_id.is_(None))
        ),
        "mails_failed": _capped(failed_mails()),
        "mailboxes_unread": _capped(in_trouble()),
    }


def failed_mails() -> Select[int]:
    """Return the mails that failed lately and that nobody has seen to."""
    return select(Delivery.id).where(
        Delivery.state == DeliveryState.FAILED,
        Delivery.settled_by_id.is_(None),
        Delivery.finished_at > func.now() - MAIL_FAILED_WITHIN,
    )


def _capped(rows: Select[Any]) -> Any:
    return select(func.count()).select_from(rows.limit(COUNT_MOST + 1).subquery()).scalar_subquery()


def wrong_count() -> Any:
    """Return, as one value of a statement, how many things are wrong that an administrator must look into.

    Cheap enough for each page: the signs are four rows, the rest is found by indexes that hold only that.
    """
    old = func.clock_timestamp()
    late_signs = select(SignOfLife.sign).where(
        ((SignOfLife.sign == Sign.TICK_FINISHED) & (SignOfLife.at < old - TICK_LATE_AFTER))
        | ((SignOfLife.sign == Sign.WORKER_SEEN) & (SignOfLife.at < old - WORKER_LATE_AFTER))
    )
    late_mail = (
        select(Delivery.id)
        .where(Delivery.state == DeliveryState.PENDING)
        .where(Delivery.next_attempt_at < func.now() - MAIL_LATE_AFTER)
        .limit(1)
    )
    failed = select(FailedJob.id).where(FailedJob.settled_at.is_(None)).limit(COUNT_MOST + 1)
    parts = (late_signs, late_mail, failed, in_trouble())
    counts = [select(func.count()).select_from(each.subquery()).scalar_subquery() for each in parts]
    return counts[0] + counts[1] + counts[2] + counts[3]


def note_failure(key: str, function: str, arguments: list[Any], error: str, detail: str) -> None:
    """Note that a job failed, once more or for the first time; doesn't commit."""
    if _failed_again(key, error, detail):
        return
    row = {"key": key, "function": function, "arguments": arguments, "error": error, "detail": detail}
    instants = dict.fromkeys(("first_failed_at", "last_failed_at"), "now")
    if not insert_unless_known(FailedJob, [row | instants | {"failures": 1}], "id"):
        # Another worker was faster with its first failure.
        _failed_again(key, error, detail)


def _failed_again(key: str, error: str, detail: str) -> bool:
    done = db.session.execute(
        update(FailedJob)
        .where(FailedJob.key == key)
        .values(
            error=error,
            detail=detail,
            failures=FailedJob.failures + 1,
            last_failed_at=func.clock_timestamp(),
            settled_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    return _count(done) > 0


def forget_failure(key: str) -> None:
    """Let go of a job's failure: it has succeeded; doesn't commit."""
    db.session.execute(
        delete(FailedJob).where(FailedJob.key == key).execution_options(synchronize_session=False)
    )


def failed_jobs(most: int) -> list[FailedJob]:
    """Return the jobs that failed and are not set aside, the last failure first."""
    found = select(FailedJob).where(FailedJob.settled_at.is_(None)).order_by(FailedJob.last_failed_at.desc())
    return list(db.session.scalars(found.limit(most)))


def claim_again(key: int, failures: int, staff_id: int | None) -> FailedJob | None:
    """Note that a person starts a job again that failed so many times; None where somebody has. No commit."""
    return _claim(
        key,
        (
            FailedJob.failures == failures,
            (FailedJob.again_at < FailedJob.last_failed_at) | FailedJob.again_at.is_(None),
        ),
        {"again_by_id": staff_id, "again_at": func.clock_timestamp()},
    )


def settle(key: int, failures: int, staff_id: int | None) -> FailedJob | None:
    """Set a failure aside that was seen with so many tries; None where it has changed since. No commit."""
    return _claim(
        key,
        (FailedJob.failures == failures,),
        {"settled_by_id": staff_id, "settled_at": func.clock_timestamp()},
    )


def _claim(key: int, conditions: tuple[Any, ...], values: dict[str, Any]) -> FailedJob | None:
    done = db.session.execute(
        update(FailedJob)
        .where(FailedJob.id == key, FailedJob.settled_at.is_(None), *conditions)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    return db.session.get(FailedJob, key, populate_existing=True) if _count(done) else None


def _count(done: Any) -> int:
    assert isinstance(done, CursorResult)
    return done.rowcount
