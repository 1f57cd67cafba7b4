"""Deadlines: what is due for a record and when, by the rule that applied when the time began to run.

The functions flush and never commit. The procedure starts and settles; the clock of a deadline stands still
only while the customer is waited for, and goes on by itself once that took as long as the rule allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    CursorResult,
    ForeignKey,
    Identity,
    Index,
    event,
    inspect,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.actor import acting_as, system_actor
from models.base import Base, db, enum_type, now
from models.centre import Centre
from models.complaint import Complaint
from models.deadline_rule import Counting, DeadlineKind, DeadlineRule, all_rules, rule_on
from models.holiday import Holiday
from models.office_calendar import working_calendar
from models.scope import WITH_DELETED
from models.sql import insert_rows

# What one tick of the clock lets go on; the next takes the rest.
RESUMED_MOST = 500
_CALENDAR_CHANGED = "calendar_changed"
_IS_OPEN = text("settled_at IS NULL")


class Deadline(Base):
    """When something is due for a complaint; whoever answers for the complaint answers for it."""

    __tablename__ = "deadline"
    __table_args__ = (
        CheckConstraint("paused_seconds >= 0", name="paused_seconds"),
        CheckConstraint("(paused_at IS NULL) = (resumes_at IS NULL)", name="paused"),
        CheckConstraint("settled_at IS NULL OR paused_at IS NULL", name="settled"),
        Index(
            "uq_deadline_complaint_id_kind", "complaint_id", "kind", unique=True, postgresql_where=_IS_OPEN
        ),
        Index("ix_deadline_complaint_id", "complaint_id"),
        Index("ix_deadline_rule_id", "rule_id"),
        Index("ix_deadline_kind_due_at", "kind", "due_at"),
        # What is to do is asked for by kind; what was done in years must not be read with it.
        Index("ix_deadline_kind_due_at_open", "kind", "due_at", "id", postgresql_where=_IS_OPEN),
        Index("ix_deadline_due_at_open", "due_at", "id", postgresql_where=_IS_OPEN),
        Index(
            "ix_deadline_due_at_unreminded",
            "due_at",
            "id",
            postgresql_where=text("settled_at IS NULL AND reminded_late_at IS NULL"),
        ),
        Index(
            "ix_deadline_due_at_unescalated",
            "due_at",
            "id",
            postgresql_where=text("settled_at IS NULL AND escalated_at IS NULL"),
        ),
        Index("ix_deadline_resumes_at", "resumes_at", postgresql_where=text("resumes_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"))
    kind: Mapped[DeadlineKind] = mapped_column(enum_type(DeadlineKind))
    # The rule that applied; it is never changed afterwards.
    rule_id: Mapped[int] = mapped_column(ForeignKey("deadline_rule.id"))
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    # Since when its clock stands still, and when it goes on whatever happens; None while it runs.
    paused_at: Mapped[datetime | None]
    resumes_at: Mapped[datetime | None]
    # How long it stood still before.
    paused_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    # When who answers for it was reminded before and after it was due, and when the supervisor was told.
    reminded_before_at: Mapped[datetime | None]
    reminded_late_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]

    def is_late(self, at: datetime) -> bool:
        """Tell whether it was settled too late, or at `at` is open and late; not while it stands still."""
        if self.settled_at is None and self.paused_at is not None:
            return False
        return (self.settled_at or at) > self.due_at


def owes_late(kind: DeadlineKind, at: datetime) -> ColumnElement[bool]:
    """Return the condition of complaints that at `at` still owe what was due; not while the clock stands."""
    late = select(Deadline.complaint_id).where(
        Deadline.kind == kind,
        Deadline.due_at < at,
        Deadline.settled_at.is_(None),
        Deadline.paused_at.is_(None),
    )
    return Complaint.id.in_(late)


def start_deadlines(wanted: Iterable[tuple[int, DeadlineKind, datetime]]) -> None:
    """Let the time run for complaints: id, kind, since when; what is open already goes on as it is.

    For any number at once: a query for those that are open, one for the rules, an insert by the thousand.
    """
    asked = {(complaint_id, kind): at for complaint_id, kind, at in wanted}
    if not asked:
        return
    key = tuple_(Deadline.complaint_id, Deadline.kind)
    is_open = select(Deadline.complaint_id, Deadline.kind).where(
        key.in_(list(asked)), Deadline.settled_at.is_(None)
    )
    for complaint_id, kind in db.session.execute(is_open).all():
        del asked[complaint_id, kind]
    rules, calendar = all_rules(), working_calendar()
    rows = []
    for (complaint_id, kind), at in asked.items():
        rule = rule_on(rules, kind, calendar.day_of(at))
        rows.append(
            {
                "complaint_id": complaint_id,
                "kind": kind,
                "rule_id": rule.id,
                "started_at": at.astimezone(UTC),
                "due_at": rule.due_after(at, calendar),
            }
        )
    insert_rows(Deadline, rows)


def start_deadline(complaint: Complaint, kind: DeadlineKind, at: datetime) -> Deadline:
    """Return the open deadline of a kind: a new one that runs since `at`, or the one that runs already."""
    db.session.flush()
    start_deadlines([(complaint.id, kind, at)])
    return next(each for each in open_deadlines(complaint) if each.kind is kind)


def settle_deadline(complaint: Complaint, kind: DeadlineKind, at: datetime) -> bool:
    """Note that what was due is done; False where nothing of that kind is open (any more)."""
    open_now = [each for each in _locked_open(complaint.id) if each.kind is kind]
    _go_on([each for each in open_now if each.paused_at is not None], at)
    db.session.flush()
    of_kind = (Deadline.complaint_id == complaint.id, Deadline.kind == kind)
    settled = db.session.execute(
        update(Deadline).where(*of_kind, Deadline.settled_at.is_(None)).values(settled_at=at)
    )
    assert isinstance(settled, CursorResult)
    return settled.rowcount == 1


def pause(complaint: Complaint, at: datetime) -> int:
    """Stop the clocks of a complaint while the customer is waited for; return how many stopped.

    One that has stood still for as long as its rule allows runs on.
    """
    stopped = 0
    open_now = _locked_open(complaint.id)
    rules = _rules_of(open_now)
    for deadline in open_now:
        left = rules[deadline.rule_id].pause_days_most * timedelta(days=1)
        left -= timedelta(seconds=deadline.paused_seconds)
        if deadline.paused_at is None and left > timedelta(0):
            deadline.paused_at, deadline.resumes_at = at, at + left
            stopped += 1
    db.session.flush()
    return stopped


def resume(complaint: Complaint, at: datetime) -> int:
    """Let the clocks of a complaint run on, each put off by how long it stood; return how many did."""
    stood = [each for each in _locked_open(complaint.id) if each.paused_at is not None]
    _go_on(stood, at)
    db.session.flush()
    return len(stood)


def resume_overlong(at: datetime) -> int:
    """Let the clocks run on that have stood still for as long as their rules allow; return how many did."""
    stood = list(
        db.session.scalars(
            select(Deadline)
            .where(Deadline.resumes_at <= at)
            .order_by(Deadline.resumes_at, Deadline.id)
            .limit(RESUMED_MOST)
            # Whoever holds one settles it or lets it go on.
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )
    _go_on(stood, at)
    db.session.flush()
    return len(stood)


def _follow_calendar(at: datetime) -> None:
    """Work out anew what is due after `at` in working time, for a changed calendar, without a flush.

    What was due already stays missed, and what has stood still keeps what it was put off to.
    """
    in_working_time = (Counting.WORKING_HOURS, Counting.WORKING_DAYS)
    found = (
        select(Deadline)
        .join(DeadlineRule, DeadlineRule.id == Deadline.rule_id)
        .where(
            Deadline.settled_at.is_(None),
            Deadline.due_at > at,
            DeadlineRule.counting.in_(in_working_time),
            Deadline.paused_at.is_(None),
            Deadline.paused_seconds == 0,
        )
    )
    # Whoever changed the calendar, and also what a deleted rule began.
    options = {"populate_existing": True, WITH_DELETED: True}
    statement = found.order_by(Deadline.id).with_for_update(of=Deadline).execution_options(**options)
    with acting_as(system_actor("calendar")):
        open_now = db.session.scalars(statement).all()
        rules = _rules_of(open_now) if open_now else {}
    calendar = working_calendar()
    for deadline in open_now:
        deadline.due_at = rules[deadline.rule_id].due_after(deadline.started_at, calendar)


def open_deadlines(complaint: Complaint) -> list[Deadline]:
    """Return what is due for a complaint and not done, the most pressing first."""
    found = select(Deadline).where(Deadline.complaint_id == complaint.id, Deadline.settled_at.is_(None))
    return list(db.session.scalars(found.order_by(Deadline.due_at, Deadline.id)))


def _locked_open(complaint_id: int) -> list[Deadline]:
    """Return the open deadlines as they stand now, held until the transaction ends."""
    found = select(Deadline).where(Deadline.complaint_id == complaint_id, Deadline.settled_at.is_(None))
    statement = found.order_by(Deadline.id).with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(statement))


def _go_on(stood: Sequence[Deadline], at: datetime) -> None:
    """Let deadlines that stand still and are locked run on since `at`, or since they had to."""
    if not stood:
        return
    rules, calendar = _rules_of(stood), working_calendar()
    for deadline in stood:
        assert deadline.paused_at is not None
        assert deadline.resumes_at is not None
        since = max(min(at, deadline.resumes_at), deadline.paused_at)
        rule = rules[deadline.rule_id]
        deadline.due_at = rule.put_off(deadline.due_at, deadline.paused_at, since, calendar)
        deadline.paused_seconds += round((since - deadline.paused_at).total_seconds())
        deadline.paused_at = deadline.resumes_at = None


@event.listens_for(db.session, "after_flush")
def _note_changed_calendar(session: Session, _flush_context: Any) -> None:
    """Note that days or hours differ now; here, since forms, notices, imports and the bin all come by."""
    rows = (*session.dirty, *session.new, *session.deleted)
    if any(isinstance(row, Holiday) or (isinstance(row, Centre) and _has_new_hours(row)) for row in rows):
        session.info[_CALENDAR_CHANGED] = True


@event.listens_for(db.session, "after_flush_postexec")
def _follow_changed_calendar(session: Session, _flush_context: Any) -> None:
    if session.info.pop(_CALENDAR_CHANGED, False):
        # Written by the flush that follows: this one has not ended.
        _follow_calendar(now())


def _has_new_hours(centre: Centre) -> bool:
    return bool(inspect(centre).attrs.working_hours.history.has_changes())


def _rules_of(deadlines: Sequence[Deadline]) -> dict[int, DeadlineRule]:
    """Return the rules that applied to these, by id; one that was deleted since still does."""
    keys = {each.rule_id for each in deadlines}
    found = select(DeadlineRule).where(DeadlineRule.id.in_(keys))
    return {rule.id: rule for rule in db.session.scalars(found, execution_options={WITH_DELETED: True})}
