"""Reminders and escalation: each told once, to whom it concerns, however late and however many clocks."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from conftest import Login, count_queries
from factories import Factory
from jobs.reminders import remind
from jobs.schedule import tick
from models import DeadlineRule, Delivery, Staff, acting_as, db, reminding, system_actor
from models.base import now
from models.complaint import FaultDegree, Severity
from models.deadline import pause, settle_deadline
from models.deadline_rule import DeadlineKind
from models.digest import DeliveryKind
from models.organisation import Locale, Role
from models.reminding import Reminder, Stage, tell_of_deadlines

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DUE = datetime(2026, 3, 4, 12, tzinfo=SHANGHAI)
K = DeadlineKind


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them."""
    return Factory(db.session)


@pytest.fixture
def supervisor(make: Factory) -> Staff:
    return make.staff(Role.SUPERVISOR, name="周主管")


@pytest.fixture
def clerk(make: Factory) -> Staff:
    return make.staff(Role.CLERK, name="王文员")


def told(at: datetime) -> dict[int, list[tuple[Stage, int]]]:
    return {
        person: [(each.stage, each.row_id) for each in reminders]
        for person, reminders in tell_of_deadlines(at).items()
    }


def test_one_is_reminded_once_before_and_once_after(make: Factory, clerk: Staff, supervisor: Staff) -> None:
    key = make.owing(K.FIRST_ANSWER, DUE, responsible_id=clerk.id).id
    assert told(DUE - 7 * HOUR) == {}
    assert told(DUE - 5 * HOUR) == {clerk.id: [(Stage.BEFORE, key)]}
    assert told(DUE - HOUR) == {}
    assert told(DUE) == {}
    assert told(DUE + timedelta(seconds=1)) == {clerk.id: [(Stage.LATE, key)]}
    assert told(DUE + HOUR) == {}


