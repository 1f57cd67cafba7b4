"""What a year of complaints must come to: deadlines and reminders worked out once more, the plain way.

Nothing of the panel's own computation is used: days and working minutes stand in lists that are counted off,
and every open clock is looked at by itself at each tick. Times are local ones, to the minute.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count, takewhile

from chinese_calendar import is_workday

from models.step_taken import Move

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST_DAY, LAST_DAY = date(2025, 1, 1), date(2026, 12, 31)

# Kind, valid from, time given, how it is counted, days that the clock may stand still; the later one counts.
RULES = (
    ("first_answer", date(2000, 1, 1), 24, "plain_hours", 0),
    ("solved", date(2000, 1, 1), 2, "calendar_days", 7),
    ("decision", date(2000, 1, 1), 1, "working_days", 7),
    ("tell_customer", date(2000, 1, 1), 0, "calendar_days", 0),
    ("carried_out", date(2000, 1, 1), 7, "calendar_days", 14),
    ("confirmed", date(2000, 1, 1), 3, "calendar_days", 14),
    ("escalated", date(2000, 1, 1), 2, "calendar_days", 0),
)
# What the centre sets anew in the course of the year, around its holidays.
CHANGED_RULES = (
    ("solved", date(2025, 6, 1), 2, "working_days", 5),
    ("decision", date(2025, 8, 15), 8, "working_hours", 3),
    ("carried_out", date(2025, 10, 1), 5, "working_days", 10),
    ("escalated", date(2025, 10, 5), 1, "working_days", 0),
    ("solved", date(2025, 12, 30), 12, "working_hours", 4),
    ("tell_customer", date(2025, 12, 31), 6, "working_hours", 0),
    ("confirmed", date(2026, 1, 2), 72, "plain_hours", 7),
    ("escalated", date(2026, 2, 10), 16, "working_hours", 0),
)

# What each step settles and lets begin, and after which the customer is waited for.
SETTLES = {
    Move.VERIFY: ("first_answer",),
    Move.ANSWER_ON_THE_SPOT: ("first_answer", "solved"),
    Move.APPROVE: ("decision",),
    Move.REFUSE: ("decision",),
    Move.WITHDRAW: ("decision",),
    Move.TELL: ("tell_customer",),
    Move.DECLINE: ("tell_customer",),
    Move.AGREE: ("tell_customer", "solved"),
    Move.CARRY_OUT: ("carried_out",),
    Move.CONFIRM: ("confirmed",),
    Move.REJECT: ("confirmed",),
}
STARTS = {
    Move.REGISTER: ("first_answer", "solved"),
    Move.ANSWER_ON_THE_SPOT: ("confirmed",),
    Move.PROPOSE: ("decision",),
    Move.APPROVE: ("tell_customer",),
    Move.AGREE: ("carried_out",),
    Move.CARRY_OUT: ("confirmed",),
    Move.REJECT: ("solved",),
    Move.REOPEN: ("solved",),
}

_DAYS = list(takewhile(lambda day: day <= LAST_DAY, (FIRST_DAY + n * DAY for n in count())))
WORKED_DAYS = [day for day in _DAYS if is_workday(day)]
_WORKED_OF_A_DAY = [*range(8 * 60 + 30, 12 * 60), *range(13 * 60 + 30, 17 * 60 + 30)]
# Each minute that is worked, by its beginning.
WORKED_MINUTES = [
    datetime(day.year, day.month, day.day) + minute * MINUTE  # noqa: DTZ001 - local times throughout
    for day in WORKED_DAYS
    for minute in _WORKED_OF_A_DAY
]


def end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59)  # noqa: DTZ001 - local time


def nth_worked_day(day: date, number: int) -> date:
    if number == 0:
        return WORKED_DAYS[bisect_left(WORKED_DAYS, day)]
    return WORKED_DAYS[bisect_right(WORKED_DAYS, day) + number - 1]


def after_worked_minutes(at: datetime, minutes: int) -> datetime:
    return at if minutes == 0 else WORKED_MINUTES[bisect_left(WORKED_MINUTES, at) + minutes - 1] + MINUTE


@dataclass(frozen=True, slots=True)
class Rule:
    kind: str
    valid_from: date
    given: int
    counting: str
    days_still: int

    def due(self, start: datetime) -> datetime:
        if self.counting == "plain_hours":
            return start + self.given * HOUR
        if self.counting == "calendar_days":
            return end_of(start.date() + self.given * DAY)
        if self.counting == "working_days":
            return end_of(nth_worked_day(start.date(), self.given))
        return after_worked_minutes(start, self.given * 60)

    def later(self, due: datetime, since: datetime, until: datetime) -> datetime:
        """Return when it is due after standing still."""
        if self.counting == "plain_hours":
            return due + (until - since)
        if self.counting == "calendar_days":
            return end_of(due.date() + (until.date() - since.date()))
        if self.counting == "working_days":
            days = [day for day in WORKED_DAYS if since.date() < day <= until.date()]
            return end_of(nth_worked_day(due.date(), len(days))) if days else due
        worked = bisect_left(WORKED_MINUTES, until) - bisect_left(WORKED_MINUTES, since)
        return after_worked_minutes(due, worked)


_ALL_RULES = [Rule(*each) for each in (*RULES, *CHANGED_RULES)]


def rule_of(kind: str, day: date) -> Rule:
    return max(
        (rule for rule in _ALL_RULES if rule.kind == kind and rule.valid_from <= day),
        key=lambda rule: rule.valid_from,
    )


@dataclass(slots=True)
class Clock:
    """One deadline: since when it runs, when it is due, how it stood still, and of what was told when."""

    case: int
    kind: str
    rule: Rule
    started: datetime
    due: datetime
    is_urgent: bool
    settled: datetime | None = None
    still_since: datetime | None = None
    still_until: datetime | None = None
    stood: timedelta = timedelta(0)
    told: dict[str, datetime] = field(default_factory=dict)

    def stand_still(self, at: datetime) -> None:
        left = self.rule.days_still * DAY - self.stood
        if self.still_since is None and left > timedelta(0):
            self.still_since, self.still_until = at, at + left

    def go_on(self, at: datetime) -> None:
        if self.still_since is None or self.still_until is None:
            return
        until = min(at, self.still_until)
        self.due = self.rule.later(self.due, self.still_since, until)
        self.stood += until - self.still_since
        self.still_since = self.still_until = None

    def wants(self, at: datetime) -> list[str]:
        """Return of what has to be told at a tick and was not."""
        if self.still_since is not None:
            return []
        wanted = []
        left = self.due - at
        if timedelta(0) <= left <= DAY and left * 4 <= self.due - self.started:
            wanted.append("before")
        if self.due < at:
            wanted.append("late")
            if self.is_urgent or rule_of("escalated", self.due.date()).due(self.due) < at:
                wanted.append("escalated")
        return [stage for stage in wanted if stage not in self.told]


class Oracle:
    """All clocks of all cases."""

    def __init__(self) -> None:
        self.clocks: list[Clock] = []
        self.running: dict[tuple[int, str], Clock] = {}

    def move(self, case: int, move: Move, at: datetime, *, is_urgent: bool) -> None:
        """Let a step have its consequences."""
        for kind in SETTLES.get(move, ()):
            clock = self.running.pop((case, kind), None)
            if clock is not None:
                clock.go_on(at)
                clock.settled = at
        for kind in STARTS.get(move, ()):
            if (case, kind) not in self.running:
                rule = rule_of(kind, at.date())
                clock = Clock(case, kind, rule, at, rule.due(at), is_urgent)
                self.clocks.append(clock)
                self.running[case, kind] = clock
        for clock in self.running.values():
            if clock.case == case and move is Move.TELL:
                clock.stand_still(at)
            elif clock.case == case:
                clock.go_on(at)

    def tick(self, at: datetime) -> list[tuple[str, Clock]]:
        """Return of what has to be told now, once each."""
        told = []
        for clock in self.running.values():
            if clock.still_until is not None and clock.still_until <= at:
                clock.go_on(at)
            for stage in clock.wants(at):
                clock.told[stage] = at
                told.append((stage, clock))
        return told
