"""Registering a complaint: who calls, what stands beside the form, what the record knows afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from screens import path
from sqlalchemy import select

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Complaint, Notice
from models.base import now
from models.complaint import Step
from models.dealer import Grade
from models.organisation import Role
from models.repeats import RECENT

# So many for the login, the centre and the rights, and then those of the search or of what stands beside.
CALLER_QUERIES, BESIDE_QUERIES = 12, 22


def callers(client: PanelClient, typed: str) -> list[dict[str, Any]]:
    answer = client.get("/complaint/callers/", query_string={"q": typed})
    assert answer.status_code == 200
    assert isinstance(answer.json, list)
    return answer.json


def register(client: PanelClient, subject_id: int, **given: Any) -> Complaint:
    """Send the form of a new complaint, and return what it made."""
    sent = {
        "customer_name": "王伟",
        "subject_id": subject_id,
        "channel": "phone",
        "severity": "normal",
        **given,
    }
    assert client.post(path("complaint", "new"), data=sent).status_code == 302
    return given["session"].scalars(select(Complaint).order_by(Complaint.id.desc())).first()  # type: ignore[no-any-return]  # untyped


def test_a_hit_names_what_it_puts_into_the_form(make: Factory, login: Login) -> None:
    wang = make.customer(name="王伟", phone="13900000731")
    vehicle = make.vehicle(customer_id=wang.id, plate_number="苏C12345", frame_number="LHS1")
    assert callers(login(Role.CLERK), "0731") == [
        {
            "label": "王伟",
            "hint": f"苏C12345 · LHS1 · {vehicle_model(make, vehicle)} · 13900000731",
            "customer": {"id": wang.id, "label": "王伟"},
            "vehicle": {"id": vehicle.id, "label": "苏C12345 · LHS1"},
        }
    ]


def vehicle_model(make: Factory, vehicle: Any) -> str:
    from models import ProductModel

    return make.session.get_one(ProductModel, vehicle.product_model_id).name


@pytest.mark.parametrize(("typed", "answer"), [("王", None), ("073", None), ("王五", []), ("0732", [])])
def test_of_too_little_typed_nobody_is_said_to_be_not_on_file(
    typed: str, answer: object, make: Factory, login: Login
) -> None:
    make.customer(name="王伟", phone="139 0000 0731")
    assert login(Role.CLERK).get("/complaint/callers/", query_string={"q": typed}).json == answer


def test_callers_stay_within_the_region_and_the_queries(make: Factory, login: Login, app: Flask) -> None:
    near, far = make.region(), make.region()
    make.customer(name="远客", phone="13900000731", region=far)
    client = login(Role.CLERK, region=near)
    assert callers(client, "0731") == []
    for number in range(5):
        known = make.customer(name=f"近客{number}", phone="13900000731", region=near)
        make.vehicle(customer_id=known.id, region=near)
    with count_queries(app) as statements:
        assert len(callers(client, "0731")) == 5
    assert len(statements) <= CALLER_QUERIES


def test_who_may_not_register_a_complaint_finds_nobody(make: Factory, login: Login) -> None:
    make.customer(phone="13900000731")
    for role in (Role.QUALITY_ENGINEER, Role.WAREHOUSE_KEEPER, Role.AUDITOR):
        client = login(role)
        assert client.get("/complaint/callers/?q=0731").status_code == 403
        assert client.get("/complaint/beside/?customer_id=1").status_code == 403


def test_beside_the_form_stands_what_is_known(make: Factory, login: Login, app: Flask) -> None:
    agent = make.staff(name="李倩")
    wang = make.customer(name="王伟", level=Grade.A, responsible_id=agent.id)
    before = make.customer(name="前车主")
    today = now().date()
    vehicle = make.vehicle(
        customer_id=wang.id,
        plate_number="苏C12345",
        mileage_km=3100,
        warranty_until=today + timedelta(days=90),
    )
    old = make.vehicle(customer_id=wang.id, plate_number="苏C99999", warranty_until=today - timedelta(days=9))
    make.service_receipt(customer_id=before.id, vehicle_id=vehicle.id)
    make.service_receipt(customer_id=wang.id, vehicle_id=vehicle.id, fault="制动异响")
    make.call_record(customer_id=wang.id, points="想要保养")
    client = login(Role.CLERK)
    with count_queries(app) as statements:
        page = client.get(f"/complaint/beside/?customer_id={wang.id}&vehicle_id={vehicle.id}").text
    assert len(statements) <= BESIDE_QUERIES
    for words in (
        "王伟",
        "Level A",
        "李倩",
        "苏C12345",
        "3100 km",
        "In warranty",
        "制动异响",
        "想要保养",
        "前车主",
    ):
        assert words in page, words
    # The customer's other vehicle can be taken instead.
    assert f'data-take="vehicle_id" data-id="{old.id}"' in page
    assert "Ended" in page
    assert "same complaint again" not in page


def test_a_repeat_is_shown_before_it_is_registered_and_noted_when_it_is(make: Factory, login: Login) -> None:
    wang, subject = make.customer(name="王伟"), make.subject(name="电机")
    vehicle = make.vehicle(customer_id=wang.id)
    open_one = make.complaint(
        vehicle_id=vehicle.id, subject_id=make.subject().id, registered_at=now() - RECENT - timedelta(days=9)
    )
    client = login(Role.CLERK)
    page = client.get(f"/complaint/beside/?vehicle_id={vehicle.id}").text
    assert "Same vehicle" in page
    assert f"/complaint/details/?id={open_one.id}#note-body" in page
    made = register(client, subject.id, vehicle_id=vehicle.id, customer_id=wang.id, session=make.session)
    assert made.repeats_id == open_one.id
    assert made.version == 1
    # The page of the earlier one leads to it, its own page back.
    assert made.number in client.get(path("complaint", "details", id=open_one.id)).text
    assert open_one.number in client.get(path("complaint", "details", id=made.id)).text


def test_what_is_no_repeat_is_not_called_one(make: Factory, login: Login) -> None:
    wang, subject = make.customer(name="王伟"), make.subject()
    first, second = (make.vehicle(customer_id=wang.id) for _ in range(2))
    old = now() - RECENT - timedelta(days=1)
    about_first = {"customer_id": wang.id, "vehicle_id": first.id}
    make.complaint(**about_first, subject_id=make.subject().id)
    make.complaint(**about_first, subject_id=subject.id)
    make.complaint(vehicle_id=second.id, registered_at=old, step=Step.CONFIRMED)
    client, session = login(Role.CLERK), make.session
    # The same fault of another vehicle, and what was closed long ago.
    assert (
        register(client, subject.id, customer_id=wang.id, vehicle_id=second.id, session=session).repeats_id
        is None
    )
    # Another subject of a customer who names no vehicle.
    assert register(client, make.subject().id, customer_id=wang.id, session=session).repeats_id is None
    # The same subject, where no vehicle is named.
    assert register(client, subject.id, customer_id=wang.id, session=session).repeats_id is not None


def test_a_complaint_cannot_repeat_itself(make: Factory, login: Login) -> None:
    row = make.complaint()
    client = login(Role.SUPERVISOR)
    sent = {"version": str(row.version), "repeats_id": str(row.id)}
    answer = client.post(path("complaint", "edit", id=row.id), data=sent)
    assert answer.status_code == 422
    assert "repeat itself" in answer.text


@pytest.mark.parametrize(
    "query",
    ["", "customer_id=x", "vehicle_id=999999999999999", "customer_id=-1&subject_id=%00", "subject_id=1"],
)
def test_beside_nonsense_stands_nothing(query: str, login: Login) -> None:
    answer = login(Role.CLERK).get(f"/complaint/beside/?{query}")
    assert answer.status_code == 200
    assert "stand here" in answer.text


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("dj", "电机"),
        ("ｄｊ", "电机"),
        ("dianji", "电机"),
        ("电机", "电机"),
        ("q-07", "电机"),
        ("motor", "电机"),
        ("异响", "电机异响"),
        ("马达", "电机"),
        ("ｄｒｉｖｅ", "电机"),
    ],
)
def test_a_subject_is_found_by_typing(typed: str, first: str, make: Factory, login: Login) -> None:
    quality = make.subject("q", name="产品质量")
    motor = make.subject(
        "q-07", name="电机", name_en="Motor", parent_id=quality.id, also_called="马达、Drive"
    )
    make.subject("q-071", name="电机异响", parent_id=motor.id)
    make.subject("s", name="服务态度")
    found = (
        login(Role.CLERK)
        .get("/complaint/ajax/lookup/", query_string={"name": "subject_id", "query": typed})
        .json
    )
    assert found is not None
    assert found[0]["id"] == {"电机": motor.id}.get(first, found[0]["id"])
    assert "服务态度" not in {hit["label"] for hit in found}


def test_the_other_word_by_which_a_subject_is_found_stands_beside_it(make: Factory, login: Login) -> None:
    top = make.subject("q", name="产品质量")
    make.subject("q-07", name="电机", parent_id=top.id, also_called="马达，电动机；Drive unit")
    client = login(Role.CLERK)
    for typed, hint in (
        ("马", "产品质量 · 马达"),
        ("电机", "产品质量"),
        ("dj", "产品质量"),
        ("", "产品质量"),
    ):
        found = client.get(f"/complaint/ajax/lookup/?name=subject_id&query={typed}").json or ()
        assert {hit["label"]: hit["hint"] for hit in found}["电机"] == hint
    # As good as its name: not behind what merely holds the word.
    make.subject("q-08", name="马达支架")
    found = client.get("/complaint/ajax/lookup/?name=subject_id&query=马达").json or ()
    assert [hit["label"] for hit in found] == ["电机", "马达支架"]


def test_all_subjects_are_offered_before_anything_is_typed(make: Factory, login: Login) -> None:
    top = make.subject("a", name="产品质量")
    make.subject("b", name="电机", parent_id=top.id)
    found = login(Role.CLERK).get("/complaint/ajax/lookup/?name=subject_id").json
    assert [(hit["label"], hit["hint"]) for hit in found or ()] == [("产品质量", ""), ("电机", "产品质量")]


def test_what_is_safety_relevant_goes_to_quality_at_once_and_to_the_top(make: Factory, login: Login) -> None:
    quality, subject = make.department("quality"), make.subject()
    told = make.digest_recipient(quality)
    client = login(Role.CLERK)
    calm = register(client, subject.id, session=make.session)
    unsafe = register(client, subject.id, is_safety_relevant="1", session=make.session)
    notices = {row.complaint_id: row.email for row in make.session.scalars(select(Notice))}
    assert notices == {unsafe.id: told.email}
    # Behind what is said of the two at the top of the page.
    page = client.get("/due/").text.partition("due-lines")[2]
    assert page.index(unsafe.number) < page.index(calm.number)


def test_the_new_form_asks_first_for_what_the_step_needs(login: Login) -> None:
    page = login(Role.CLERK).get(path("complaint", "new")).text
    first, rest = page.split('<details class="folded', 1)
    for name in (
        "f-caller",
        "f-subject_id",
        "f-severity",
        "f-is_safety_relevant",
        "f-description",
        "f-demand",
    ):
        assert f'id="{name}"' in first, name
    for name in (
        "f-address",
        "f-dealer_id",
        "f-channel",
        "f-registered_at",
        "f-responsible_id",
        "f-region_id",
    ):
        assert f'id="{name}"' in rest, name


def test_who_writes_it_down_is_told_to_sign_with_saving(login: Login) -> None:
    page = login(Role.CLERK, name="Li Qian").get(path("complaint", "new")).text
    assert "With saving Li Qian signs as the one who wrote it down." in page


def test_a_folded_field_with_an_error_stands_open(make: Factory, login: Login) -> None:
    sent = {"customer_name": "王伟", "subject_id": make.subject().id, "registered_at": "someday"}
    page = login(Role.CLERK).post(path("complaint", "new"), data=sent).text
    assert '<details class="folded " data-section open' in page
