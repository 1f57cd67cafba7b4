"""What must hold of the demo's invented data, whatever day it is made on."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from config import Settings
from jobs.demo import DEMO_PEOPLE, has_records, seed_demo
from jobs.demo.world import World
from models import (
    AuditEntry,
    Base,
    CallRecord,
    Complaint,
    Customer,
    Deadline,
    Dealer,
    DemoRecord,
    Department,
    DepartmentTask,
    DigestRecipient,
    Letter,
    Measure,
    Note,
    Part,
    PartsQualityRecord,
    PartsShipment,
    Proposal,
    ServiceReceipt,
    Staff,
    StepTaken,
    Subject,
    Supplier,
    Vehicle,
    WarrantyClaim,
    db,
)
from models.base import now
from models.call_record import CallPurpose, CallResult
from models.complaint import Step
from models.customer import Customer as Owner
from models.deadline_rule import DeadlineKind
from models.department_task import TaskState
from models.digest_content import digest_content
from models.essentials import KEY_PARTS, seed_essentials
from models.iso_week import IsoWeek
from models.masking import mask
from models.measure import MeasureState
from models.measure_effect import effects_of
from models.organisation import Role
from models.phones import phone_numbers_in
from models.pinyin import pinyin_key
from models.proposal import ProposalState
from models.vehicle import add_months
from models.warranty_claim import ClaimOutcome

SHANGHAI = ZoneInfo("Asia/Shanghai")


def number_of(model: type, *where: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


@pytest.mark.parametrize(
    ("model", "whole"),
    [
        (Customer, 3500), (Vehicle, 4500), (ServiceReceipt, 8000), (CallRecord, 10000), (Complaint, 5000),
        (PartsQualityRecord, 2500), (PartsShipment, 6000), (WarrantyClaim, 2000), (Letter, 400), (Note, 300),
    ],
)  # fmt: skip
def test_there_is_about_as_much_as_a_centre_has(world: World, model: type, whole: int) -> None:
    assert number_of(model) == pytest.approx(whole * world.size, rel=0.15)


def test_the_rest_of_the_house_is_there(world: World) -> None:
    assert number_of(Dealer) == len({dealer.place.city for dealer in world.shops}) >= 60
    assert number_of(DigestRecipient) == number_of(Department)
    assert number_of(Supplier) > 10
    assert has_records()


def test_measures_stand_in_every_state_and_those_verified_say_what_was_counted(world: World) -> None:
    states = set(db.session.scalars(select(Measure.state)))
    assert states == set(MeasureState)
    late = Measure.due_on < world.days.today
    assert 1 <= number_of(Measure, Measure.state == MeasureState.DECIDED, late) <= 4
    verified = db.session.scalars(select(Measure).where(Measure.state == MeasureState.VERIFIED)).all()
    effects = effects_of(verified, world.days.today)
    assert [each.verdict for each in verified] == [effects[each.id].verdict for each in verified]
    assert all(each.verified_on and each.verified_on <= world.days.today for each in verified)


def test_every_row_of_the_demo_bears_its_mark_and_no_essential_one_does(world: World) -> None:
    marks: Counter[str] = Counter(db.session.scalars(select(DemoRecord.table_name)))
    models: list[type[Base]] = [Complaint, Customer, Dealer, Vehicle, ServiceReceipt, CallRecord, Note, Staff]
    assert {model.__tablename__: marks[model.__tablename__] for model in models} == {
        model.__tablename__: number_of(model) for model in models
    }
    assert marks[Department.__tablename__] == marks[Subject.__tablename__] == 0
    assert marks[Part.__tablename__] == number_of(Part) - len(KEY_PARTS)


def test_every_record_is_in_the_audit_log(world: World) -> None:
    assert number_of(AuditEntry, AuditEntry.table_name == "complaint") == number_of(Complaint)


@pytest.mark.parametrize(
    "moment", [Complaint.registered_at, Complaint.verified_at, Complaint.analysed_at, CallRecord.called_at,
               ServiceReceipt.created_at, ServiceReceipt.done_at, Note.created_at, Vehicle.created_at],
    ids=str,
)  # fmt: skip
def test_no_moment_lies_in_the_future(world: World, moment: InstrumentedAttribute[Any]) -> None:
    latest = db.session.scalar(select(func.max(moment)))
    assert latest <= world.days.end
    assert latest > world.days.end - timedelta(days=12)


@pytest.mark.parametrize(
    "day", [PartsQualityRecord.found_on, PartsShipment.shipped_on, WarrantyClaim.claimed_on, Letter.sent_on,
            Vehicle.sold_on, CallRecord.promise_kept_on, ServiceReceipt.handed_over_on],
    ids=str,
)  # fmt: skip
def test_no_day_lies_in_the_future(world: World, day: InstrumentedAttribute[Any]) -> None:
    latest = db.session.scalar(select(func.max(day)))
    assert world.days.today - timedelta(days=20) < latest < world.days.today


def test_the_complaints_span_eighteen_months_and_grow(world: World) -> None:
    days = [world.days.local(at) for at in db.session.scalars(select(Complaint.registered_at))]
    assert (max(days) - min(days)).days > 530
    middle = world.days.today - timedelta(days=274)
    assert sum(day >= middle for day in days) > 1.1 * sum(day < middle for day in days)


def test_the_last_days_have_work_in_every_state(world: World) -> None:
    recent = Complaint.registered_at > world.days.end - timedelta(days=10)
    assert set(db.session.scalars(select(Complaint.step).where(recent).distinct())) >= {
        Step.REGISTERED, Step.VERIFIED, Step.CONFIRMED,
    }  # fmt: skip
    assert number_of(ServiceReceipt, ServiceReceipt.handed_over_on.is_(None)) > 0
    assert number_of(WarrantyClaim, WarrantyClaim.outcome == ClaimOutcome.OPEN) > 0
    open_promises = CallRecord.promised_until.is_not(None) & CallRecord.promise_kept_on.is_(None)
    assert number_of(CallRecord, open_promises, CallRecord.promised_until < world.days.today) > 0
    forgotten = CallRecord.promised_until < world.days.today - timedelta(days=60)
    assert number_of(CallRecord, open_promises, forgotten) == 0
    due = Vehicle.next_maintenance_on.between(world.days.today, world.days.today + timedelta(days=14))
    assert number_of(Vehicle, due) > 0


def test_the_steps_of_a_complaint_agree_with_its_times(world: World) -> None:
    registered = Complaint.step == Step.REGISTERED
    early = Complaint.step.in_((Step.REGISTERED, Step.VERIFIED))
    assert number_of(Complaint, registered, Complaint.verified_at.is_not(None)) == 0
    assert number_of(Complaint, ~registered, Complaint.verified_at.is_(None)) == 0
    assert number_of(Complaint, early, Complaint.cause.is_not(None)) == 0
    assert number_of(Complaint, ~early, Complaint.cause.is_(None)) == 0
    assert number_of(Complaint, Complaint.verified_at < Complaint.registered_at) == 0
    assert number_of(Complaint, Complaint.analysed_at < Complaint.verified_at) == 0
    assert set(db.session.scalars(select(Complaint.step).distinct())) == set(Step)
    owed = Deadline.kind == DeadlineKind.FIRST_ANSWER
    late = number_of(Deadline, owed, Deadline.settled_at > Deadline.due_at)
    assert 0.02 < late / number_of(Deadline, owed) < 0.2


def test_the_course_of_recent_complaints_leads_to_where_they_stand(world: World) -> None:
    newest = select(StepTaken.complaint_id, func.max(StepTaken.id).label("id")).group_by(
        StepTaken.complaint_id
    )
    last = newest.subquery()
    stands = (
        select(Complaint.step, StepTaken.to_step)
        .join(last, last.c.complaint_id == Complaint.id)
        .join(StepTaken, StepTaken.id == last.c.id)
    )
    found = db.session.execute(stands).all()
    assert len(found) > 50
    assert [pair for pair in found if pair[0] != pair[1]] == []
    assert number_of(StepTaken, StepTaken.taken_at > world.days.end) == 0
    agreed = Complaint.step.in_((Step.AGREED, Step.CARRIED_OUT)) & Complaint.id.in_(
        select(last.c.complaint_id)
    )
    offers = select(Proposal.complaint_id).where(Proposal.state == ProposalState.AGREED)
    assert number_of(Complaint, agreed, Complaint.id.not_in(offers)) == 0
    assert number_of(Proposal, Proposal.state == ProposalState.WAITING) > 0
    open_tasks = DepartmentTask.state == TaskState.OPEN
    done = Complaint.step.in_((Step.CARRIED_OUT, Step.CONFIRMED))
    assert (
        number_of(
            DepartmentTask, open_tasks, DepartmentTask.complaint_id.in_(select(Complaint.id).where(done))
        )
        == 0
    )


def test_satisfaction_is_about_the_target(world: World) -> None:
    asked = number_of(Complaint, Complaint.satisfaction.is_not(None))
    content = number_of(Complaint, Complaint.satisfaction >= 4)
    assert 0.8 < content / asked < 1
    assert number_of(Complaint, Complaint.step == Step.CONFIRMED, Complaint.confirmed_at.is_(None)) == 0


@pytest.mark.parametrize(
    ("number", "by"),
    [
        (Complaint.number, Complaint.registered_at),
        (CallRecord.number, CallRecord.called_at),
        (Customer.number, Customer.created_at),
    ],
    ids=str,
)
def test_numbers_rise_with_time_and_carry_its_year(world: World, number: Any, by: Any) -> None:
    rows = db.session.execute(select(number, by).order_by(by, number)).all()
    assert [number for number, _ in rows] == sorted(number for number, _ in rows)
    assert all(number[3:7] == str(world.days.local(at).year) for number, at in rows)


def test_no_two_complaints_say_the_same_in_the_same_words(world: World) -> None:
    texts = [text or "" for text in db.session.scalars(select(Complaint.description))]
    assert len(set(texts)) == len(texts)
    assert all(20 <= len(text) <= 120 for text in texts)
    assert not [text for text in texts if "{" in text]


def test_the_part_of_a_complaint_is_the_one_of_its_subject(world: World) -> None:
    found = db.session.execute(
        select(Subject.code, Part.code, func.count())
        .join(Complaint, Complaint.subject_id == Subject.id)
        .outerjoin(Part, Part.id == Complaint.part_id)
        .group_by(Subject.code, Part.code)
    ).all()
    parts = {(subject, part) for subject, part, _ in found}
    assert ("controller", "KP-02") in parts
    assert {part for subject, part in parts if subject == "controller"} == {"KP-02"}
    assert {part for subject, part in parts if subject == "service_attitude"} == {None}


def test_what_is_said_of_the_vehicle_is_what_its_file_says(world: World) -> None:
    same = (
        (Complaint.production_batch == Vehicle.production_batch)
        & (Complaint.customer_id == Vehicle.customer_id)
        & (Complaint.dealer_id == Vehicle.dealer_id)
    )
    joined = select(func.count()).select_from(Complaint).join(Vehicle, Vehicle.id == Complaint.vehicle_id)
    assert db.session.scalar(joined.where(same)) == number_of(Complaint)
    assert db.session.scalar(joined.where(Complaint.registered_at < Vehicle.sold_on)) == 0


def test_vehicles_of_a_batch_have_one_controller_lot(world: World) -> None:
    lots: dict[str, set[str]] = {}
    rows = db.session.execute(
        select(Vehicle.production_batch, PartsQualityRecord.production_batch)
        .join(PartsQualityRecord, PartsQualityRecord.vehicle_id == Vehicle.id)
        .where(PartsQualityRecord.part_id == world.products.parts["KP-02"])
    )
    for built, lot in rows:
        lots.setdefault(built, set()).add(lot)
    assert lots
    assert {len(each) for each in lots.values()} == {1}


def test_a_return_repair_comes_back_with_the_same_fault_within_thirty_days(world: World) -> None:
    rows = {row.id: row for row in db.session.scalars(select(ServiceReceipt))}
    returns = [row for row in rows.values() if row.is_return_repair]
    assert returns
    for row in returns:
        earlier = rows[row.earlier_receipt_id or 0]
        assert (earlier.vehicle_id, earlier.fault) == (row.vehicle_id, row.fault)
        assert 0 < (row.came_in_on - earlier.came_in_on).days <= 30


def test_most_first_follow_ups_come_three_to_seven_days_after_the_vehicle_was_handed_over(
    world: World,
) -> None:
    rows = db.session.execute(
        select(CallRecord.called_at, ServiceReceipt.handed_over_on)
        .join(ServiceReceipt, ServiceReceipt.id == CallRecord.service_receipt_id)
        .where(CallRecord.purpose == CallPurpose.FIRST_FOLLOW_UP, CallRecord.result == CallResult.REACHED)
    ).all()
    waits = [(world.days.local(at) - handed_over).days for at, handed_over in rows]
    assert min(waits) >= 0
    assert 0.7 < sum(3 <= days <= 7 for days in waits) / len(waits) < 0.97


def test_shipments_are_right_as_often_as_they_should_be(world: World) -> None:
    assert 0.97 < number_of(PartsShipment, PartsShipment.is_right) / number_of(PartsShipment) < 0.99


VIN_VALUES = {sign: int(sign) for sign in "0123456789"} | {
    sign: int(value) for sign, value in zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)
}


def test_frame_numbers_have_their_check_digit_and_are_nobodys(world: World) -> None:
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    for number in db.session.scalars(select(Vehicle.frame_number)):
        assert len(number) == 17
        assert number.startswith("L00")
        total = sum(VIN_VALUES[sign] * weight for sign, weight in zip(number, weights, strict=True))
        assert "0123456789X"[total % 11] == number[8]


def test_plates_bear_a_letter_that_is_never_given_out(world: World) -> None:
    plates = list(db.session.scalars(select(Vehicle.plate_number).where(Vehicle.plate_number.is_not(None))))
    assert {(len(plate), plate[3]) for plate in plates} == {(7, "I")}
    assert mask(plates[0]) == "***"


def test_what_the_panel_works_out_of_a_single_record_is_worked_out_here_too(world: World) -> None:
    for owner in db.session.scalars(select(Owner).limit(50)):
        assert owner.name_sort == pinyin_key(owner.name)
        assert owner.phone_numbers == phone_numbers_in(owner.phone)
    for complaint in db.session.scalars(select(Complaint).limit(50)):
        assert complaint.phone_numbers == phone_numbers_in(complaint.phone)
    for vehicle in db.session.scalars(select(Vehicle).limit(50)):
        assert vehicle.sold_on is not None
        assert vehicle.warranty_until == add_months(vehicle.sold_on, 12)


@pytest.mark.parametrize("child", [Complaint, Customer, Vehicle, PartsQualityRecord, ServiceReceipt])
def test_whatever_belongs_to_a_dealer_lies_in_its_region(world: World, child: type[Complaint]) -> None:
    pairs = db.session.execute(
        select(child.region_id, Dealer.region_id).join(Dealer, Dealer.id == child.dealer_id)
    ).all()
    assert pairs
    assert all(own == dealers for own, dealers in pairs)


def test_there_is_one_login_of_each_role_and_colleagues_without(world: World) -> None:
    people = db.session.scalars(select(Staff)).all()
    with_login = [staff for staff in people if staff.password]
    assert sorted(name for staff in with_login for name in staff.role_names) == sorted(Role)
    assert {staff.email for staff in with_login} == {person.email for person in DEMO_PEOPLE}
    assert len(people) > 20
    agents = select(Customer.responsible_id).where(Customer.responsible_id.is_not(None))
    assert max(Counter(db.session.scalars(agents)).values()) <= 200


@pytest.mark.parametrize("address", [Staff.email, DigestRecipient.email, Supplier.email], ids=str)
def test_no_address_of_the_demo_belongs_to_anybody(world: World, address: InstrumentedAttribute[str]) -> None:
    # Set aside by RFC 2606: no mail to it can reach a real person.
    assert {email.partition("@")[2] for email in db.session.scalars(select(address))} == {"example.com"}


@pytest.mark.parametrize("phone", [Complaint.phone, Customer.phone, Dealer.phone, Staff.phone], ids=str)
def test_no_phone_of_the_demo_belongs_to_anybody(
    world: World, phone: InstrumentedAttribute[str | None]
) -> None:
    found = list(db.session.scalars(select(phone)))
    assert all(number is not None and len(number) == 11 and number[:7] == "1700000" for number in found)
    assert all(mask(str(number)) == "***" for number in found[:50])


def test_every_department_has_something_to_read_about_the_last_week_and_is_told_what_it_is(
    world: World,
) -> None:
    week = IsoWeek.last_closed(world.days.end, SHANGHAI)
    for department in db.session.scalars(select(Department)):
        content = digest_content(department, week, SHANGHAI, now())
        assert (content["is_calm"], content["is_demo"]) == (False, True), department.code


def test_the_same_day_gives_the_same_data(in_app: Flask, settings: Settings) -> None:
    seed_essentials()
    texts = []
    for _ in range(2):
        savepoint = db.session.begin_nested()
        seed_demo(settings, today=date(2026, 3, 17))
        texts.append(
            db.session.execute(
                select(Complaint.description, Complaint.registered_at).order_by(Complaint.id)
            ).all()
        )
        savepoint.rollback()
    assert texts[0] == texts[1]
    assert len(texts[0]) >= 100
