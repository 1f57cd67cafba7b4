"""How a deadline comes about, in words: which days count, which are passed over, and when it is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from models.deadline_rule import Counting, DeadlineRule
from models.working_time import WorkingCalendar
from views.clock import show_instant
from views.year_calendar import short_day

_DAY = timedelta(days=1)
# Nobody follows more than these one by one.
DAYS_MOST = 400
RUNS_MOST = 12


@dataclass(frozen=True, slots=True)
class Run:
    """Days one after the other that are treated alike: counted, make-up days that are, or passed over."""

    first: date
    last: date
    is_counted: bool
    is_make_up: bool

    @property
    def words(self) -> str:
        """Return what becomes of these days."""
        days = " – ".join(dict.fromkeys((short_day(self.first), short_day(self.last))))
        if self.is_make_up:
            return str(_("counts %(days)s (make-up)", days=days))
        return str(
            _("counts %(days)s", days=days) if self.is_counted else _("passes over %(days)s", days=days)
        )


def rule_in_words(rule: DeadlineRule) -> str:
    """Return how much time a rule gives."""
    number = rule.time_given
    if rule.counting is Counting.PLAIN_HOURS:
        return str(ngettext("%(num)d plain hour", "%(num)d plain hours", number))
    if rule.counting is Counting.WORKING_HOURS:
        return str(ngettext("%(num)d working hour", "%(num)d working hours", number))
    if number == 0:
        return str(
            _("the same day") if rule.counting is Counting.CALENDAR_DAYS else _("the same working day")
        )
    if rule.counting is Counting.CALENDAR_DAYS:
        return str(ngettext("%(num)d calendar day", "%(num)d calendar days", number))
    return str(ngettext("%(num)d working day", "%(num)d working days", number))


def reasons(rule: DeadlineRule, start: datetime, calendar: WorkingCalendar) -> list[str]:
    """Return the steps from the instant at which the time begins to run to the one at which it is due."""
    due_at = rule.due_after(start, calendar)
    begins = _("from %(at)s", at=f"{short_day(calendar.day_of(start))} {show_instant(start)[11:]}")
    if rule.counting is Counting.PLAIN_HOURS:
        return [str(begins), str(_("nights and free days count too"))]
    if rule.counting is Counting.CALENDAR_DAYS:
        free = [str(_("free days count too"))] if rule.time_given else []
        return [str(begins), *free, str(_("to the end of the day"))]
    runs = list(_runs(rule, start, due_at, calendar))
    steps = [str(begins), *(run.words for run in runs[:RUNS_MOST])]
    if len(runs) > RUNS_MOST:
        steps.append(str(_("and so on")))
    return steps if rule.counting is Counting.WORKING_HOURS else [*steps, str(_("to the end of the day"))]


def _runs(rule: DeadlineRule, start: datetime, due_at: datetime, calendar: WorkingCalendar) -> Iterator[Run]:
    """Yield the days up to the one on which it is due, those alike together."""
    first, last = calendar.day_of(start), calendar.day_of(due_at)
    # In whole days the one on which it begins counts only where none other is given.
    if rule.counting is Counting.WORKING_DAYS and rule.time_given:
        first += _DAY
    run: Run | None = None
    for number in range(min((last - first).days + 1, DAYS_MOST)):
        day = first + number * _DAY
        is_counted = _is_counted(rule, day, start, due_at, calendar)
        is_make_up = is_counted and day in calendar.make_up_days
        if run is not None and (run.is_counted, run.is_make_up) == (is_counted, is_make_up):
            run = Run(run.first, day, is_counted, is_make_up)
            continue
        if run is not None:
            yield run
        run = Run(day, day, is_counted, is_make_up)
    if run is not None:
        yield run


def _is_counted(
    rule: DeadlineRule, day: date, start: datetime, due_at: datetime, calendar: WorkingCalendar
) -> bool:
    if rule.counting is Counting.WORKING_DAYS:
        return calendar.is_working_day(day)
    begins, ends = calendar.end_of_day(day - _DAY), calendar.end_of_day(day)
    return calendar.working_time_between(max(begins, start), min(ends, due_at)) > timedelta(0)
