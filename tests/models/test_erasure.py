"""Erasing a person: nothing that names him or her is left in the database, and the figures stay right."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import what_came_back
from factories import Factory
from models import (
    AccessEntry,
    AuditEntry,
    Base,
    CallRecord,
    Complaint,
    Customer,
    Delivery,
    ImportOrigin,
    ImportRun,
    LoginSession,
    SecondFactor,
    Staff,
    Vehicle,
    acting_as,
    db,
)
from models.access import AccessKind
from models.actor import Actor
from models.base import now
from models.centre import Centre
from models.complaint import Step
from models.digest import DeliveryKind, DeliveryState
from models.erasure import erase, last_erasure, preview_of, rows_of_person
from models.importing import ImportState
from models.organisation import Role
from models.personal_data import ERASED
from models.pinyin import pinyin_key
from models.warranty_claim import ClaimOutcome

TODAY = date(2026, 3, 10)
NAME, EARLIER_NAME, CONTACT, SPOKE_WITH = "诸葛清澜", "诸葛清岚", "司徒望舒", "尉迟听雨"
PHONE, EARLIER_PHONE, LANDLINE = "13977640821", "13855319977", "0516-83126677"
ADDRESS, EARLIER_ADDRESS = "徐州市云龙区翠屏山路三百号", "徐州市鼓楼区黄河西路九号"
EMAIL = "zhuge.qinglan@example.cn"
PLATE, EARLIER_PLATE, FRAME = "苏C73K9Q", "苏C11X8W", "LHSZQ3KD5N7X20461"
PLANTED = (
    NAME, EARLIER_NAME, CONTACT, SPOKE_WITH, PHONE, EARLIER_PHONE, LANDLINE, ADDRESS, EARLIER_ADDRESS, PLATE,
    EARLIER_PLATE, FRAME, EMAIL,
)  # fmt: skip
SPEECH = (
    f"{NAME}来电，电话 139-7764-0821，又说１３９７７６４０８２１，以前是{EARLIER_PHONE}，家住{ADDRESS}，"
    f"车牌苏C·73K9Q，车架号 {FRAME.lower()}，联系人{CONTACT}。电机异响。"
)


def administrator(make: Factory) -> Actor:
    staff = make.staff(Role.ADMINISTRATOR)
    return Actor(staff.id, "request", frozenset({Role.ADMINISTRATOR.value}), None)


def person_with_everything(make: Factory) -> Customer:
    """Make a customer of whom something stands in every place that can hold it."""
    customer = make.customer(
        name=EARLIER_NAME,
        contact_person=CONTACT,
        phone=f"{EARLIER_PHONE} / {LANDLINE}",
        address=EARLIER_ADDRESS,
        email=EMAIL,
        wished_service=SPEECH,
    )
    customer.name, customer.phone, customer.address = NAME, f"139 7764 0821 / {LANDLINE}", ADDRESS
    make.session.commit()
    vehicle = make.vehicle(
        customer_id=customer.id, frame_number=FRAME, plate_number=EARLIER_PLATE, warranty_until=TODAY
    )
    vehicle.plate_number = PLATE
    complaint = make.complaint(
        customer_id=customer.id,
        vehicle_id=vehicle.id,
        customer_name=NAME,
        phone=PHONE,
        address=ADDRESS,
        description=SPEECH,
        analysis=SPEECH,
        step=Step.CONFIRMED,
    )
    make.complaint(customer_name=NAME, phone=f"+86 {PHONE}", description=SPEECH, step=Step.CONFIRMED)
    receipt = make.service_receipt(customer_id=customer.id, vehicle_id=vehicle.id, fault=SPEECH, result=PLATE)
    make.call_record(
        customer_id=customer.id, spoke_with=SPOKE_WITH, phone=LANDLINE, points=SPEECH + SPOKE_WITH
    )
    make.letter(customer_id=customer.id, address=ADDRESS, regarding=f"致{NAME}", content=SPEECH)
    mail = make.delivery(recipient=EMAIL, recipient_name=NAME, message=f"{NAME} {EMAIL}".encode())
    make.letter(customer_id=customer.id, complaint_id=complaint.id, delivery_id=mail.id, content=SPEECH)
    make._add(what_came_back.incoming_mail(mail, 1, sender=EMAIL, sender_name=NAME, body="好"))
    make._add(what_came_back.bad_address(EMAIL, reason=f"550 <{EMAIL}>", delivery_id=mail.id))
    make.warranty_claim(vehicle_id=vehicle.id, fault=SPEECH, outcome=ClaimOutcome.PASSED, decided_on=TODAY)
    make.parts_quality_record(complaint_id=complaint.id, fault=SPEECH)
    # Of others, who speak of the person's vehicle.
    make.service_receipt(vehicle_id=vehicle.id, fault=SPEECH)
    make.note(make.parts_quality_record(vehicle_id=vehicle.id), body=SPEECH)
    make.note(receipt, body=SPEECH)
    file = make.attachment(make.note(customer, body=SPEECH), SPEECH.encode(), file_name=f"{NAME}.txt")
    assert file.id
    make.note(complaint, body=SPEECH, deleted_at=datetime.now(UTC))
    _plant_elsewhere(make, customer, complaint)
    return customer


def _plant_elsewhere(make: Factory, customer: Customer, complaint: Complaint) -> None:
    run = make._add(
        ImportRun(
            mapping="own",
            file_name=f"{NAME}.csv",
            file_sha256="0" * 64,
            rejected=f"1;{NAME};{PHONE}".encode("gb18030"),
            preview={"first": [[7, "x", [NAME, ""]]]},
        )
    )
    origin = {"source": "own", "table_name": "customer", "row_id": customer.id, "run_id": run.id}
    make._add(ImportOrigin(external_key="K-1", values={"name": NAME, "phone": PHONE}, **origin))
    make._add(ImportOrigin(external_key=PHONE, values={"name": NAME}, **origin))
    told = [{"number": complaint.number, "text": SPEECH}]
    digest = make.digest(payload={"subjects": told}, rows=told)
    make.delivery(digest, message=f"{NAME} {PHONE}".encode())
    others = make.delivery(make.digest(iso_week=11))
    make._add(what_came_back.incoming_mail(others, 2, body=SPEECH, said=PHONE, file_names=["a", NAME]))
    make.daily_close(completed=f"已回访{NAME}", open_points=f"明天再打 {PHONE}")
    summary = make.summary(
        achieved=f"谢谢{NAME}", market=PHONE, figures={"said": {"achieved": NAME}}, handed_in_at=now()
    )
    make.delivery(kind=DeliveryKind.SUMMARY, summary_id=summary.id, message=f"{NAME} {PHONE}".encode())
    centre = make.session.merge(Centre(id=1))
    centre.drafts = {"customers": [[NAME, PHONE]]}
    make.session.commit()


def dump(session: Session) -> str:
    """Return every value of every table as text, bytes as hexadecimal digits."""
    session.commit()
    return "\n".join(
        f"{table}: {row}"
        for table in Base.metadata.tables
        for (row,) in session.execute(text(f"SELECT t::text FROM {table} AS t"))
    )


def found_in(dumped: str, word: str) -> bool:
    plain = re.sub(r"[\s().·-]", "", dumped).lower()
    encoded = (word.encode().hex(), word.encode("gb18030").hex(), word.encode("utf-16-le").hex())
    return word in dumped or re.sub(r"[\s-]", "", word).lower() in plain or any(e in dumped for e in encoded)


def test_after_an_erasure_nothing_of_the_person_is_anywhere(
    in_app: Flask, make: Factory, db_session: Session
) -> None:
    customer = person_with_everything(make)
    before = dump(db_session)
    assert [word for word in PLANTED if not found_in(before, word)] == []
    with acting_as(administrator(make)):
        counts = erase(db.session.get_one(Customer, customer.id), f"{NAME}本人申请，电话{PHONE}", "10.0.0.1")
        db.session.commit()
    after = dump(db_session)
    left = [line for line in after.splitlines() if any(found_in(line, word) for word in PLANTED)]
    assert left == []
    assert "１３９７" not in after
    assert counts.items() >= {
        "customer": 1, "vehicle": 1, "complaint": 2, "call_record": 1, "letter": 2, "warranty_claim": 1,
        "note": 3, "attachment": 1, "import_origin": 2, "import_run": 1, "digest": 1, "delivery": 2,
    }.items()  # fmt: skip


def test_the_rows_stay_under_a_label_and_what_happened_stays_readable(
    in_app: Flask, make: Factory, db_session: Session
) -> None:
    customer = person_with_everything(make)
    complaints = db_session.query(Complaint).count()
    with acting_as(administrator(make)):
        erase(db.session.get_one(Customer, customer.id), "本人申请")
        db.session.commit()
    row = db.session.get_one(Customer, customer.id)
    assert row.name == f"已删除个人信息 Erased #{row.number}"
    assert (row.name_sort, row.phone, row.phone_numbers, row.address) == (
        pinyin_key(row.name),
        None,
        [],
        None,
    )
    assert db.session.query(Complaint).count() == complaints
    complaint = db.session.scalars(select(Complaint).where(Complaint.customer_id == row.id)).one()
    assert complaint.customer_name == row.name
    assert complaint.description is not None
    assert "电机异响" in complaint.description
    vehicle = db.session.scalars(select(Vehicle).where(Vehicle.customer_id == row.id)).one()
    assert (vehicle.frame_number, vehicle.plate_number) == (f"erased-{vehicle.id}", None)


def test_the_history_says_that_a_value_was_erased_and_keeps_who_changed_it(
    in_app: Flask, make: Factory, db_session: Session
) -> None:
    customer = make.customer(name=EARLIER_NAME, phone=EARLIER_PHONE)
    customer.name = NAME
    db_session.commit()
    actor = administrator(make)
    with acting_as(actor):
        erase(db.session.get_one(Customer, customer.id), "本人申请")
        db.session.commit()
    found = select(AuditEntry).where(AuditEntry.table_name == "customer", AuditEntry.row_id == customer.id)
    made, renamed, erased = db.session.scalars(found.order_by(AuditEntry.id)).all()
    assert made.changes["name"] == [None, ERASED]
    assert made.changes["kind"] == [None, "owner"]
    assert renamed.changes == {"name": [ERASED, ERASED]}
    assert erased.changes["name"] == [ERASED, f"已删除个人信息 Erased #{customer.number}"]
    assert erased.changes["phone"] == [ERASED, None]
    assert (renamed.source, erased.actor_id) == ("test", actor.staff_id)


def test_others_keep_what_is_theirs(in_app: Flask, make: Factory, db_session: Session) -> None:
    customer = person_with_everything(make)
    other = make.customer(name=NAME, phone="13500001111")
    said = make.call_record(customer_id=other.id, spoke_with=NAME, points=f"{NAME}很满意")
    with acting_as(administrator(make)):
        erase(db.session.get_one(Customer, customer.id), "本人申请")
        db.session.commit()
    db.session.expire_all()
    assert db.session.get_one(Customer, other.id).name == NAME
    assert db.session.get_one(CallRecord, said.id).points == f"{NAME}很满意"


def test_the_erasure_is_recorded_with_counts_and_no_value(
    in_app: Flask, make: Factory, db_session: Session
) -> None:
    customer = make.customer(name=NAME, phone=PHONE)
    actor = administrator(make)
    with acting_as(actor):
        erase(db.session.get_one(Customer, customer.id), f"{NAME}电话申请", "10.0.0.1")
        db.session.commit()
    entry = last_erasure(db.session.get_one(Customer, customer.id))
    assert entry is not None
    assert (entry.kind, entry.actor_id, str(entry.remote_address)) == (
        AccessKind.PERSON_ERASED,
        actor.staff_id,
        "10.0.0.1",
    )
    assert entry.detail == {"reason": "***电话申请", "counts": {"customer": 1, "audit_entry": 2}}


def test_a_second_erasure_finds_nothing_to_do_and_records_nothing(
    in_app: Flask, make: Factory, db_session: Session
) -> None:
    customer = person_with_everything(make)
    with acting_as(administrator(make)):
        assert erase(db.session.get_one(Customer, customer.id), "本人申请")
        db.session.commit()
        assert erase(db.session.get_one(Customer, customer.id), "再次申请") == {}
        db.session.commit()
        # What came in since then goes with a further one.
        db.session.get_one(Customer, customer.id).phone = PHONE
        db.session.commit()
        assert erase(db.session.get_one(Customer, customer.id), "再次申请")["customer"] == 1
        db.session.commit()
    entries = select(AccessEntry).where(AccessEntry.kind == AccessKind.PERSON_ERASED)
    assert len(db.session.scalars(entries).all()) == 2


def test_the_function_believes_nobody_who_is_no_administrator(
    in_app: Flask, make: Factory, db_session: Session
) -> None:
    customer = make.customer(name=NAME)
    supervisor, boss, former = (
        make.staff(Role.SUPERVISOR),
        make.staff(Role.ADMINISTRATOR),
        make.staff(Role.ADMINISTRATOR, active=False),
    )
    call = text(
        "SELECT set_config('huisheng.actor_id', :acting, true),"
        " erase_person('customer', :id, :reason, :claimed, NULL)"
    )

    def refused(acting: Staff, claimed: Staff, reason: str = "x", key: int = customer.id) -> str:
        arguments = {"acting": str(acting.id), "id": key, "reason": reason, "claimed": claimed.id}
        with pytest.raises(DBAPIError) as error, db_session.begin_nested():
            db_session.execute(call, arguments)
        return str(error.value.orig)

    assert "only an administrator" in refused(supervisor, supervisor)
    assert "only an administrator" in refused(supervisor, boss)
    assert "only an administrator" in refused(former, former)
    assert "has a reason" in refused(boss, boss, " ")
    assert "no person" in refused(boss, boss, key=0)
    db_session.expire_all()
    assert db_session.get_one(Customer, customer.id).name == NAME


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET changes = '{}'",
        "DELETE FROM audit_entry",
        "UPDATE access_entry SET detail = '{}'",
        "SELECT erase_rows('audit_entry', '{1}', '{}', 'x', 'y', false)",
        "UPDATE audit_entry SET changes = erased_changes(changes, '{}', '.', 'x')",
        "ALTER FUNCTION counts_added(jsonb, jsonb) SET search_path = public",
    ],
)
def test_the_application_changes_the_logs_in_no_other_way(
    statement: str, make: Factory, db_session: Session
) -> None:
    make.customer()
    with pytest.raises(DBAPIError):
        db_session.execute(text(statement))


def test_what_hinders_is_counted_and_what_warns_too(
    in_app: Flask, make: Factory, db_session: Session
) -> None:
    customer = person_with_everything(make)
    clean = preview_of(db.session.get_one(Customer, customer.id), TODAY)
    assert clean.must_be_settled == []
    assert [(each.kind, each.count) for each in clean.warnings] == [("running_warranties", 1)]
    assert clean.unlinked_complaints == 1
    assert clean.goes.items() >= {"complaint": 2, "note": 3, "attachment": 1}.items()
    vehicle_id = rows_of_person(db.session.get_one(Customer, customer.id)).own["vehicle"][0]
    db.session.commit()
    make.complaint(customer_id=customer.id)
    make.warranty_claim(vehicle_id=vehicle_id)
    make.call_record(customer_id=customer.id, promise="回电", promised_until=TODAY)
    make._add(ImportRun(mapping="own", file_name="a", file_sha256="0" * 64, state=ImportState.CHECKED))
    held = preview_of(db.session.get_one(Customer, customer.id), TODAY + timedelta(days=1))
    assert [(each.kind, each.count) for each in held.must_be_settled] == [
        ("open_complaints", 1),
        ("undecided_claims", 1),
        ("waiting_imports", 1),
    ]
    assert [each.kind for each in held.warnings] == ["open_promises"]


def test_who_left_is_erased_and_the_logins_end(in_app: Flask, make: Factory, db_session: Session) -> None:
    leaver = make.staff(Role.CLERK, name="宇文远舟", phone="13966667777", email="yuwen@corp.example")
    leaver.email = "yuwen.yuanzhou@corp.example"
    db_session.commit()
    make.digest_recipient(make.department(), name="宇文远舟", email=leaver.email)
    make._add(LoginSession(token_hash=hashlib.sha256(b"t").hexdigest(), staff_id=leaver.id, user_agent="x"))
    make.second_factor(leaver)
    mail = make.delivery(recipient="yuwen@corp.example", recipient_name="宇文远舟", message=b"yuwen")
    own = {"sender": "Yuwen@corp.example", "sender_name": "宇文远舟"}
    make._add(what_came_back.incoming_mail(make.delivery(), 1, **own))
    make._add(what_came_back.bad_address("yuwen@corp.example", reason="550", delivery_id=mail.id))
    made = make.customer(name="留存", created_by_id=leaver.id)
    with acting_as(administrator(make)):
        erase(db.session.get_one(Staff, leaver.id), "离职")
        db.session.commit()
    dumped = dump(db_session)
    for word in ("宇文远舟", "13966667777", "yuwen"):
        assert not found_in(dumped, word)
    row = db.session.get_one(Staff, leaver.id)
    assert row.name == f"离职员工 Former staff #{leaver.id}"
    assert (row.active, row.role_names, row.password) == (False, [], None)
    assert db.session.query(LoginSession).filter_by(staff_id=leaver.id).count() == 0
    assert db.session.query(SecondFactor).filter_by(staff_id=leaver.id).count() == 0
    # Nothing that waits is sent to an address that is no more.
    assert db.session.get_one(Delivery, mail.id).state is DeliveryState.FAILED
    assert db.session.get_one(Customer, made.id).created_by_id == leaver.id


def test_nobody_erases_the_own_account(in_app: Flask, make: Factory, db_session: Session) -> None:
    actor = administrator(make)
    with acting_as(actor), pytest.raises(DBAPIError, match="own account"), db.session.begin_nested():
        erase(db.session.get_one(Staff, actor.staff_id), "x")
    assert db.session.get_one(Staff, actor.staff_id).active
