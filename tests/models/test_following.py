"""What goes along with a complaint that goes to another person or region."""

from __future__ import annotations

import pytest
from due_records import ZONE, day, noon
from flask import Flask
from sqlalchemy import select

from conftest import count_queries
from factories import Factory
from models import Complaint, DepartmentTask, Notice, Proposal, Record, db
from models.base import now
from models.deadline_rule import DeadlineKind
from models.department_task import TaskState
from models.due import DueKind, due_items
from models.notice import NoticeState
from models.proposal import ProposalState


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them."""
    return Factory(db.session)


def hanging_on(make: Factory, complaint: Complaint, **attributes: int | None) -> list[Record]:
    """Make an open proposal, task and notice of a complaint."""
    return [
        make.proposal(complaint_id=complaint.id, **attributes),
        make.department_task(complaint_id=complaint.id, **attributes),
        make.notice(complaint_id=complaint.id, **attributes),
    ]


def owners(rows: list[Record]) -> set[int | None]:
    db.session.expire_all()
    return {row.responsible_id for row in rows}


def test_what_is_open_goes_to_the_new_person_with_the_complaint(make: Factory) -> None:
    before, after = make.staff(), make.staff()
    complaint = make.owing(DeadlineKind.SOLVED, noon(0), responsible_id=before.id)
    rows = hanging_on(make, complaint, responsible_id=before.id)
    complaint.responsible_id = after.id
    db.session.commit()
    assert owners(rows) == {after.id}
    due = due_items(day(9), zone=ZONE, responsible_ids=[after.id])
    assert {each.kind for each in due} == {DueKind.SOLVED, DueKind.DEPARTMENT_TASK}
    assert not due_items(day(9), zone=ZONE, responsible_ids=[before.id])
    # And back again, as where it is undone.
    complaint.responsible_id = before.id
    db.session.commit()
    assert owners(rows) == {before.id}


def test_what_is_open_goes_to_the_new_region_with_the_complaint(make: Factory) -> None:
    north, south = make.region(), make.region()
    complaint = make.complaint(region_id=north.id)
    rows = hanging_on(make, complaint, region_id=north.id)
    complaint.region_id = south.id
    db.session.commit()
    db.session.expire_all()
    assert {row.region_id for row in rows} == {south.id}


def test_what_lay_with_somebody_else_or_is_done_stays(make: Factory) -> None:
    before, other, after = make.staff(), make.staff(), make.staff()
    complaint = make.complaint(responsible_id=before.id)
    of = {"complaint_id": complaint.id, "responsible_id": before.id}
    done = [
        make.proposal(**of, state=ProposalState.REFUSED, decided_at=now(), decision_reason="太贵"),
        make.department_task(**of, state=TaskState.DONE, report="已寄出"),
        make.notice(**of, state=NoticeState.ANSWERED, answered_at=now()),
    ]
    others = make.department_task(complaint_id=complaint.id, responsible_id=other.id)
    complaint.responsible_id = after.id
    db.session.commit()
    assert owners(done) == {before.id}
    assert others.responsible_id == other.id


def test_many_complaints_ask_for_what_follows_as_cheaply_as_one(in_app: Flask, make: Factory) -> None:
    def statements(count: int) -> int:
        person_id = make.staff().id
        keys = [make.complaint(responsible_id=make.staff().id).id for _each in range(count)]
        rows = list(db.session.scalars(select(Complaint).where(Complaint.id.in_(keys))))
        with count_queries(in_app) as queries:
            for row in rows:
                row.responsible_id = person_id
            db.session.flush()
        return sum(query.startswith("SELECT") for query in queries)

    assert statements(6) == statements(1) == 3


def test_what_follows_counts_a_version_as_any_change(make: Factory) -> None:
    complaint = make.complaint(responsible_id=make.staff().id)
    (proposal, task, notice) = hanging_on(make, complaint, responsible_id=complaint.responsible_id)
    complaint.responsible_id = make.staff().id
    db.session.commit()
    found = [
        db.session.get_one(model, row.id).version
        for model, row in ((Proposal, proposal), (DepartmentTask, task), (Notice, notice))
    ]
    assert found == [2, 2, 2]
