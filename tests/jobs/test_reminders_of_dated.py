"""Reminders of tasks added by hand, of days that were not closed, and one summary of what was late before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from conftest import count_queries
from factories import Factory
from jobs.reminders import remind
from jobs.told_mail import LINES_MOST
from models import Delivery, DepartmentTask, Staff, db, reminding
from models.complaint import Severity
from models.deadline_rule import DeadlineKind
from models.department_task import TaskState
from models.holiday import HolidayKind
from models.measure import MeasureState
from models.organisation import Role
from models.proposal import Remedy
from models.reminding import Stage
from models.reminding_dated import tell_of_dated, tell_of_open_day
from models.summary_period import PeriodKind

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A Wednesday.
DUE = date(2026, 3, 4)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them."""
    return Factory(db.session)


@pytest.fixture
def supervisor(make: Factory) -> Staff:
    return make.staff(Role.SUPERVISOR)


@pytest.fixture
def clerk(make: Factory) -> Staff:
    return make.staff(Role.CLERK, created_at=at(DUE - 30 * DAY))


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI).astimezone(UTC)


def told(day: date) -> dict[int, list[tuple[Stage, int | None]]]:
    return {
        person: [(each.stage, each.row_id) for each in reminders]
        for person, reminders in tell_of_dated(at(day)).items()
    }


