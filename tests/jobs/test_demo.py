"""What must hold of the demo's invented data, whatever day it is made on."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from config import Settings
from jobs.demo import COMPLAINTS, DEMO_PEOPLE, QUALITY_RECORDS, WEEKS, has_records, seed_demo
from models import (
    Complaint,
    Customer,
    Dealer,
    Department,
    DigestRecipient,
    PartsQualityRecord,
    Staff,
    Subject,
    Vehicle,
    db,
)
from models.base import now
from models.complaint import Step
from models.digest_content import digest_content
from models.essentials import DEPARTMENTS, KEY_PARTS, SUBJECTS, seed_essentials
from models.iso_week import IsoWeek
from models.masking import mask
from models.organisation import Role

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def demo(in_app: Flask, settings: Settings) -> Flask:
    seed_essentials()
    assert not has_records()
    seed_demo(settings)
    db.session.commit()
    return in_app


def number_of(model: type, *where: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def test_there_is_as_much_as_is_said_and_then_no_more_is_filled_in(demo: Flask) -> None:
    assert number_of(Complaint) == COMPLAINTS
    assert number_of(PartsQualityRecord) == QUALITY_RECORDS
    assert number_of(DigestRecipient) == number_of(Department)
    assert has_records()


def test_nothing_lies_in_the_future_or_before_the_demo_s_weeks(demo: Flask) -> None:
    begin, end = now() - timedelta(weeks=WEEKS, hours=1), now()
    assert number_of(Complaint, ~Complaint.registered_at.between(begin, end)) == 0
    assert number_of(PartsQualityRecord, PartsQualityRecord.found_on > end.date()) == 0
    assert number_of(Vehicle, Vehicle.sold_on > end.date()) == 0
    assert number_of(Vehicle, Vehicle.sold_on < Vehicle.production_on) == 0


def test_the_steps_of_a_complaint_agree_with_its_answer_and_owner(demo: Flask) -> None:
    registered = Complaint.step == Step.REGISTERED
    assert number_of(Complaint, registered, Complaint.verified_at.is_not(None)) == 0
    assert number_of(Complaint, ~registered, Complaint.verified_at.is_(None)) == 0
    assert number_of(Complaint, registered, Complaint.responsible_id.is_not(None)) == 0
    assert set(db.session.scalars(select(Complaint.step).distinct())) == set(Step)


def test_later_complaints_have_higher_numbers(demo: Flask) -> None:
    numbers = list(db.session.scalars(select(Complaint.number).order_by(Complaint.registered_at)))
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("child", [Complaint, Customer, Vehicle, PartsQualityRecord])
def test_whatever_belongs_to_a_dealer_lies_in_its_region(demo: Flask, child: type[Complaint]) -> None:
    pairs = db.session.execute(
        select(child.region_id, Dealer.region_id).join(Dealer, Dealer.id == child.dealer_id)
    ).all()
    assert pairs
    assert all(own == dealers for own, dealers in pairs)


def test_there_is_one_person_of_each_role_and_a_region_where_the_role_has_one(demo: Flask) -> None:
    people = db.session.scalars(select(Staff)).all()
    assert sorted(name for staff in people for name in staff.role_names) == sorted(Role)
    regional = {staff.role_names[0] for staff in people if staff.region_id}
    assert regional == {Role.CLERK, Role.FOLLOW_UP_AGENT, Role.TOURING_ENGINEER}
    assert len({person.email for person in DEMO_PEOPLE}) == len(DEMO_PEOPLE)


@pytest.mark.parametrize("address", [Staff.email, DigestRecipient.email])
def test_no_address_of_the_demo_belongs_to_anybody(demo: Flask, address: InstrumentedAttribute[str]) -> None:
    # Set aside by RFC 2606: no mail to it can reach a real person.
    assert {email.partition("@")[2] for email in db.session.scalars(select(address))} == {"example.com"}


@pytest.mark.parametrize("phone", [Complaint.phone, Customer.phone, Dealer.phone])
def test_no_phone_of_the_demo_belongs_to_anybody(
    demo: Flask, phone: InstrumentedAttribute[str | None]
) -> None:
    found = list(db.session.scalars(select(phone)))
    assert all(number is not None and len(number) == 11 and number[:7] == "1700000" for number in found)
    assert all(mask(str(number)) == "***" for number in found)


def test_every_department_has_something_to_read_about_the_last_week(demo: Flask) -> None:
    week = IsoWeek.last_closed(now(), SHANGHAI)
    calm = [
        department.code
        for department in db.session.scalars(select(Department))
        if digest_content(department, week, SHANGHAI, now())["is_calm"]
    ]
    assert calm == []


def test_each_essential_subject_reaches_a_department_and_is_named_once(in_app: Flask) -> None:
    flat = [(subject, None) for subject in SUBJECTS]
    flat += [(child, subject) for subject in SUBJECTS for child in subject.children]
    codes = {department.code for department in DEPARTMENTS}
    for subject, parent in flat:
        told = subject.departments or (parent.departments if parent else ())
        assert told, subject.code
        assert set(told) <= codes
        assert len(set(told)) == len(told)
    for names in ([s.code for s, _ in flat], [s.name for s, _ in flat], [s.name_en for s, _ in flat]):
        assert len(set(names)) == len(names)


def test_management_gets_all_subjects_and_is_the_only_one(in_app: Flask) -> None:
    assert [item.code for item in DEPARTMENTS if item.gets_all_subjects] == ["management"]
    assert {item.code for item in DEPARTMENTS if item.gets_parts_quality} == {
        "quality",
        "purchasing",
        "management",
    }


def test_the_seven_key_parts_are_marked_as_such(demo: Flask) -> None:
    assert len({code for code, _, _ in KEY_PARTS}) == 7
    assert number_of(Subject) > len(KEY_PARTS)
