"""Deadlines: worked out in one place by the rule that applied, and stopped only for the customer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from conftest import count_queries
from factories import Factory
from models import Complaint, Deadline, db
from models.deadline import (
    open_deadlines,
    pause,
    resume,
    resume_overlong,
    settle_deadline,
    start_deadline,
    start_deadlines,
)
from models.deadline_rule import Counting, DeadlineKind, all_rules, rule_on
from models.holiday import HolidayKind
from models.office_calendar import read_hours, set_working_hours, working_calendar
from models.working_time import DEFAULT_HOURS

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def shown(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make records in the session in which the rules work."""
    return Factory(db.session())


@pytest.fixture
def complaint(make: Factory) -> Complaint:
    return make.complaint()


def due_of(complaint: Complaint, kind: DeadlineKind) -> str:
    db.session.expire_all()
    return shown(next(each.due_at for each in open_deadlines(complaint) if each.kind is kind))


@pytest.mark.usefixtures("in_app")
def test_every_kind_has_a_rule_from_the_beginning() -> None:
    assert {rule.kind for rule in all_rules()} == set(DeadlineKind)


@pytest.mark.parametrize(
    ("kind", "start", "due"),
    [
        (DeadlineKind.FIRST_ANSWER, "2026-12-31 15:00", "2027-01-01 15:00:00"),
        (DeadlineKind.SOLVED, "2026-12-30 23:59", "2027-01-01 23:59:59"),
        (DeadlineKind.DECISION, "2026-03-06 18:00", "2026-03-09 23:59:59"),
        (DeadlineKind.TELL_CUSTOMER, "2026-03-06 00:00", "2026-03-06 23:59:59"),
        (DeadlineKind.CARRIED_OUT, "2026-02-25 09:00", "2026-03-04 23:59:59"),
        (DeadlineKind.CONFIRMED, "2026-03-06 09:00", "2026-03-09 23:59:59"),
        (DeadlineKind.ESCALATED, "2026-03-06 23:59:59", "2026-03-08 23:59:59"),
    ],
)
def test_the_first_rules_are_those_of_the_procedure(
    complaint: Complaint, kind: DeadlineKind, start: str, due: str
) -> None:
    deadline = start_deadline(complaint, kind, at(start))
    assert (shown(deadline.started_at), shown(deadline.due_at)) == (shown(at(start)), due)


def test_working_days_skip_holidays_and_count_make_up_days(make: Factory, complaint: Complaint) -> None:
    for day in range(1, 6):
        make.holiday(falls_on=date(2026, 5, day), name="劳动节")
    make.holiday(falls_on=date(2026, 5, 9), kind=HolidayKind.WORKING_DAY, name="调休上班")
    start_deadline(complaint, DeadlineKind.DECISION, at("2026-04-30 20:00"))
    assert due_of(complaint, DeadlineKind.DECISION) == "2026-05-06 23:59:59"
    settle_deadline(complaint, DeadlineKind.DECISION, at("2026-05-06 09:00"))
    start_deadline(complaint, DeadlineKind.DECISION, at("2026-05-08 20:00"))
    assert due_of(complaint, DeadlineKind.DECISION) == "2026-05-09 23:59:59"


def test_the_rule_of_the_day_counts_and_is_stored(make: Factory, complaint: Complaint) -> None:
    later = make.deadline_rule(
        kind=DeadlineKind.DECISION, valid_from=date(2026, 3, 4), time_given=6, counting=Counting.WORKING_HOURS
    )
    # One second before midnight the former still counts.
    before = start_deadline(complaint, DeadlineKind.DECISION, at("2026-03-03 23:59:59"))
    assert (before.rule_id == later.id, shown(before.due_at)) == (False, "2026-03-04 23:59:59")
    settle_deadline(complaint, DeadlineKind.DECISION, at("2026-03-04 00:00"))
    after = start_deadline(complaint, DeadlineKind.DECISION, at("2026-03-04 00:00"))
    assert (after.rule_id, shown(after.due_at)) == (later.id, "2026-03-04 16:00:00")


def test_before_the_first_rule_that_one_counts_already(make: Factory) -> None:
    first = min(
        (rule for rule in all_rules() if rule.kind is DeadlineKind.SOLVED), key=lambda rule: rule.valid_from
    )
    assert rule_on(all_rules(), DeadlineKind.SOLVED, date(1990, 1, 1)) is first
    with pytest.raises(LookupError):
        rule_on([], DeadlineKind.SOLVED, date(2026, 1, 1))


def test_a_deadline_that_is_open_goes_on_as_it_is(complaint: Complaint) -> None:
    first = start_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-02 09:00"))
    again = start_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-05 09:00"))
    assert (again.id, again.due_at) == (first.id, first.due_at)


