"""Taking the demo away: all of it, and nothing that people entered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from conftest import Login, count_queries, own_app, rolled_back
from embedded_services import Postgres
from jobs.demo import seed_demo
from jobs.demo.removal import SOURCE, Hold, remove_demo
from jobs.digest import make
from models import (
    AuditEntry,
    CallRecord,
    CompensationRule,
    Complaint,
    Customer,
    DeadlineRule,
    Dealer,
    Delivery,
    DemoRecord,
    Department,
    Digest,
    Holiday,
    LoginSession,
    Measure,
    Note,
    Part,
    Region,
    Staff,
    Subject,
    Vehicle,
    acting_as,
    db,
    record_types,
    system_actor,
)
from models.base import now
from models.centre import find_centre
from models.digest import DeliveryState
from models.essentials import KEY_PARTS, seed_essentials
from models.iso_week import IsoWeek
from models.organisation import Role
from models.scope import WITH_DELETED


@pytest.fixture(scope="module")
def filled(app: Flask, settings: Settings, engines: Postgres) -> Iterator[Flask]:
    """Make the demo once; what a test does to it is rolled back."""
    with own_app(settings, engines) as own:
        with own.app_context(), acting_as(system_actor("command:release")):
            seed_essentials()
            seed_demo(own.extensions["settings"])
            db.session.commit()
            db.session.remove()
        yield own


@pytest.fixture
def demo(filled: Flask) -> Iterator[Flask]:
    with rolled_back(filled), filled.app_context():
        yield filled
        db.session.remove()


def number_of(model: type, *where: Any) -> int:
    counted = select(func.count()).select_from(model).where(*where)
    return db.session.scalar(counted, execution_options={WITH_DELETED: True}) or 0


def first(model: type) -> Any:
    return db.session.scalars(select(model).order_by(model.id).limit(1)).one()


def all_demo(model: type) -> set[int]:
    return set(
        db.session.scalars(select(DemoRecord.row_id).where(DemoRecord.table_name == model.__tablename__))
    )


def test_all_of_it_goes_and_the_essentials_stay(demo: Flask) -> None:
    essentials = (Department, Subject, CompensationRule, DeadlineRule, Holiday)
    before = {model.__tablename__: number_of(model) for model in essentials}
    removal = remove_demo()
    assert removal.kept == []
    assert removal.gone["complaint"] >= 100
    assert number_of(DemoRecord) == number_of(Note) == 0
    left = {model.__tablename__: number_of(model) for model in record_types() if number_of(model)}
    assert left == before | {"part": len(KEY_PARTS), "position": 4}
    assert find_centre().name is None


def test_the_audit_log_keeps_that_it_was_there(demo: Flask) -> None:
    made = number_of(AuditEntry, AuditEntry.table_name == "complaint")
    with acting_as(system_actor(SOURCE)):
        remove_demo()
        db.session.commit()
    assert number_of(AuditEntry, AuditEntry.table_name == "complaint") == 2 * made
    assert number_of(AuditEntry, AuditEntry.source == SOURCE) > made


def test_a_second_removal_does_nothing(demo: Flask) -> None:
    remove_demo()
    before = number_of(AuditEntry)
    removal = remove_demo()
    assert (removal.gone, removal.kept, number_of(AuditEntry)) == ({}, [], before)


def test_what_a_real_complaint_hangs_on_stays_unmarked_with_the_reason(demo: Flask) -> None:
    customer = first(Customer)
    subject = first(Subject)
    real = Complaint(
        customer_name="真实客户", customer_id=customer.id, subject_id=subject.id, description="真的"
    )
    db.session.add(real)
    db.session.commit()
    removal = remove_demo()
    assert Hold("customer", "complaint.customer_id", (customer.id,)) in removal.kept
    # The customer hangs on a dealer, an agent and a region in turn.
    assert {hold.table_name for hold in removal.kept} >= {"customer", "dealer", "region"}
    assert number_of(Complaint) == number_of(Customer) == number_of(Dealer) == 1
    assert db.session.get(Complaint, real.id) is not None
    assert number_of(DemoRecord) == 0


def test_a_note_that_somebody_wrote_keeps_its_complaint(demo: Flask) -> None:
    complaint = first(Complaint)
    db.session.add(Note(table_name="complaint", row_id=complaint.id, body="我写的"))
    db.session.commit()
    removal = remove_demo()
    assert Hold("complaint", "note", (complaint.id,)) in removal.kept
    assert [note.body for note in db.session.scalars(select(Note))] == ["我写的"]


def test_a_demo_person_who_entered_something_stays_without_a_login(demo: Flask) -> None:
    person = db.session.scalars(select(Staff).where(Staff.email == "supervisor@example.com")).one()
    db.session.add(Region(name="新区", created_by_id=person.id))
    db.session.add(LoginSession(token_hash="0" * 64, staff_id=person.id))
    db.session.commit()
    remove_demo()
    (left,) = db.session.scalars(select(Staff), execution_options={"populate_existing": True}).all()
    assert (left.email, left.active, left.password) == ("supervisor@example.com", False, None)
    assert number_of(LoginSession) == 0


def test_what_people_changed_in_demo_records_is_counted(demo: Flask) -> None:
    first(Customer).address = "改过的地址"
    db.session.commit()
    assert remove_demo().changed == 1


def test_a_record_that_people_made_is_never_touched(demo: Flask) -> None:
    mine = Customer(name="自己的客户")
    db.session.add(mine)
    db.session.commit()
    remove_demo()
    assert [row.name for row in db.session.scalars(select(Customer))] == ["自己的客户"]


def run(app: Flask, *arguments: str, answer: str = "") -> Result:
    return app.test_cli_runner().invoke(args=list(arguments), input=answer)


@pytest.fixture
def released(fresh_app: Flask) -> Flask:
    assert run(fresh_app, "release").exit_code == 0
    return fresh_app


def test_digests_of_the_demo_go_and_one_that_left_the_house_stays(released: Flask) -> None:
    with released.app_context():
        week = IsoWeek.last_closed(now(), released.extensions["settings"].timezone)
        departments = db.session.scalars(select(Department.id).order_by(Department.id)).all()
        kept, _ = make(departments[0], week)
        gone, _ = make(departments[1], week)
        point = {"digest_id": gone, "point_key": "subject:1", "department_id": departments[1]}
        db.session.add(Measure(what="换供应商", owner_name="陈工", due_on=week.monday, **point))
        sent = db.session.scalars(select(Delivery).where(Delivery.digest_id == kept)).one()
        assert sent.subject.startswith("[演示数据]")
        sent.state = DeliveryState.SENT
        db.session.commit()
        remove_demo()
        assert list(db.session.scalars(select(Digest.id))) == [kept]
        assert number_of(Delivery) == 1
        assert list(db.session.scalars(select(Measure.digest_id))) == [None]
        db.session.remove()


def test_the_command_asks_and_a_no_changes_nothing(demo: Flask) -> None:
    before = number_of(Complaint)
    refused = run(demo, "demo-remove", answer="n\n")
    assert refused.exit_code == 1
    assert "complaint: would go" in refused.output
    db.session.expire_all()
    assert number_of(Complaint) == before >= 100


def test_afterwards_it_is_a_real_centre_until_the_demo_is_asked_for(released: Flask) -> None:
    gone = run(released, "demo-remove", "--yes").output
    assert "complaint: gone" in gone
    # Its people are gone as well, so somebody has to be let in.
    assert "Nobody can log in now" in gone
    assert "no demo records" in run(released, "demo-remove", "--yes").output
    assert "Filling in demo data" not in run(released, "release").output
    with released.app_context():
        assert number_of(Staff) == number_of(CallRecord) == number_of(Vehicle) == 0
        assert number_of(Part) == len(KEY_PARTS)
        db.session.remove()
    assert run(released, "demo-users").output == ""
    assert run(released, "demo-add").exit_code == 0
    again = run(released, "demo-add")
    assert again.exit_code == 1
    assert "already" in again.output


def test_every_page_says_that_its_data_are_invented_and_each_demo_record_too(
    app: Flask, login: Login, make: Any, db_session: Any
) -> None:
    person = login(Role.SUPERVISOR)
    invented, real = make.customer(name="虚构"), make.customer(name="真实")
    banner, mark = "demo-banner", "demo-mark"
    assert banner not in person.get("/").text
    db_session.add(DemoRecord(table_name="customer", row_id=invented.id))
    db_session.commit()
    assert banner in person.get("/").text
    assert banner in person.get("/customer/").text
    assert mark in person.get(f"/customer/details/?id={invented.id}").text
    page = person.get(f"/customer/details/?id={real.id}").text
    assert banner in page
    assert mark not in page
    with count_queries(app) as statements:
        person.get("/customer/")
    assert sum("demo_record" in statement for statement in statements) == 1
