"""Two people at one record: the second keeps the draft; a form without its version saves nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from screens import edit, form_of, path, their_version
from sqlalchemy import update
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from models import Customer, db
from models.complaint import Severity
from models.organisation import Role
from views import saving


def reload(make: Factory, row: Any) -> Any:
    make.session.expire_all()
    return make.session.get(type(row), row.id)


def test_departments_of_a_subject_are_ticked_and_a_second_editor_notices(make: Factory, login: Login) -> None:
    first, second = make.department(), make.department()
    subject = make.subject()
    client, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("subject", "edit", id=subject.id)
    opened = form_of(other.get(address))
    edit(client, "subject", subject.id, departments=["", str(first.id), str(second.id)])
    assert {d.id for d in reload(make, subject).departments} == {first.id, second.id}
    assert other.post(address, data=opened).status_code == 409
    edit(client, "subject", subject.id, departments=["", str(second.id)])
    assert [d.id for d in reload(make, subject).departments] == [second.id]
    edit(client, "subject", subject.id, departments=[""])
    assert reload(make, subject).departments == []
    assert edit(client, "subject", subject.id, departments=["", "999999"]).status_code == 422
    assert edit(client, "subject", subject.id, departments=["", "abc"]).status_code == 422


def test_the_second_of_two_editors_keeps_the_draft_and_sees_the_other_change(
    make: Factory, login: Login
) -> None:
    complaint = make.complaint(severity=Severity.NORMAL, demand="修理", customer_name="张三")
    first, second = login(Role.SUPERVISOR, name="王主管"), login(Role.SUPERVISOR)
    address = path("complaint", "edit", id=complaint.id)
    opened = form_of(second.get(address))
    edit(first, "complaint", complaint.id, demand="退货", severity="severe")

    opened["demand"] = "换新车"
    opened["phone"] = "13900000000"
    response = second.post(address, data=opened)

    assert response.status_code == 409
    page = response.text
    assert "王主管 saved a change at" in page
    assert "换新车" in page
    assert their_version(response, "demand") == "退货"
    # The second had not touched the severity: the other's change is taken over.
    assert "Taken over from the other change." in page
    again = form_of(response)
    assert (again["severity"], again["demand"], again["phone"], again["version"]) == (
        "severe",
        "换新车",
        "13900000000",
        "2",
    )
    row = reload(make, complaint)
    assert (row.demand, row.severity, row.phone) == ("退货", Severity.SEVERE, None)

    assert second.post(address, data=again).status_code == 302
    row = reload(make, complaint)
    assert (row.demand, row.severity, row.phone) == ("换新车", Severity.SEVERE, "13900000000")


@pytest.mark.parametrize("version", ["", "abc", "0", "-1", "7", "1,1", "99999999999999999999"])
def test_a_form_without_the_right_version_saves_nothing(version: str, make: Factory, login: Login) -> None:
    customer = make.customer(name="客户")
    response = edit(login(Role.SUPERVISOR), "customer", customer.id, name="x", version=version)
    assert response.status_code == 409
    assert reload(make, customer).name == "客户"


def test_a_change_between_check_and_flush_is_a_conflict_too(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_fields = saving.set_fields
    with fresh_app.app_context():
        make = Factory(db.session())
        customer_id = make.customer(name="客户").id
        client = fresh_app.test_client()
        assert isinstance(client, PanelClient)
        client.log_in(make.staff(Role.SUPERVISOR), db.session())

    def overtake(form: Any, row: Any) -> None:
        with Session(db.engine) as other:
            other.execute(update(Customer).values(version=Customer.version + 1, source="展会"))
            other.commit()
        set_fields(form, row)

    address = path("customer", "edit", id=customer_id)
    values = form_of(client.get(address))
    values["name"] = "新名"
    monkeypatch.setattr(saving, "set_fields", overtake)
    response = client.post(address, data=values)
    assert response.status_code == 409
    # Nobody else changed the name: there is nothing to choose.
    assert "data-difference" not in response.text
    again = form_of(response)
    assert (again["version"], again["name"], again["source"]) == ("2", "新名", "展会")