def test_settling_ends_it_once(complaint: Complaint) -> None:
    deadline = start_deadline(complaint, DeadlineKind.FIRST_ANSWER, at("2026-03-02 09:00"))
    assert settle_deadline(complaint, DeadlineKind.FIRST_ANSWER, at("2026-03-03 09:00"))
    assert not settle_deadline(complaint, DeadlineKind.FIRST_ANSWER, at("2026-03-09 09:00"))
    db.session.refresh(deadline)
    assert deadline.settled_at == at("2026-03-03 09:00")
    assert not deadline.is_late(at("2026-04-01 09:00"))
    assert open_deadlines(complaint) == []


def test_many_begin_in_as_many_statements_as_one(app: Flask, make: Factory) -> None:
    subject = make.subject().id
    ids = [make.complaint(subject_id=subject).id for _ in range(30)]
    with count_queries(app) as statements:
        start_deadlines((key, DeadlineKind.SOLVED, at("2026-03-02 09:00")) for key in ids)
    assert len(statements) <= 7
    assert db.session.scalar(select(func.count(Deadline.id))) == 30


@pytest.mark.parametrize(
    ("counting", "time_given", "due", "then"),
    [
        # Waited for from Friday 16:30 to Tuesday 9:30.
        (Counting.PLAIN_HOURS, 24, "2026-03-07 08:30:00", "2026-03-11 01:30:00"),
        (Counting.CALENDAR_DAYS, 2, "2026-03-08 23:59:59", "2026-03-12 23:59:59"),
        (Counting.WORKING_DAYS, 2, "2026-03-10 23:59:59", "2026-03-12 23:59:59"),
        (Counting.WORKING_HOURS, 15, "2026-03-09 17:30:00", "2026-03-11 10:30:00"),
    ],
)
def test_a_pause_puts_it_off_in_its_own_way_of_counting(
    make: Factory, complaint: Complaint, counting: Counting, time_given: int, due: str, then: str
) -> None:
    kind = DeadlineKind.DECISION
    make.deadline_rule(
        kind=kind, valid_from=date(2026, 3, 1), time_given=time_given, counting=counting, pause_days_most=7
    )
    start_deadline(complaint, kind, at("2026-03-06 08:30"))
    assert due_of(complaint, kind) == due
    assert pause(complaint, at("2026-03-06 16:30")) == 1
    (standing,) = open_deadlines(complaint)
    assert not standing.is_late(at("2026-03-30 09:00"))
    assert resume(complaint, at("2026-03-10 09:30")) == 1
    assert due_of(complaint, kind) == then


def test_a_rule_without_a_pause_never_stands_still(complaint: Complaint) -> None:
    start_deadline(complaint, DeadlineKind.FIRST_ANSWER, at("2026-03-02 09:00"))
    assert pause(complaint, at("2026-03-02 10:00")) == 0
    assert resume(complaint, at("2026-03-05 10:00")) == 0
    assert due_of(complaint, DeadlineKind.FIRST_ANSWER) == "2026-03-03 09:00:00"


def test_pauses_add_up_to_the_cap_and_no_further(complaint: Complaint) -> None:
    kind = DeadlineKind.SOLVED
    start_deadline(complaint, kind, at("2026-03-02 09:00"))
    pause(complaint, at("2026-03-03 09:00"))
    resume(complaint, at("2026-03-07 09:00"))
    assert due_of(complaint, kind) == "2026-03-08 23:59:59"
    # Three of seven days are left.
    assert pause(complaint, at("2026-03-08 09:00")) == 1
    resume(complaint, at("2026-03-28 09:00"))
    assert due_of(complaint, kind) == "2026-03-11 23:59:59"
    assert pause(complaint, at("2026-03-28 10:00")) == 0


def test_a_clock_goes_on_by_itself_when_the_cap_is_reached(complaint: Complaint) -> None:
    kind = DeadlineKind.SOLVED
    start_deadline(complaint, kind, at("2026-03-02 09:00"))
    pause(complaint, at("2026-03-03 09:00"))
    assert resume_overlong(at("2026-03-10 08:59")) == 0
    assert resume_overlong(at("2026-03-11 00:00")) == 1
    assert resume_overlong(at("2026-03-11 00:00")) == 0
    assert due_of(complaint, kind) == "2026-03-11 23:59:59"
    assert resume(complaint, at("2026-03-12 00:00")) == 0


def test_settling_what_stands_still_puts_it_off_first(complaint: Complaint) -> None:
    deadline = start_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-02 09:00"))
    pause(complaint, at("2026-03-03 09:00"))
    assert settle_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-06 12:00"))
    db.session.refresh(deadline)
    assert (shown(deadline.due_at), deadline.paused_at) == ("2026-03-07 23:59:59", None)
    assert not deadline.is_late(at("2026-03-30 12:00"))