def text_of(delivery: Delivery) -> str:
    message = message_from_bytes(delivery.message, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_of_a_task_one_is_told_before_and_after_its_day_and_then_the_supervisor(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    key = make.department_task(due_on=DUE, responsible_id=clerk.id).id
    assert told(DUE - 2 * DAY) == {}
    assert told(DUE - DAY) == {clerk.id: [(Stage.BEFORE, key)]}
    assert told(DUE) == {}
    assert told(DUE + DAY) == {clerk.id: [(Stage.LATE, key)]}
    assert told(DUE + 2 * DAY) == {}
    assert told(DUE + 3 * DAY) == {supervisor.id: [(Stage.ESCALATED, key)]}
    assert told(DUE + 9 * DAY) == {}


def test_a_task_that_is_put_off_is_told_of_anew(make: Factory, clerk: Staff, supervisor: Staff) -> None:
    task = make.department_task(due_on=DUE, responsible_id=clerk.id)
    assert told(DUE - DAY)
    task.due_on = DUE + 9 * DAY
    db.session.commit()
    assert told(DUE + DAY) == {}
    assert told(DUE + 8 * DAY) == {clerk.id: [(Stage.BEFORE, task.id)]}


def test_tasks_that_are_done_or_bound_to_the_complaint_s_own_deadline_are_not_told(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    make.department_task(due_on=DUE, state=TaskState.DONE, report="已寄出")
    make.department_task(due_on=DUE, remedy=Remedy.GOODS)
    make.department_task(due_on=DUE, deleted_at=at(DUE))
    assert told(DUE + 9 * DAY) == {}


def test_a_task_of_a_severe_complaint_goes_to_the_supervisor_as_soon_as_it_is_late(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    severe = make.complaint(severity=Severity.SEVERE)
    key = make.department_task(complaint_id=severe.id, due_on=DUE, responsible_id=clerk.id).id
    assert told(DUE + DAY) == {
        clerk.id: [(Stage.LATE, key)],
        supervisor.id: [(Stage.ESCALATED, key)],
    }


def test_of_a_measure_its_owner_is_told_and_then_the_supervisor(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    measure = make.measure(due_on=DUE, responsible_id=clerk.id)
    make.measure(due_on=DUE, state=MeasureState.DONE, done_on=DUE, report="已换新批次")
    assert told(DUE - DAY) == {clerk.id: [(Stage.BEFORE, measure.id)]}
    assert told(DUE + DAY) == {clerk.id: [(Stage.LATE, measure.id)]}
    assert told(DUE + 3 * DAY) == {supervisor.id: [(Stage.ESCALATED, measure.id)]}
    assert told(DUE + 9 * DAY) == {}


def test_the_mail_leads_to_the_measure(make: Factory, clerk: Staff, supervisor: Staff) -> None:
    measure = make.measure(due_on=DUE, responsible_id=clerk.id)
    (mail,) = remind(at(DUE + DAY, 3))
    assert f"/measure/details/?id={measure.id}" in text_of(mail)
    assert mail.recipient == clerk.email


def test_the_mail_leads_to_the_task(make: Factory, clerk: Staff, supervisor: Staff) -> None:
    task = make.department_task(due_on=DUE, responsible_id=clerk.id)
    (delivery,) = remind(at(DUE + DAY, 3))
    assert f"/department-task/details/?id={task.id}" in text_of(delivery)
    assert delivery.recipient == clerk.email


def test_who_has_not_closed_the_day_is_asked_once_when_the_office_opens(make: Factory, clerk: Staff) -> None:
    closed = make.staff(Role.CLERK, created_at=at(DUE - 30 * DAY))
    make.daily_close(staff_id=closed.id, day=DUE, closed_at=at(DUE, 17), figures={})
    away = make.staff(Role.CLERK, created_at=at(DUE - 30 * DAY), department_id=make.department().id)
    make.absence(staff_id=away.id, starts_on=DUE, ends_on=DUE)
    make.staff(created_at=at(DUE - 30 * DAY))
    make.staff(Role.CLERK, created_at=at(DUE + DAY))
    assert remind(at(DUE + DAY, 6)) == []
    (delivery,) = remind(at(DUE + DAY, 10))
    assert (delivery.recipient, delivery.subject) == (clerk.email, "Please close 2026-03-04")
    assert "/close-day/?day=2026-03-04" in text_of(delivery)
    assert remind(at(DUE + DAY, 11)) == []
    # Nobody is asked on a free day, and of the last working day on the next.
    assert tell_of_open_day(at(date(2026, 3, 7))) is None
    monday = tell_of_open_day(at(date(2026, 3, 9)))
    assert monday is not None
    assert monday[0] == date(2026, 3, 6)


def test_before_the_centre_closes_days_nobody_is_asked(make: Factory, clerk: Staff) -> None:
    assert remind(at(DUE + DAY, 10)) == []


def test_who_has_not_handed_in_is_asked_once_on_the_second_working_day(make: Factory, clerk: Staff) -> None:
    february = {"kind": PeriodKind.MONTH, "first_on": date(2026, 2, 1)}
    done = make.staff(Role.CLERK, created_at=at(DUE - 30 * DAY))
    make.summary(**february, staff_id=done.id, handed_in_at=at(DUE), figures={})
    make.summary(**february, staff_id=clerk.id, achieved="还在写")
    make.staff(Role.AUDITOR, created_at=at(DUE - 30 * DAY))
    make.staff(Role.CLERK, created_at=at(DUE))
    monday = date(2026, 3, 2)
    assert remind(at(monday, 12)) == []
    assert remind(at(monday + DAY, 7)) == []
    (delivery,) = remind(at(monday + DAY, 10))
    assert (delivery.recipient, delivery.subject) == (
        clerk.email,
        "Please hand in: Monthly summary February 2026",
    )
    assert "/summary/?period=2026-02" in text_of(delivery)
    assert remind(at(monday + DAY, 11)) == []


def test_a_centre_that_writes_no_summaries_is_asked_for_none(make: Factory, clerk: Staff) -> None:
    assert remind(at(date(2026, 3, 3), 10)) == []


def test_what_was_late_before_is_told_in_one_summary_for_each_person(
    make: Factory, clerk: Staff, supervisor: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "TOLD_MOST", 7)
    for _each in range(LINES_MOST + 2):
        make.owing(DeadlineKind.SOLVED, at(DUE), responsible_id=clerk.id)
    deliveries = remind(at(DUE + 9 * DAY, 3))
    assert {each.recipient: each.subject for each in deliveries} == {
        clerk.email: "To do: 22 late",
        supervisor.email: "To do: 22 passed on to you",
    }
    text = text_of(deliveries[0])
    assert text.count("/complaint/details/") == LINES_MOST
    assert "and 2 more, in the panel" in text
    assert remind(at(DUE + 9 * DAY, 4)) == []


def test_a_tick_with_nothing_to_tell_asks_little(in_app: Flask, make: Factory, clerk: Staff) -> None:
    make.holiday(falls_on=DUE, kind=HolidayKind.WORKING_DAY)
    remind(at(DUE))
    with count_queries(in_app) as queries:
        remind(at(DUE))
    assert len(queries) <= 13, queries


def test_a_reminder_is_no_change_of_the_task(make: Factory, clerk: Staff, supervisor: Staff) -> None:
    task = make.department_task(due_on=DUE, responsible_id=clerk.id)
    remind(at(DUE + DAY))
    db.session.expire_all()
    assert db.session.get_one(DepartmentTask, task.id).version == 1
