"""The tasks of a closed complaint stay as they are."""

from __future__ import annotations

from screens import form_of, path

from conftest import Login
from factories import Factory
from models import DepartmentTask
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
