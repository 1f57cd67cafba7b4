"""Bringing earlier values back: shown first, refused where they don't fit any more, audited."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import edit, path
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import AuditEntry, Record
from models.audit import AuditAction
from models.base import now
from models.complaint import Severity
from models.organisation import Role


def entry_of(session: Session, record: Record, column: str) -> int:
    """Return the newest change of a column."""
    found = select(AuditEntry.id).where(
        AuditEntry.table_name == record.__tablename__,
        AuditEntry.row_id == record.id,
        AuditEntry.action == AuditAction.UPDATE,
        AuditEntry.changes.has_key(column),
    )
    return session.scalars(found.order_by(AuditEntry.id.desc()).limit(1)).one()


def differences(response: TestResponse) -> list[tuple[str, ...]]:
    """Return field, present and earlier value of each line of the page."""
    page = BeautifulSoup(response.text, "html.parser")
    rows = page.select(".differences tbody tr")
    return [tuple(cell.get_text().strip() for cell in row.select("td")[1:]) for row in rows]


def restore(client: PanelClient, record: Record, take: list[str] | None = None, **args: Any) -> TestResponse:
    """Open the page, and send what it holds with these fields ticked; None: as they are."""
    address = path(record.__tablename__, "restore", id=record.id, **args)
    page = BeautifulSoup(client.get(address).text, "html.parser")
    form = page.select_one("form:has(.differences)")
    assert form is not None
    data = {str(each["name"]): each.get("value", "") for each in form.select("input[type=hidden]")}
    # Of another session than the client's own.
    data.pop("csrf_token")
    ticked = [str(each["value"]) for each in form.select("input[name=take][checked]")]
    return client.post(str(form["action"]), data={**data, "take": ticked if take is None else take})


def test_one_field_gets_an_earlier_value_back(make: Factory, login: Login, db_session: Session) -> None:
    customer = make.customer(name="旧名", phone="13800000000")
    client = login(Role.SUPERVISOR)
    edit(client, "customer", customer.id, phone="13900000000", name="新名")
    entry = entry_of(db_session, customer, "phone")
    edit(client, "customer", customer.id, phone="13700000000")
    shown = client.get(path("customer", "restore", id=customer.id, entry=entry, field="phone"))
    assert differences(shown) == [("Phone", "13700000000", "13800000000")]
    assert restore(client, customer, entry=entry, field="phone").status_code == 302
    db_session.refresh(customer)
    assert (customer.phone, customer.name) == ("13800000000", "新名")


def test_a_restoration_is_a_change_like_any_other_and_says_what_it_was(
    make: Factory, login: Login, db_session: Session
) -> None:
    customer = make.customer(name="旧名")
    client = login(Role.SUPERVISOR)
    edit(client, "customer", customer.id, name="新名")
    restore(client, customer, entry=entry_of(db_session, customer, "name"))
    entry = db_session.get_one(AuditEntry, entry_of(db_session, customer, "name"))
    assert client.staff is not None
    assert (entry.actor_id, entry.source, entry.changes) == (
        client.staff.id,
        "restore",
        {"name": ["新名", "旧名"]},
    )
    page = client.get(path("customer", "details", id=customer.id, show="history")).text
    assert "brought back from the history" in page


def test_a_record_comes_back_as_it_stood_at_a_moment(
    make: Factory, login: Login, db_session: Session
) -> None:
    subject = make.subject()
    complaint = make.complaint(customer_name="王师傅", demand="换新", subject_id=subject.id)
    client = login(Role.SUPERVISOR)
    edit(client, "complaint", complaint.id, customer_name="李师傅", severity="severe", demand="")
    shown = client.get(
        path("complaint", "restore", id=complaint.id, entry=entry_of(db_session, complaint, "demand"))
    )
    assert ("Severity", "Severe", "Normal") in differences(shown)
    assert ("What the customer demands", "—", "换新") in differences(shown)
    # What should stay as it is now is unticked.
    entry = entry_of(db_session, complaint, "demand")
    assert restore(client, complaint, ["severity", "demand"], entry=entry).status_code == 302
    db_session.refresh(complaint)
    assert (complaint.customer_name, complaint.severity, complaint.demand) == (
        "李师傅",
        Severity.NORMAL,
        "换新",
    )


def test_a_moment_is_typed_as_people_type_it(make: Factory, login: Login, db_session: Session) -> None:
    dealer, client = make.dealer(), login(Role.SUPERVISOR)
    edit(client, "dealer", dealer.id, city="徐州")
    late = client.get(path("dealer", "restore", id=dealer.id, at="2199-01-01%209:00")).text
    assert "Nothing would change" in late
    early = client.get(path("dealer", "restore", id=dealer.id, at="2020-01-01%209:00")).text
    assert "The record was not there yet." in early
    assert "<form method" not in re.sub(r"<header.*?</header>", "", early, flags=re.DOTALL)
    wrong = client.get(path("dealer", "restore", id=dealer.id, at="gestern")).text
    assert "Give a date and time such as" in wrong
    assert "As it was at" in client.get(path("dealer", "restore", id=dealer.id)).text


def test_a_relation_that_is_gone_is_not_brought_back(
    make: Factory, login: Login, db_session: Session
) -> None:
    old, new = make.dealer(), make.dealer()
    customer = make.customer(dealer_id=old.id)
    client = login(Role.SUPERVISOR)
    edit(client, "customer", customer.id, dealer_id=str(new.id))
    entry = entry_of(db_session, customer, "dealer_id")
    client.post("/dealer/delete/", data={"id": old.id})
    assert "not there any more" in client.get(path("customer", "restore", id=customer.id, entry=entry)).text
    refused = restore(client, customer, ["dealer_id"], entry=entry)
    assert refused.status_code == 422
    assert "This record is not there any more" in refused.text
    db_session.refresh(customer)
    assert customer.dealer_id == new.id


def test_a_relation_to_several_gets_back_what_it_held(
    make: Factory, login: Login, db_session: Session
) -> None:
    quality, sales, market = (make.department(name_en=name) for name in ("Quality", "Sales", "Marketing"))
    subject = make.subject(departments=[db_session.merge(quality), db_session.merge(sales)])
    client = login(Role.SUPERVISOR)
    edit(client, "subject", subject.id, departments=["", str(sales.id), str(market.id)])
    history = BeautifulSoup(
        client.get(path("subject", "details", id=subject.id, show="history")).text, "html.parser"
    )
    links = [str(link["href"]) for link in history.select('a.restore[href*="field=departments"]')]
    # What it began with is no change to take back.
    assert len(links) == 2
    entry = min(int(re.search(r"entry=(\d+)", link)[1]) for link in links)
    shown = client.get(path("subject", "restore", id=subject.id, entry=entry, field="departments"))
    assert differences(shown) == [("Departments that are told", "Sales, Marketing", "Quality, Sales")]
    assert restore(client, subject, entry=entry).status_code == 302
    db_session.refresh(subject)
    assert {each.id for each in subject.departments} == {quality.id, sales.id}


def test_what_a_relation_to_several_held_and_is_gone_is_said(
    make: Factory, login: Login, db_session: Session
) -> None:
    gone = make.department(name_en="Quality")
    subject = make.subject(departments=[db_session.merge(gone)])
    edit(login(Role.SUPERVISOR), "subject", subject.id, departments=[""])
    gone.deleted_at = now()
    db_session.commit()
    client = login(Role.SUPERVISOR)
    entry = max(
        db_session.scalars(select(AuditEntry.id).where(AuditEntry.table_name == "subject_department"))
    )
    refused = restore(client, subject, ["departments"], entry=entry)
    assert refused.status_code == 422
    assert "not there any more" in refused.text


def test_a_code_that_was_taken_since_is_not_taken_away(
    make: Factory, login: Login, db_session: Session
) -> None:
    part = make.part(code="K-1")
    client = login(Role.SUPERVISOR)
    edit(client, "part", part.id, code="K-2")
    make.part(code="K-1")
    refused = restore(client, part, entry=entry_of(db_session, part, "code"))
    assert refused.status_code == 422
    assert "There is already a record with the same: Code." in refused.text
    db_session.refresh(part)
    assert part.code == "K-2"


def test_what_somebody_changed_meanwhile_is_looked_at_first(
    make: Factory, login: Login, db_session: Session
) -> None:
    customer, client = make.customer(name="旧名"), login(Role.SUPERVISOR)
    edit(client, "customer", customer.id, name="新名")
    entry, version = entry_of(db_session, customer, "name"), customer.version
    edit(login(Role.SUPERVISOR), "customer", customer.id, name="更新的名")
    data = {"version": version, "entry": entry, "take": "name"}
    answer = client.post(path("customer", "restore", id=customer.id), data=data)
    assert answer.status_code == 409
    assert "Look again at what would change." in answer.text
    assert differences(answer) == [("Name", "更新的名", "旧名")]
    db_session.refresh(customer)
    assert customer.name == "更新的名"


def test_only_supervisors_and_administrators_bring_back_and_by_a_post_alone(
    make: Factory, login: Login, db_session: Session
) -> None:
    customer = make.customer(name="旧名")
    edit(login(Role.SUPERVISOR), "customer", customer.id, name="新名")
    entry = entry_of(db_session, customer, "name")
    address = path("customer", "restore", id=customer.id, entry=entry)
    for role, status in ((Role.CLERK, 403), (Role.AUDITOR, 403), (Role.ADMINISTRATOR, 200)):
        client = login(role)
        assert client.get(address).status_code == status
        page = client.get(path("customer", "details", id=customer.id, show="history")).text
        assert ("Bring back…" in page) is (status == 200)
    db_session.refresh(customer)
    assert customer.name == "新名"
    data = {"version": customer.version, "entry": entry, "take": "name"}
    assert login(Role.CLERK).post(address, data=data).status_code == 403
    assert login(Role.SUPERVISOR).post(address, data=data, csrf=False).status_code == 400


def test_what_no_form_lets_a_person_set_does_not_come_back(
    make: Factory, login: Login, db_session: Session
) -> None:
    client = login(Role.ADMINISTRATOR)
    assert client.staff is not None
    client.staff.role_names = [Role.ADMINISTRATOR.value, Role.CLERK.value]
    db_session.commit()
    entry = entry_of(db_session, client.staff, "roles")
    page = client.get(path("staff", "restore", id=client.staff.id, entry=entry))
    assert differences(page) == []
    data = {"version": client.staff.version, "entry": entry, "take": "role_names"}
    assert client.post(path("staff", "restore", id=client.staff.id), data=data).status_code == 404


def test_a_value_that_was_erased_does_not_come_back(make: Factory, login: Login, db_session: Session) -> None:
    customer, client = make.customer(name="***erased***"), login(Role.SUPERVISOR)
    edit(client, "customer", customer.id, name="新名")
    refused = restore(client, customer, ["name"], entry=entry_of(db_session, customer, "name"))
    assert refused.status_code == 422
    assert "The earlier value was erased." in refused.text


@pytest.mark.parametrize(
    "args", [{"entry": "x"}, {"entry": "9" * 30}, {"field": "%00", "entry": 1}, {"at": "%00"}]
)
def test_an_address_that_makes_no_sense_brings_nothing_back(
    args: dict[str, Any], make: Factory, login: Login
) -> None:
    client = login(Role.SUPERVISOR)
    assert differences(client.get(path("dealer", "restore", id=make.dealer().id, **args))) == []
