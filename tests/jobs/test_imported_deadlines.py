"""What imported complaints owe: by the rule of their own day, told in one mail, and nothing once closed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from conftest import count_queries
from factories import Factory
from jobs.imports import run_import
from jobs.reminders import remind
from models import Complaint, Deadline, DeadlineRule, ImportOrigin, acting_as, db, system_actor
from models.base import now
from models.complaint import Step
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


def import_rows(*rows: tuple[int, str], day: str = "2021-01-30", is_trial: bool = False) -> None:
    lines = [f'{key},启程,货运150,加长版,电机异响,"A9,",{day},{status}' for key, status in rows]
    content = "\n".join(["id,brand,car_model,type,desc,problem,datetime,status", *lines]).encode()
    result = run_import(io.BytesIO(content), "rows.csv", "cn-12365", is_trial=is_trial)
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
