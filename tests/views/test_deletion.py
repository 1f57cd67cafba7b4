"""Letting records go: asked first, refused while others hang on them, also on those out of sight."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from screens import path, rows_of
from sqlalchemy import select

from conftest import Login
from factories import Factory
from models import Customer, Department, Staff, Subject, record_types
from models.complaint import Step
from models.dealer import Grade
from models.organisation import Role
from views.deletion import holds


def test_the_page_lists_what_hangs_on_the_record(make: Factory, login: Login) -> None:
    customer = make.customer()
    make.vehicle(customer_id=customer.id)
    make.complaint(customer_id=customer.id)
    make.complaint(customer_id=customer.id)
    client = login(Role.SUPERVISOR)
    page = client.get(path("customer", "delete", id=customer.id)).text
    assert f'<a href="/vehicle/?flt_customer_id={customer.id}">Vehicles: 1</a>' in page
    assert f'<a href="/complaint/?flt_customer_id={customer.id}">Complaints: 2</a>' in page
    assert "solid" not in page
    assert client.post("/customer/delete/", data={"id": customer.id}).status_code == 409


def test_what_hangs_on_it_in_another_region_holds_it_too(make: Factory, login: Login) -> None:
    dealer = make.dealer()
    make.customer(region=make.region(), dealer_id=dealer.id)
    assert "Customers: 1" in login(Role.SUPERVISOR).get(path("dealer", "delete", id=dealer.id)).text


def test_what_was_changed_since_the_question_is_asked_again(make: Factory, login: Login) -> None:
    kept, changed = make.customer(name="甲"), make.customer(name="乙")
    client = login(Role.SUPERVISOR)
    address = f"/customer/delete/?id={kept.id}&id={changed.id}"
    asked = BeautifulSoup(client.get(address).text, "html5lib")
    sent = {name: [str(each["value"]) for each in asked.select(f"[name={name}]")] for name in ("id", "seen")}
    changed.level = Grade.A
    make.session.commit()
    again = client.post(address, data=sent)
    assert again.status_code == 409
    assert again.text.count("Changed meanwhile") == 1
    assert {each.deleted_at for each in make.session.scalars(select(Customer))} == {None}
    asked = BeautifulSoup(again.text, "html5lib")
    sent = {name: [str(each["value"]) for each in asked.select(f"[name={name}]")] for name in ("id", "seen")}
    assert client.post(address, data=sent).status_code == 302
    make.session.expire_all()
    assert make.session.scalars(select(Customer)).all() == []


def test_a_deleted_reference_holds_nothing(make: Factory, login: Login) -> None:
    customer = make.customer()
    vehicle = make.vehicle(customer_id=customer.id)
    client = login(Role.SUPERVISOR)
    client.post("/vehicle/delete/", data={"id": vehicle.id})
    assert client.post("/customer/delete/", data={"id": customer.id}).status_code == 302
    assert rows_of(client.get("/customer/")) == []


def test_a_department_that_a_subject_names_stays(make: Factory, login: Login) -> None:
    department = make.department()
    make.subject(departments=[make.session.merge(department)])
    page = login(Role.ADMINISTRATOR).get(path("department", "delete", id=department.id)).text
    assert "Subjects: 1" in page


def test_a_parent_and_its_only_child_go_together(make: Factory, login: Login) -> None:
    parent = make.region()
    child = make.region(parent=parent)
    client = login(Role.ADMINISTRATOR)
    assert client.post("/region/delete/", data={"id": parent.id}).status_code == 409
    assert client.post("/region/delete/", data={"id": [parent.id, child.id]}).status_code == 302


def test_who_entered_records_can_leave_who_answers_for_them_cannot(make: Factory, login: Login) -> None:
    author, agent = make.staff(Role.CLERK), make.staff(Role.FOLLOW_UP_AGENT)
    make.customer(created_by_id=author.id, responsible_id=agent.id)
    client = login(Role.ADMINISTRATOR)
    assert client.post("/staff/delete/", data={"id": author.id}).status_code == 302
    assert client.post("/staff/delete/", data={"id": agent.id}).status_code == 409
    make.session.expire_all()
    assert make.session.get(Staff, agent.id).deleted_at is None


def test_every_foreign_key_of_a_record_is_looked_at() -> None:
    found = {(record, held.key) for model in record_types() for record, held in holds(model)}
    tables = {record.__table__ for record in record_types()}
    for record in record_types():
        for name, column in record.__mapper__.columns.items():
            led_to = {key.column.table for key in column.foreign_keys}
            # What is no record, such as a mail that was sent, has no bin to go to.
            if led_to & tables and name != "created_by_id":
                assert (record, name) in found
    assert (Subject, "departments") in found
    assert (Customer, "created_by_id") not in found
    assert Department in record_types()


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR])
def test_who_may_not_delete_is_shown_no_way_to(role: Role, make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(role)
    for page in ("", "details"):
        assert "/customer/delete/?id" not in client.get(path("customer", page, id=customer.id)).text


def test_papers_are_named_before_anybody_deletes_and_stop_the_deletion(make: Factory, login: Login) -> None:
    kept, free = make.complaint(step=Step.CONFIRMED), make.complaint()
    client = login(Role.SUPERVISOR)
    page = client.get(path("complaint", "delete", id=kept.id)).text
    assert "A closed complaint stays archived with all its papers." in page
    assert "solid" not in page
    assert client.post("/complaint/delete/", data={"id": kept.id}).status_code == 409
    # In bulk every record is looked at, and the one that is kept is named.
    several = client.post("/complaint/delete/", data={"id": [free.id, kept.id]})
    assert several.status_code == 409
    assert f"{kept.number}: A closed complaint" in several.text
    make.session.expire_all()
    assert free.deleted_at is None
    assert client.post("/complaint/delete/", data={"id": free.id}).status_code == 302


def test_who_has_papers_is_told_what_to_do_instead(make: Factory, login: Login) -> None:
    customer = make.customer()
    closed = make.complaint(customer_id=customer.id, step=Step.CONFIRMED)
    client = login(Role.SUPERVISOR)
    page = client.get(path("customer", "delete", id=customer.id)).text
    assert f"must be kept: closed complaints: 1 ({closed.number}). If it was entered twice, let them" in page
    receipts = [make.service_receipt(customer_id=customer.id) for _ in range(4)]
    for receipt in receipts:
        make.warranty_claim(service_receipt_id=receipt.id)
    page = client.get(path("customer", "delete", id=customer.id)).text
    assert f"closed complaints: 1 ({closed.number}); receipts named in a warranty claim: 4. If" in page
    assert "Delete those first" not in page