def test_what_was_missed_while_nothing_ran_is_made_up_for(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    key = make.owing(K.FIRST_ANSWER, DUE, responsible_id=clerk.id).id
    assert told(DUE + 9 * DAY) == {clerk.id: [(Stage.LATE, key)], supervisor.id: [(Stage.ESCALATED, key)]}
    assert told(DUE + 10 * DAY) == {}


def test_after_two_days_the_supervisor_is_told_by_itself(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    key = make.owing(K.SOLVED, DUE, responsible_id=clerk.id).id
    told(DUE + HOUR)
    # The rule counts days, and a day ends with its last second.
    ends = datetime(2026, 3, 6, 23, 59, 59, tzinfo=SHANGHAI)
    assert told(ends) == {}
    assert told(ends + timedelta(seconds=1)) == {supervisor.id: [(Stage.ESCALATED, key)]}
    assert told(ends + DAY) == {}


@pytest.mark.parametrize("urgent", [{"severity": Severity.SEVERE}, {"is_safety_relevant": True}])
def test_what_is_severe_or_unsafe_is_escalated_as_soon_as_it_is_late(
    make: Factory, clerk: Staff, supervisor: Staff, urgent: dict[str, object]
) -> None:
    key = make.owing(K.SOLVED, DUE, responsible_id=clerk.id, **urgent).id
    assert told(DUE + timedelta(seconds=1)) == {
        clerk.id: [(Stage.LATE, key)],
        supervisor.id: [(Stage.ESCALATED, key)],
    }


def test_what_is_done_stands_still_or_is_deleted_is_not_told(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    settle_deadline(make.owing(K.SOLVED, DUE, responsible_id=clerk.id), K.SOLVED, DUE - DAY)
    pause(make.owing(K.SOLVED, DUE, responsible_id=clerk.id), DUE - DAY)
    make.owing(K.SOLVED, DUE, responsible_id=clerk.id, deleted_at=DUE)
    assert told(DUE + 9 * DAY) == {}


def test_of_an_absent_person_the_substitute_is_told(make: Factory, clerk: Staff, supervisor: Staff) -> None:
    substitute, today = make.staff(), now().astimezone(SHANGHAI).date()
    make.absence(staff_id=clerk.id, substitute_id=substitute.id, starts_on=today, ends_on=today)
    make.owing(K.SOLVED, DUE, responsible_id=clerk.id)
    assert set(told(DUE + HOUR)) == {substitute.id}


def test_a_decision_is_asked_of_those_who_decide_and_never_of_who_proposed(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    other = make.staff(Role.SUPERVISOR)
    complaint = make.owing(K.DECISION, DUE, responsible_id=clerk.id)
    make.proposal(complaint_id=complaint.id, created_by_id=supervisor.id)
    assert set(told(DUE + HOUR)) == {other.id}


def test_who_handled_it_is_not_reminded_to_ask_for_the_satisfaction(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    agent = make.staff(Role.FOLLOW_UP_AGENT)
    customer = make.customer(responsible_id=agent.id)
    make.owing(K.CONFIRMED, DUE, responsible_id=clerk.id, customer_id=customer.id)
    assert set(told(DUE + HOUR)) == {agent.id}
    make.owing(K.CONFIRMED, DUE, responsible_id=clerk.id)
    assert set(told(DUE + HOUR)) == {supervisor.id}


def test_the_supervisors_nearest_to_the_region_are_told_and_who_stands_above_the_handler(
    make: Factory, supervisor: Staff
) -> None:
    east = make.region()
    county = make.region(parent=east)
    near = make.staff(Role.SUPERVISOR, region_id=east.id)
    make.staff(Role.SUPERVISOR, region_id=make.region().id)
    top = make.position()
    chief = make.position(parent_id=top.id)
    # Nobody holds the position in between.
    handler = make.staff(position_id=make.position(parent_id=chief.id).id)
    manager = make.staff(position_id=top.id)
    make.owing(K.SOLVED, DUE, responsible_id=handler.id, region_id=county.id)
    assert set(told(DUE + 9 * DAY)) == {handler.id, near.id, manager.id}


def test_what_nobody_is_responsible_for_goes_to_the_supervisors(make: Factory, supervisor: Staff) -> None:
    make.owing(K.FIRST_ANSWER, DUE)
    assert set(told(DUE + HOUR)) == {supervisor.id}


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            Locale.ENGLISH,
            (
                "To do: 1 passed on to you, 2 late",
                "Still late, passed on to you",
                "due 2026-03-04 12:00",
            ),
        ),
        (
            Locale.CHINESE,
            ("待办：1 件上报给您、2 件已逾期", "仍未办理，上报给您", "到期时间 2026-03-04 12:00"),
        ),
    ],
)
def test_one_mail_gathers_what_a_person_is_told_of_in_the_language_of_the_person(
    make: Factory, locale: Locale, words: tuple[str, ...]
) -> None:
    person = make.staff(Role.SUPERVISOR, locale=locale)
    plain = make.owing(K.SOLVED, DUE, responsible_id=person.id, customer_name="某客户")
    severe = make.owing(K.SOLVED, DUE, responsible_id=person.id, severity=Severity.SEVERE)
    (delivery,) = remind(DUE + HOUR)
    assert (delivery.kind, delivery.recipient) == (DeliveryKind.REMINDER, person.email)
    message = message_from_bytes(delivery.message, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == words[0]
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        content = part.get_content()
        assert all(each in content for each in words[1:])
        assert f"/complaint/details/?id={severe.id}" in content
        assert content.index(severe.number) < content.index(plain.number)
        # Mails leave the house: they name no customer.
        assert "某客户" not in content


def test_the_clock_reminds_and_asks_little_however_much_is_late(
    in_app: Flask, make: Factory, supervisor: Staff, queue: object
) -> None:
    for _each in range(3):
        make.owing(K.SOLVED, DUE, responsible_id=make.staff().id)
    db.session.commit()
    with count_queries(in_app) as queries:
        assert len(remind(now())) == 4
    # So many kinds there are, each in a transaction of its own.
    assert len(queries) <= 32, queries
    for _each in range(6):
        make.owing(K.SOLVED, DUE, responsible_id=make.staff().id)
    db.session.commit()
    with count_queries(in_app) as more:
        remind(now())
    assert len(more) <= len(queries), more
    kinds = db.session.scalars(select(Delivery.kind)).all()
    assert Counter(kinds)[DeliveryKind.REMINDER] == 11
    tick()
    assert len(db.session.scalars(select(Delivery.id)).all()) == 11


def test_of_several_clocks_one_tells_of_each(fresh_app: Flask) -> None:
    with fresh_app.app_context(), acting_as(system_actor("tests")):
        make = Factory(db.session)
        make.staff(Role.SUPERVISOR)
        for _each in range(12):
            make.owing(K.SOLVED, DUE)
        db.session.commit()
    found: list[Reminder] = []
    together = threading.Barrier(4)

    def one_clock() -> None:
        with fresh_app.app_context(), acting_as(system_actor("clock")):
            together.wait(20)
            for _time in range(3):
                told_now = tell_of_deadlines(now())
                db.session.commit()
                found.extend(each for reminders in told_now.values() for each in reminders)

    clocks = [threading.Thread(target=one_clock) for _each in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join(60)
    counted = Counter((each.stage, each.row_id) for each in found)
    assert len(counted) == 24
    assert set(counted.values()) == {1}


def test_supervisors_find_what_was_passed_on_to_them(make: Factory, login: Login) -> None:
    shown = make.owing(K.SOLVED, DUE)
    make.owing(K.SOLVED, now() - HOUR)
    client = login(Role.SUPERVISOR)
    remind(now())
    db.session.commit()
    home = BeautifulSoup(client.get("/").text, "html.parser")
    figure = home.find(string="Still late, passed on to supervisors").find_parent("a")
    assert figure.find("strong").text == "1"
    rows = client.get(figure["href"]).text
    assert shown.number in rows
    settle_deadline(shown, K.SOLVED, now())
    db.session.commit()
    assert shown.number not in client.get(figure["href"]).text


def test_what_goes_beyond_the_rules_is_asked_of_the_position_that_they_name(
    make: Factory, clerk: Staff, supervisor: Staff
) -> None:
    high = make.position()
    chief = make.staff(Role.QUALITY_ENGINEER, position_id=high.id)
    make.compensation_rule(fault_degree=FaultDegree.FULLY, value_most=10, position_id=high.id)
    complaint = make.owing(K.DECISION, DUE, responsible_id=clerk.id, fault_degree=FaultDegree.FULLY)
    make.proposal(complaint_id=complaint.id, created_by_id=clerk.id, value=Decimal(500))
    assert set(told(DUE + HOUR)) == {chief.id}


def test_one_that_an_earlier_rule_gives_long_hides_none_behind_it(
    make: Factory, supervisor: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "TOLD_MOST", 1)
    rule = {"kind": K.ESCALATED, "counting": "calendar_days"}
    for day, given in ((1, 90), (5, 0)):
        db.session.add(DeadlineRule(valid_from=datetime(2026, 3, day).date(), time_given=given, **rule))  # noqa: DTZ001 - a day
    make.owing(K.SOLVED, DUE)
    later = make.owing(K.SOLVED, DUE + 2 * DAY).id
    found = told(DUE + 4 * DAY)[supervisor.id]
    assert [key for stage, key in found if stage is Stage.ESCALATED] == [later]