def test_a_pause_makes_nothing_in_time_that_was_late(complaint: Complaint) -> None:
    start_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-02 09:00"))
    pause(complaint, at("2026-03-05 09:00"))
    resume(complaint, at("2026-03-07 09:00"))
    db.session.expire_all()
    (deadline,) = open_deadlines(complaint)
    assert deadline.is_late(at("2026-03-07 09:00"))


def test_a_rule_that_was_deleted_still_stops_its_deadlines(make: Factory, complaint: Complaint) -> None:
    rule = make.deadline_rule(kind=DeadlineKind.SOLVED, valid_from=date(2026, 3, 1), pause_days_most=1)
    start_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-02 09:00"))
    rule.deleted_at = datetime.now(UTC)
    make.session.commit()
    assert pause(complaint, at("2026-03-02 10:00")) == 1
    assert resume(complaint, at("2026-03-03 10:00")) == 1


def test_the_calendar_is_read_once_and_anew_after_a_change(app: Flask, make: Factory) -> None:
    with count_queries(app) as statements:
        assert working_calendar() is working_calendar()
    assert len(statements) == 3  # the centre's zone, its hours, the days that differ
    week = (((9 * 60, 24 * 60),), *((),) * 6)
    set_working_hours(week)
    db.session.flush()
    assert working_calendar().hours == week
    set_working_hours(DEFAULT_HOURS)
    db.session.flush()
    assert working_calendar().hours == read_hours({}) == DEFAULT_HOURS
    with pytest.raises(ValueError, match="week"):
        set_working_hours(((),) * 7)


def test_what_is_due_in_working_time_follows_days_added_and_deleted(
    make: Factory, complaint: Complaint
) -> None:
    start_deadline(complaint, DeadlineKind.DECISION, at("2030-12-31 09:00"))
    start_deadline(complaint, DeadlineKind.SOLVED, at("2030-12-31 09:00"))
    for day in (1, 2, 3):
        holiday = make.holiday(falls_on=date(2031, 1, day), name="元旦")
    assert due_of(complaint, DeadlineKind.DECISION) == "2031-01-06 23:59:59"
    holiday.deleted_at = datetime.now(UTC)
    db.session.commit()
    assert due_of(complaint, DeadlineKind.DECISION) == "2031-01-03 23:59:59"
    assert due_of(complaint, DeadlineKind.SOLVED) == "2031-01-02 23:59:59"


def test_what_is_due_in_working_time_follows_the_hours_of_the_week(
    make: Factory, complaint: Complaint
) -> None:
    rule = make.deadline_rule(
        kind=DeadlineKind.DECISION,
        valid_from=date(2030, 12, 1),
        time_given=4,
        counting=Counting.WORKING_HOURS,
    )
    start_deadline(complaint, DeadlineKind.DECISION, at("2030-12-31 08:30"))
    assert due_of(complaint, DeadlineKind.DECISION) == "2030-12-31 14:00:00"
    # Also where the rule was deleted since: what it began goes on by it.
    rule.deleted_at = datetime.now(UTC)
    set_working_hours((((9 * 60, 11 * 60),),) * 7)
    db.session.commit()
    assert due_of(complaint, DeadlineKind.DECISION) == "2031-01-01 11:00:00"


def test_what_is_met_late_or_stood_still_follows_no_calendar(make: Factory, complaint: Complaint) -> None:
    first = start_deadline(complaint, DeadlineKind.DECISION, at("2030-12-31 09:00"))
    settle_deadline(complaint, DeadlineKind.DECISION, at("2030-12-31 10:00"))
    start_deadline(complaint, DeadlineKind.DECISION, at("2030-12-31 11:00"))
    pause(complaint, at("2030-12-31 12:00"))
    missed = make.owing(DeadlineKind.DECISION, datetime.now(UTC) - timedelta(days=1))
    due_at = open_deadlines(missed)[0].due_at
    make.holiday(falls_on=date(2031, 1, 1), name="元旦")
    assert due_of(complaint, DeadlineKind.DECISION) == "2031-01-01 23:59:59"
    assert shown(first.due_at) == "2031-01-01 23:59:59"
    assert open_deadlines(missed)[0].due_at == due_at


def test_a_deadline_goes_with_its_complaint(make: Factory, complaint: Complaint) -> None:
    start_deadline(complaint, DeadlineKind.SOLVED, at("2026-03-02 09:00"))
    db.session.delete(complaint)
    db.session.flush()
    assert db.session.scalars(select(Deadline)).all() == []
