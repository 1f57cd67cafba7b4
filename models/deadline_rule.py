"""Deadline rules: how long the centre takes for what, and how that is counted; each from a date on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, String, case, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.actor import acting_as, system_actor
from models.base import Labelled, Reach, Record, db, enum_type, unique_among_kept
from models.working_time import WorkingCalendar

TIME_MOST = 1000
PAUSE_DAYS_MOST = 365
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class DeadlineKind(Labelled):
    """What is due, and since when the time runs; the order is that of the procedure."""

    # Since the complaint was registered.
    FIRST_ANSWER = "first_answer", _("First answer")
    SOLVED = "solved", _("Solved, else the supervisor is told")
    # Since the proposal was handed in.
    DECISION = "decision", _("Decision on the proposal")
    # Since the decision.
    TELL_CUSTOMER = "tell_customer", _("Customer told of the decision")
    # Since the task was given.
    CARRIED_OUT = "carried_out", _("Task carried out")
    # Since everything was carried out.
    CONFIRMED = "confirmed", _("Customer asked whether satisfied")
    # Since the deadline that was missed.
    ESCALATED = "escalated", _("Still late: goes to the supervisor")


class Counting(Labelled):
    """How the time of a rule is counted."""

    PLAIN_HOURS = "plain_hours", _("Plain hours")
    CALENDAR_DAYS = "calendar_days", _("Calendar days")
    WORKING_HOURS = "working_hours", _("Working hours")
    WORKING_DAYS = "working_days", _("Working days")


class DeadlineRule(Record):
    """How long is given for a kind of deadline, from `valid_from` until the next rule of that kind.

    A deadline in days ends with the last second of its day; 0 days are the same day.
    """

    __tablename__ = "deadline_rule"
    searched: ClassVar[tuple[str, ...]] = ("reason",)
    __table_args__ = (
        CheckConstraint(f"time_given BETWEEN 0 AND {TIME_MOST}", name="time_given"),
        CheckConstraint(f"pause_days_most BETWEEN 0 AND {PAUSE_DAYS_MOST}", name="pause_days_most"),
        unique_among_kept("deadline_rule", "kind", "valid_from"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE

    kind: Mapped[DeadlineKind] = mapped_column(enum_type(DeadlineKind))
    valid_from: Mapped[date]
    time_given: Mapped[int]
    counting: Mapped[Counting] = mapped_column(
        enum_type(Counting), default=Counting.CALENDAR_DAYS, server_default=Counting.CALENDAR_DAYS.value
    )
    # How many days in all the clock may stand still while the customer is waited for; 0: it never does.
    pause_days_most: Mapped[int] = mapped_column(default=0, server_default="0")
    # Such as the instruction or the contract that says so.
    reason: Mapped[str | None] = mapped_column(String(200))

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a rule by what it is for, and from when it counts."""
        columns = cls.__table__.c
        kind = case({each.value: str(each.label) for each in DeadlineKind}, value=columns.kind)
        return func.concat_ws(" ", kind, func.to_char(columns.valid_from, "YYYY-MM-DD"))

    def due_after(self, start: datetime, calendar: WorkingCalendar) -> datetime:
        """Return when what started then is due, in UTC."""
        match self.counting:
            case Counting.PLAIN_HOURS:
                return start.astimezone(UTC) + self.time_given * _HOUR
            case Counting.CALENDAR_DAYS:
                return calendar.add_calendar_days(start, self.time_given)
            case Counting.WORKING_HOURS:
                return calendar.add_working_time(start, self.time_given * _HOUR)
            case Counting.WORKING_DAYS:
                return calendar.add_working_days(start, self.time_given)

    def put_off(
        self, due_at: datetime, paused_at: datetime, resumed_at: datetime, calendar: WorkingCalendar
    ) -> datetime:
        """Return when it is due after the clock stood still, in the rule's own way of counting.

        In days it counts each that began meanwhile, in working days only those that are worked.
        """
        first, last = calendar.day_of(paused_at), calendar.day_of(resumed_at)
        match self.counting:
            case Counting.PLAIN_HOURS:
                return due_at + (resumed_at - paused_at)
            case Counting.CALENDAR_DAYS:
                return calendar.add_calendar_days(due_at, (last - first) // _DAY)
            case Counting.WORKING_HOURS:
                stood = calendar.working_time_between(paused_at, resumed_at)
                return calendar.add_working_time(due_at, stood)
            case Counting.WORKING_DAYS:
                stood_days = calendar.working_days_between(first, last)
                return calendar.add_working_days(due_at, stood_days) if stood_days else due_at


def all_rules() -> list[DeadlineRule]:
    """Return every rule, the latest of each kind first; the same for whoever acts."""
    with acting_as(system_actor("deadlines")), db.session.no_autoflush:
        found = select(DeadlineRule).order_by(DeadlineRule.kind, DeadlineRule.valid_from.desc())
        return list(db.session.scalars(found))


def rule_on(rules: Sequence[DeadlineRule], kind: DeadlineKind, day: date) -> DeadlineRule:
    """Return which of `rules` counts on a day: the latest that had begun, for earlier days the first of all.

    Raises:
        LookupError: where there is no rule of that kind, which the panel doesn't let happen.
    """
    of_kind = sorted((rule for rule in rules if rule.kind is kind), key=lambda rule: rule.valid_from)
    if not of_kind:
        raise LookupError(f"no deadline rule of kind {kind}")
    return next((rule for rule in reversed(of_kind) if rule.valid_from <= day), of_kind[0])
