"""Forms: what is kept, what is refused and where the refusal stands, and two people at one record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from screens import ENTERED, create, edit, form_of, path
from sqlalchemy import select, update
from test_access import make_one

from chat_groups import wecom_address
from conftest import Login
from factories import Factory
from models import AuditEntry, Complaint, Customer, Department, Region, Subject, Vehicle
from models.complaint import Cause, Step
from models.organisation import Locale, Role


def reload(make: Factory, row: Any) -> Any:
    make.session.expire_all()
    return make.session.get(type(row), row.id)


@pytest.mark.parametrize("table", ENTERED)
def test_saving_a_form_as_it_is_changes_nothing(table: str, make: Factory, login: Login, app: Flask) -> None:
    key = make_one(make, table)
    model = next(m for m in app.extensions["record_views"] if m.__tablename__ == table)
    before = {
        column.key: getattr(make.session.get(model, key), column.key)
        for column in model.__mapper__.column_attrs
    }
    entries = select(AuditEntry.id).where(AuditEntry.table_name == table, AuditEntry.row_id == key)
    count = len(make.session.scalars(entries).all())

    response = edit(login(Role.ADMINISTRATOR), table, key)

    assert response.status_code == 302, response.text
    make.session.expire_all()
    row = make.session.get(model, key)
    assert {name: getattr(row, name) for name in before} == before
    assert len(make.session.scalars(entries).all()) == count


def test_a_record_is_entered_with_its_origin(make: Factory, login: Login) -> None:
    region = make.region()
    client = login(Role.CLERK, region=region)
    response = create(client, "customer", name="  王小明  ", phone="１３９ 0000 0731", kind="company")
    customer = make.session.scalars(select(Customer)).one()
    assert response.headers["Location"] == f"/customer/details/?id={customer.id}"
    assert (customer.name, customer.phone, customer.kind.value) == ("王小明", "139 0000 0731", "company")
    assert customer.number.startswith("KH-")
    assert client.staff is not None
    assert (customer.created_by_id, customer.region_id) == (client.staff.id, region.id)
    assert customer.version == 1


def fields_of_each_form(make: Factory, department: Department) -> dict[str, dict[str, Any]]:
    """Return what each form needs at least, by its table."""
    subject, part, dealer = make.subject(), make.part(), make.dealer()
    return {
        "complaint": {"customer_name": "张三", "subject_id": str(subject.id)},
        "customer": {"name": "n"},
        "vehicle": {"frame_number": "LHS1", "product_model_id": str(make.product_model().id)},
        "product_model": {"code": "m1", "name": "n"},
        "service_receipt": {"customer_id": str(make.customer().id), "came_in_on": "2026-03-02"},
        "warranty_claim": {"dealer_id": str(dealer.id), "claimed_on": "2026-03-02", "fault": "异响"},
        "call_record": {"customer_id": str(make.customer().id), "called_at": "2026-03-02T09:30"},
        "letter": {"sent_on": "2026-03-02", "regarding": "保养通知"},
        "parts_shipment": {
            "shipped_on": "2026-03-02",
            "dealer_id": str(dealer.id),
            "part_id": str(part.id),
            "quantity": "3",
        },
        "absence": {
            "staff_id": str(make.staff(department_id=department.id).id),
            "substitute_id": str(make.staff(department_id=department.id).id),
            "starts_on": "2026-03-02",
            "ends_on": "2026-03-06",
        },
        "deadline_rule": {"kind": "decision", "valid_from": "2030-01-01", "time_given": "2"},
        "holiday": {"falls_on": "2026-10-01", "name": "国庆节"},
        "compensation_rule": {
            "fault_degree": "partly",
            "remedies": ["", "repair"],
            "value_most": "100",
        },
        "department_task": {
            "complaint_id": str(make.complaint().id),
            "department_id": str(department.id),
            "what": "寄出配件",
            "due_on": "2026-03-09",
        },
        "measure": {
            "department_id": str(department.id),
            "what": "改用加强垫片",
            "owner_name": "李主任",
            "due_on": "2026-03-20",
        },
        "dealer": {"code": "D1", "name": "n"},
        "supplier": {"name": "n"},
        "part": {"code": "P1", "name": "n"},
        "parts_quality_record": {"part_id": str(part.id), "fault": "异响", "found_on": "2026-03-02"},
        "subject": {"code": "s1", "name": "n", "departments": ["", str(department.id)]},
        "department": {"code": "d1", "name": "n"},
        "region": {"name": "n"},
        "position": {"name": "n"},
        "chat_group": {"name": "群", "department_id": str(department.id), "webhook": wecom_address(9)},
        "digest_recipient": {"name": "n", "email": "A@Example.com", "department_id": str(department.id)},
        "staff": {"name": "n", "email": "n@example.com", "role_names": ["", "clerk"]},
    }


def test_every_form_can_be_filled_in_and_saved(make: Factory, login: Login) -> None:
    client, department = login(Role.ADMINISTRATOR), make.department()
    filled = fields_of_each_form(make, department)
    assert set(filled) == set(ENTERED)
    for table, fields in filled.items():
        response = create(client, table, **fields)
        assert response.status_code == 302, (table, response.text)
    assert make.session.scalars(select(Subject).where(Subject.code == "s1")).one().departments == [department]


@pytest.mark.parametrize("blank", ["", "   ", "\u3000\u3000", "\t\n", "\x00"])
def test_a_required_field_takes_no_blanks(blank: str, make: Factory, login: Login) -> None:
    response = create(login(Role.CLERK), "customer", name=blank)
    assert response.status_code == 422
    assert 'id="name-error">Fill this in.' in response.text
    assert make.session.scalars(select(Customer)).all() == []


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("mileage_km", "abc", "Give a whole number."),
        ("mileage_km", "99999999999", "This number is too large."),
        ("mileage_km", "9" * 30, "This number is too large."),
        ("mileage_km", "-5", "Give a number that is not negative."),
        ("sold_on", "2024-02-30", "Give a date such as"),
        ("sold_on", "someday", "Give a date such as"),
        ("kind", "spaceship", "Choose from the list."),
        ("customer_id", "abc", "Choose from the list."),
        ("customer_id", "999999", "not there any more"),
        ("frame_number", "x" * 41, "At most 40 characters"),
        ("region_id", "999999", "not there any more"),
    ],
)
def test_what_cannot_be_saved_is_said_at_its_field(
    field: str, value: str, sentence: str, make: Factory, login: Login
) -> None:
    filled = {"frame_number": "LHS1", "product_model_id": str(make.product_model().id)}
    response = create(login(Role.CLERK), "vehicle", **(filled | {field: value}))
    assert response.status_code == 422
    error = response.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert sentence in error
    assert make.session.scalars(select(Vehicle)).all() == []


@pytest.mark.parametrize("typed", ["2024-03-05", "2024/3/5", "2024.3.5", "2024年3月5日", "２０２４-03-05"])
def test_a_date_is_read_as_people_write_it(typed: str, make: Factory, login: Login) -> None:
    create(
        login(Role.CLERK),
        "vehicle",
        frame_number="LHS1",
        product_model_id=make.product_model().id,
        sold_on=typed,
    )
    assert str(make.session.scalars(select(Vehicle)).one().sold_on) == "2024-03-05"


def test_a_time_of_day_is_the_sites_own_and_keeps_its_seconds(make: Factory, login: Login) -> None:
    at = datetime(2024, 3, 5, 6, 30, 41, tzinfo=UTC)
    complaint = make.complaint(registered_at=at)
    client = login(Role.SUPERVISOR)
    assert 'value="2024-03-05 14:30"' in client.get(f"/complaint/edit/?id={complaint.id}").text
    edit(client, "complaint", complaint.id, demand="退货")
    assert reload(make, complaint).registered_at == at
    edit(client, "complaint", complaint.id, registered_at="2024-03-05T15:00")
    assert reload(make, complaint).registered_at == datetime(2024, 3, 5, 7, 0, tzinfo=UTC)


def test_the_same_frame_number_twice_is_said_at_the_field(make: Factory, login: Login) -> None:
    make.vehicle(frame_number="LHS1")
    model = make.product_model().id
    response = create(
        login(Role.CLERK), "vehicle", frame_number="LHS1", plate_number="苏C1", product_model_id=model
    )
    assert response.status_code == 422
    assert (
        "already a record with the same: Frame number"
        in response.text.partition('id="frame_number-error"')[2]
    )
    assert 'value="苏C1"' in response.text
    assert "duplicate key" not in response.text


def test_the_frame_number_of_a_deleted_vehicle_can_be_used_again(make: Factory, login: Login) -> None:
    make.vehicle(frame_number="LHS1", deleted_at=datetime(2024, 1, 1, tzinfo=UTC))
    assert (
        create(
            login(Role.CLERK), "vehicle", frame_number="LHS1", product_model_id=make.product_model().id
        ).status_code
        == 302
    )


def test_a_relation_out_of_sight_is_kept_but_cannot_be_chosen(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    theirs, also_theirs = make.dealer(region=other, name="外区经销商"), make.dealer(region=other)
    customer = make.customer(region=own, dealer_id=theirs.id)
    client = login(Role.CLERK, region=own)

    assert "外区经销商" in client.get(f"/customer/edit/?id={customer.id}").text
    assert edit(client, "customer", customer.id, source="展会").status_code == 302
    assert reload(make, customer).dealer_id == theirs.id

    response = edit(client, "customer", customer.id, dealer_id=str(also_theirs.id))
    assert response.status_code == 422
    assert "you may not use it" in response.text.partition('id="dealer_id-error"')[2]
    assert reload(make, customer).dealer_id == theirs.id


def test_a_relation_to_a_deleted_record_is_kept(make: Factory, login: Login) -> None:
    region = make.region()
    customer = make.customer(region_id=region.id)
    make.session.execute(update(Region).values(deleted_at=datetime(2024, 1, 1, tzinfo=UTC)))
    make.session.commit()
    client = login(Role.SUPERVISOR)
    assert f'<option value="{region.id}" selected>' in client.get(f"/customer/edit/?id={customer.id}").text
    assert edit(client, "customer", customer.id, source="展会").status_code == 302
    assert reload(make, customer).region_id == region.id


def test_a_field_that_is_not_sent_keeps_its_value(make: Factory, login: Login) -> None:
    dealer = make.dealer(has_own_workshop=True, city="徐州", name="老店")
    response = login(Role.SUPERVISOR).post(
        f"/dealer/edit/?id={dealer.id}", data={"name": "新店", "version": "1"}
    )
    assert response.status_code == 302
    row = reload(make, dealer)
    assert (row.name, row.city, row.has_own_workshop) == ("新店", "徐州", True)


def test_a_box_can_be_unticked(make: Factory, login: Login) -> None:
    dealer = make.dealer(has_own_workshop=True)
    edit(login(Role.SUPERVISOR), "dealer", dealer.id, has_own_workshop=[""])
    assert reload(make, dealer).has_own_workshop is False


def test_an_answer_may_stay_open(make: Factory, login: Login) -> None:
    complaint = make.complaint(step=Step.ANALYSED)
    client = login(Role.SUPERVISOR)
    for sent, stored in (("1", True), ("0", False), ("", None)):
        edit(client, "complaint", complaint.id, will_buy_again=sent)
        assert reload(make, complaint).will_buy_again is stored


@pytest.mark.parametrize("name", ["id", "number", "created_by_id", "created_at", "deleted_at", "version_id"])
def test_what_the_panel_keeps_cannot_be_sent(name: str, make: Factory, login: Login) -> None:
    customer = make.customer(name="客户")
    before = {
        key: getattr(customer, key) for key in ("id", "number", "created_by_id", "created_at", "deleted_at")
    }
    response = edit(login(Role.SUPERVISOR), "customer", customer.id, **{name: "2024-01-01"})
    assert response.status_code == 302
    row = reload(make, customer)
    assert {key: getattr(row, key) for key in before} == before


def test_the_address_fills_in_what_a_new_record_belongs_to(make: Factory, login: Login) -> None:
    customer = make.customer(name="王小明")
    values = form_of(login(Role.CLERK).get(f"/vehicle/new/?customer_id={customer.id}&name=x&region_id=zzz"))
    assert values["customer_id"] == str(customer.id)
    assert values["region_id"] == ""


def test_save_and_enter_another_opens_an_empty_form(login: Login, make: Factory) -> None:
    response = create(login(Role.CLERK), "customer", name="王", _add_another="1")
    assert response.headers["Location"] == "/customer/new/"
    assert make.session.scalars(select(Customer)).one().name == "王"


def test_a_record_can_be_moved_out_of_ones_own_sight(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    customer = make.customer(region=own)
    response = edit(login(Role.CLERK, region=own), "customer", customer.id, region_id=str(other.id))
    assert response.headers["Location"] == "/customer/"
    assert reload(make, customer).region_id == other.id


def test_a_circle_in_a_tree_is_refused(make: Factory, login: Login) -> None:
    top = make.subject()
    middle = make.subject(parent_id=top.id)
    low = make.subject(parent_id=middle.id)
    client = login(Role.SUPERVISOR)
    for child in (top, middle, low):
        response = edit(client, "subject", top.id, parent_id=str(child.id))
        assert response.status_code == 422
        assert "stand under itself" in response.text
    assert reload(make, top).parent_id is None


# Two people at one record


def test_the_history_names_who_changed_what(make: Factory, login: Login) -> None:
    complaint = make.complaint(step=Step.ANALYSED)
    client = login(Role.SUPERVISOR, name="王主管")
    edit(client, "complaint", complaint.id, cause=Cause.POOR_QUALITY.value)
    page = client.get(f"/complaint/details/?id={complaint.id}").text
    history = page[page.index('class="history"') :]
    assert "王主管" in history
    assert "Poor quality" in history
    assert isinstance(complaint, Complaint)


def test_no_page_of_staff_shows_a_password(make: Factory, login: Login) -> None:
    staff = make.staff(Role.CLERK, password="$argon2id$secret")
    client = login(Role.ADMINISTRATOR)
    for page in ("details", "edit"):
        text = client.get(path("staff", page, id=staff.id)).text
        assert "argon2id" not in text
        assert "***" not in text
        assert str(staff.fs_uniquifier) not in text
    with client.get("/staff/export/csv/") as response:
        assert "argon2id" not in response.text


@pytest.mark.parametrize(
    ("table", "is_its_own"), [("complaint", True), ("call_record", True), ("customer", False)]
)
def test_a_new_complaint_or_call_is_its_recorder_s_until_it_is_given_to_somebody_else(
    table: str, is_its_own: bool, login: Login
) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    answers_for_it = form_of(client.get(path(table, "new")))["responsible_id"]
    assert answers_for_it == (str(client.staff.id) if is_its_own else "")


def test_a_contract_that_ends_before_it_begins_is_refused_in_a_sentence(make: Factory, login: Login) -> None:
    dealer = make.dealer()
    answer = edit(
        login(Role.SUPERVISOR), "dealer", dealer.id, contract_from="2026-05-01", contract_until="2026-04-30"
    )
    assert answer.status_code == 422
    assert "The contract ends before it begins." in answer.text


def test_what_is_wrong_is_listed_as_a_chinese_reader_writes_it(login: Login) -> None:
    client = login(Role.CLERK, locale=Locale.CHINESE)
    answer = create(client, "customer", name="王一", kind="owner", email="a@@b")
    assert '<a href="#f-email">电子邮箱：电子邮箱格式不正确。' in answer.text
