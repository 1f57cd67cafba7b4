"""The tasks, calls and letters of a closed complaint stay as they are."""

from __future__ import annotations

import pytest
from screens import form_of, path
from sqlalchemy import select

from conftest import Login
from factories import Factory
from models import CallRecord, DepartmentTask, Letter, Notice
from models.base import now
from models.complaint import Step
from models.organisation import Role

SENTENCE = "The complaint is closed and archived"


def test_a_task_is_changed_until_its_complaint_is_closed(make: Factory, login: Login) -> None:
    complaint = make.complaint(step=Step.AGREED)
    key = make.department_task(complaint_id=complaint.id, what="寄出配件").id
    client = login(Role.SUPERVISOR)
    address = path("department_task", "edit", id=key)
    values = form_of(client.get(address))
    complaint.step = Step.CONFIRMED
    make.session.commit()
    values["what"] = "改写"
    assert SENTENCE in client.post(address, data=values).text
    make.session.expire_all()
    assert make.session.get_one(DepartmentTask, key).what == "寄出配件"
    complaint.step = Step.AGREED
    make.session.commit()
    assert client.post(address, data=values).status_code == 302


def test_a_task_is_reported_done_by_its_department_wherever_its_complaint_lies(
    make: Factory, login: Login
) -> None:
    far, near, department = make.region(), make.region(), make.department()
    make.digest_recipient(department)
    complaint = make.complaint(region=far, step=Step.AGREED)
    task = make.department_task(complaint_id=complaint.id, region=far, department_id=department.id)
    other = make.department_task(complaint_id=complaint.id, region=far, department_id=department.id)
    client = login(Role.CLERK, region=near, department_id=department.id)
    address = path("department_task", "edit", id=task.id)
    values = form_of(client.get(address))
    values["what"] = "寄出两件"
    for _twice in range(2):
        assert client.post(address, data=values).status_code == 302
        values = form_of(client.get(address))
        values["what"] = "寄出三件"
    # Once of each open task, though who changes one sees no notice.
    told = make.session.scalars(select(Notice.department_task_id)).all()
    assert sorted(told) == [task.id, other.id]
    complaint.step = Step.CONFIRMED
    make.session.commit()
    assert SENTENCE in client.post(address, data=values).text


@pytest.mark.parametrize(
    ("model", "text", "later"),
    [(CallRecord, "points", "promise_kept_on"), (Letter, "content", "replied_on")],
    ids=["call", "letter"],
)
def test_a_paper_of_a_closed_complaint_is_not_rewritten_and_what_happens_later_is_entered(
    model: type[CallRecord | Letter], text: str, later: str, make: Factory, login: Login
) -> None:
    table, day = model.__tablename__, now().date()
    key = make.complaint(step=Step.CONFIRMED).id
    own = {"promise": "寄配件"} if model is CallRecord else {"sent_on": day}
    row = getattr(make, table)(complaint_id=key, **own)
    client = login(Role.SUPERVISOR)
    address = path(table, "edit", id=row.id)
    values = form_of(client.get(address))
    assert "Its complaint is closed" in client.post(address, data={**values, text: "改写"}).text
    assert client.post(address, data={**values, later: day.isoformat()}).status_code == 302
    make.session.refresh(row)
    assert (getattr(row, text), getattr(row, later)) != ("改写", None)
    assert getattr(row, later) == day


@pytest.mark.parametrize("table", ["department_task", "call_record", "letter"])
def test_what_belongs_to_a_closed_complaint_is_not_deleted(table: str, make: Factory, login: Login) -> None:
    key = make.complaint(step=Step.CONFIRMED).id
    own = {"sent_on": now().date()} if table == "letter" else {}
    row = getattr(make, table)(complaint_id=key, **own)
    page = login(Role.SUPERVISOR).post(path(table, "delete", id=row.id), data={"id": row.id}).text
    assert "It belongs to a closed complaint" in page
    make.session.refresh(row)
    assert row.deleted_at is None


def test_a_draft_for_a_closed_complaint_goes(make: Factory, login: Login) -> None:
    row = make.letter(complaint_id=make.complaint(step=Step.CONFIRMED).id, sent_on=None)
    client = login(Role.SUPERVISOR)
    assert client.post(path("letter", "delete", id=row.id), data={"id": row.id}).status_code == 302
