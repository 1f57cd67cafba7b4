"""What imported complaints owe: by the rule of their own day, told in one mail, and nothing once closed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from conftest import count_queries
from factories import Factory
from jobs.imports import run_import
from jobs.reminders import remind
from models import Complaint, Deadline, DeadlineRule, ImportOrigin, ImportRun, acting_as, db, system_actor
from models.base import now
from models.centre import site_zone
from models.complaint import Step
from models.deadline import owes_late, start_deadline
from models.deadline_rule import DeadlineKind
from models.essentials import seed_essentials
from models.organisation import Role

K = DeadlineKind
REGISTERED, VERIFIED, PROPOSED, CLOSED = "信息审核", "厂家受理", "处理反馈", "用户评分"
# The file names the day; it began so in Shanghai.
OLD = datetime(2021, 1, 29, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _seeded(in_app: Flask) -> Iterator[None]:
    with force_locale("en"), acting_as(system_actor("import")):
        seed_essentials()
        db.session.commit()
        yield


def import_rows(*rows: tuple[int, str], day: str = "2021-01-30", **options: Any) -> None:
    lines = [f'{key},启程,货运150,加长版,电机异响,"A9,",{day},{status}' for key, status in rows]
    content = "\n".join(["id,brand,car_model,type,desc,problem,datetime,status", *lines]).encode()
    result = run_import(io.BytesIO(content), "rows.csv", "cn-12365", **options)
    assert result.rejected == 0


def owed(is_open: bool = True) -> dict[tuple[str, DeadlineKind], Deadline]:
    found = (
        select(ImportOrigin.external_key, Deadline)
        .join(Deadline, Deadline.complaint_id == ImportOrigin.row_id)
        .where(Deadline.settled_at.is_(None) if is_open else Deadline.settled_at.is_not(None))
    )
    rows = db.session.execute(found.execution_options(populate_existing=True))
    return {(key, deadline.kind): deadline for key, deadline in rows}


def test_an_open_complaint_owes_what_its_step_asks_for_and_a_closed_one_nothing() -> None:
    import_rows((1, REGISTERED), (2, VERIFIED), (3, PROPOSED), (4, CLOSED))
    found = owed()
    assert set(found) == {("1", K.FIRST_ANSWER), ("1", K.SOLVED), ("2", K.SOLVED), ("3", K.SOLVED)}
    first = found["1", K.FIRST_ANSWER]
    assert (first.started_at, first.due_at) == (OLD, OLD + timedelta(hours=24))
    assert owed(is_open=False) == {}


def test_the_rule_of_the_day_on_which_it_was_registered_counts() -> None:
    rule = {"kind": K.FIRST_ANSWER, "counting": "plain_hours"}
    db.session.add(DeadlineRule(valid_from=datetime(2021, 2, 1, tzinfo=UTC).date(), time_given=4, **rule))
    db.session.commit()
    import_rows((1, REGISTERED))
    import_rows((2, REGISTERED), day="2021-02-03")
    found = owed()
    given = [found[key, K.FIRST_ANSWER].due_at - found[key, K.FIRST_ANSWER].started_at for key in "12"]
    assert given == [timedelta(hours=24), timedelta(hours=4)]


def test_a_newer_file_settles_what_its_step_has_done() -> None:
    import_rows((1, REGISTERED), (2, REGISTERED))
    import_rows((1, VERIFIED), (2, CLOSED))
    assert set(owed()) == {("1", K.SOLVED)}
    assert set(owed(is_open=False)) == {("1", K.FIRST_ANSWER), ("2", K.FIRST_ANSWER), ("2", K.SOLVED)}
    import_rows((1, VERIFIED), (2, CLOSED))
    assert len(owed()) + len(owed(is_open=False)) == 4


def test_a_file_that_brings_no_other_step_leaves_what_runs_alone() -> None:
    import_rows((1, REGISTERED))
    complaint = db.session.scalars(select(Complaint)).one()
    complaint.step = Step.PROPOSED
    Factory(db.session).deadline(complaint_id=complaint.id, kind=K.DECISION)
    import_rows((1, VERIFIED))
    assert ("1", K.DECISION) in owed()


def test_a_trial_leaves_no_deadline() -> None:
    import_rows((1, REGISTERED), is_trial=True)
    assert db.session.scalars(select(Deadline)).all() == []


def test_what_was_late_before_the_import_is_told_of_once_in_one_mail_for_each_person() -> None:
    boss = Factory(db.session).staff(Role.SUPERVISOR, email="boss@example.com")
    import_rows(*((key, REGISTERED) for key in range(30)))
    (mail,) = remind(now())
    assert mail.recipient == boss.email
    assert mail.subject.count("60") == 2
    assert remind(now() + timedelta(days=9)) == []


def test_many_complaints_take_no_more_statements_for_what_they_owe(app: Flask) -> None:
    def statements(first: int, number: int) -> int:
        with count_queries(app) as queries:
            import_rows(*((key, REGISTERED) for key in range(first, first + number)))
        return len([each for each in queries if "deadline" in each])

    assert statements(0, 40) == statements(100, 2)


def test_what_was_registered_up_to_a_day_is_history_and_owes_nothing() -> None:
    import_rows((1, REGISTERED), history_until=date(2021, 1, 30))
    import_rows((2, REGISTERED), day="2021-01-31", history_until=date(2021, 1, 30))
    assert set(owed()) == {("2", K.FIRST_ANSWER), ("2", K.SOLVED)}
    runs = db.session.scalars(select(ImportRun.history_until)).all()
    assert runs == [date(2021, 1, 30)] * 2


def test_of_history_nobody_is_reminded_and_nothing_stands_in_my_work() -> None:
    Factory(db.session).staff(Role.SUPERVISOR, email="boss@example.com")
    import_rows(*((key, REGISTERED) for key in range(3)), history_until=date(2021, 1, 30))
    assert remind(now()) == []
    assert db.session.scalars(select(Complaint.id).where(owes_late(K.SOLVED, now()))).all() == []


def test_a_newer_file_makes_no_work_of_history() -> None:
    import_rows((1, REGISTERED), history_until=date(2021, 1, 30))
    import_rows((1, VERIFIED))
    assert owed() == {}
    assert db.session.scalars(select(Complaint.step)).one() is Step.VERIFIED


def test_a_step_taken_in_history_lets_its_deadlines_run() -> None:
    import_rows((1, PROPOSED), history_until=date(2021, 1, 30))
    complaint = db.session.scalars(select(Complaint)).one()
    start_deadline(complaint, K.TELL_CUSTOMER, now())
    import_rows((1, CLOSED))
    assert owed() == {}


@pytest.mark.parametrize(
    ("days_ago", "count", "old", "is_all_old"),
    [((400, 31), 2, 2, True), ((400, 29), 2, 1, False), ((29, 2), 2, 0, False)],
)
def test_history_is_proposed_where_even_the_newest_is_old(
    days_ago: tuple[int, ...], count: int, old: int, is_all_old: bool
) -> None:
    today = now().astimezone(site_zone()).date()
    days = [today - timedelta(days=each) for each in days_ago]
    lines = [f"{at},启程,货运150,加长版,电机异响,,{day},{REGISTERED}" for at, day in enumerate(days)]
    content = "\n".join(["id,brand,car_model,type,desc,problem,datetime,status", *lines]).encode()
    opened = run_import(io.BytesIO(content), "rows.csv", "cn-12365", is_trial=True).opened
    assert (opened.count, opened.old, opened.is_all_old) == (count, old, is_all_old)
    assert opened.proposed_until == (days[-1] if is_all_old else today - timedelta(days=30))
