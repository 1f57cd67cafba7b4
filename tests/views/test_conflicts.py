"""Two people at one record, field by field: what is taken over, what stands beside, what is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from screens import chosen_version, difference_of, edit, form_of, path, their_version, version_before
from werkzeug.test import TestResponse

from conftest import Login
from factories import Factory
from models import Complaint
from models.complaint import Cause, Step
from models.organisation import Role
from views.conflicts import is_same, marked

TAKEN = "Taken over from the other change."
# Field, what the first saves, what the second types, and how the first's stands beside it.
KINDS = [
    ("phone", "111", "222", "111"),
    ("description", "甲\n乙", "丙", "甲\n乙"),
    ("severity", "severe", "minor", "Severe"),
    ("cause", "transport", "other", "Transport"),
    ("is_safety_relevant", "1", None, "Yes"),
    ("is_demand_reasonable", "0", "1", "No"),
    ("production_on", "2024-03-05", "2024-03-06", "2024-03-05"),
    ("registered_at", "2024-03-05 14:30", "2024-03-06 08:00", "2024-03-05 14:30"),
]


def collide(make: Factory, login: Login, first: dict[str, str], second: dict[str, str]) -> TestResponse:
    """Return what the second of two editors of one complaint gets who sends after the first has saved."""
    complaint = make.complaint(customer_name="张三", demand="修理", step=Step.ANALYSED)
    one, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("complaint", "edit", id=complaint.id)
    opened = form_of(other.get(address))
    assert edit(one, "complaint", complaint.id, **first).status_code == 302
    for name, value in second.items():
        opened[name] = value
    return other.post(address, data=opened)


@pytest.mark.parametrize(("name", "saved", "_typed", "_shown"), KINDS)
def test_a_field_that_only_the_other_changed_is_taken_over(
    name: str, saved: str, _typed: str, _shown: str, make: Factory, login: Login
) -> None:
    response = collide(make, login, {name: saved}, {"address": "我的"})
    assert response.status_code == 409
    again = form_of(response)
    assert again.getlist(name)[-1] == saved
    assert again["address"] == "我的"
    assert response.text.count(TAKEN) == 1


@pytest.mark.parametrize(("name", "saved", "typed", "shown"), [kind for kind in KINDS if kind[2] is not None])
def test_a_field_that_both_changed_keeps_the_draft_and_shows_the_other_value(
    name: str, saved: str, typed: str, shown: str, make: Factory, login: Login
) -> None:
    response = collide(make, login, {name: saved}, {name: typed})
    assert response.status_code == 409
    assert form_of(response)[name] == typed
    assert their_version(response, name) == shown
    assert TAKEN not in response.text


@pytest.mark.parametrize(("name", "saved", "_typed", "_shown"), KINDS)
def test_a_field_that_both_changed_alike_is_no_matter(
    name: str, saved: str, _typed: str, _shown: str, make: Factory, login: Login
) -> None:
    response = collide(make, login, {name: saved}, {name: saved})
    assert response.status_code == 409
    assert TAKEN not in response.text
    assert "data-difference" not in response.text


def test_a_value_that_the_other_emptied_is_shown_as_nothing(make: Factory, login: Login) -> None:
    response = collide(make, login, {"demand": ""}, {"demand": "换新车"})
    assert their_version(response, "demand") == "—"
    assert version_before(response, "demand") == "修理"
    assert form_of(response)["demand"] == "换新车"


@pytest.mark.parametrize("name", ["dealer_id", "subject_id"])
def test_a_relation_that_only_the_other_changed_is_taken_over_with_its_name(
    name: str, make: Factory, login: Login
) -> None:
    parent = make.dealer(name="另选的") if name == "dealer_id" else make.subject(name="另选的")
    response = collide(make, login, {name: str(parent.id)}, {"address": "我的"})
    assert form_of(response)[name] == str(parent.id)
    assert "另选的" in response.text
    assert TAKEN in response.text


def test_a_relation_that_both_changed_stands_beside_by_its_name(make: Factory, login: Login) -> None:
    theirs, mine = make.dealer(name="他们的"), make.dealer(name="我选的")
    key = mine.id
    response = collide(make, login, {"dealer_id": str(theirs.id)}, {"dealer_id": str(key)})
    assert their_version(response, "dealer_id") == "他们的"
    assert version_before(response, "dealer_id") == "—"
    assert form_of(response)["dealer_id"] == str(key)
    assert "我选的" in response.text


def test_what_cannot_be_read_stays_as_it_was_typed(make: Factory, login: Login) -> None:
    response = collide(make, login, {"phone": "111"}, {"production_on": "someday"})
    assert response.status_code == 409
    assert form_of(response)["production_on"] == "someday"
    assert form_of(response)["phone"] == "111"


def test_every_change_since_the_form_was_opened_is_named(make: Factory, login: Login) -> None:
    complaint = make.complaint()
    first, second = login(Role.SUPERVISOR, name="王主管"), login(Role.CLERK, name="李文员")
    late = login(Role.SUPERVISOR)
    address = path("complaint", "edit", id=complaint.id)
    edit(first, "complaint", complaint.id, brand_before="早先")
    opened = form_of(late.get(address))
    edit(first, "complaint", complaint.id, phone="111")
    edit(second, "complaint", complaint.id, address="人民路")
    page = late.post(address, data=opened).text
    assert page.count("saved a change at") == 2
    assert page.index("李文员 saved a change at") < page.index("王主管 saved a change at")


def test_a_record_that_was_deleted_meanwhile_is_not_found(make: Factory, login: Login) -> None:
    complaint = make.complaint()
    one, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("complaint", "edit", id=complaint.id)
    opened = form_of(other.get(address))
    one.post("/complaint/delete/", data={"id": complaint.id})
    assert other.post(address, data=opened).status_code == 404


def test_saving_again_after_a_conflict_puts_the_draft_in_place(make: Factory, login: Login) -> None:
    complaint = make.complaint(step=Step.ANALYSED)
    one, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("complaint", "edit", id=complaint.id)
    opened = form_of(other.get(address))
    edit(one, "complaint", complaint.id, severity="severe", cause="transport")
    opened["severity"] = "minor"
    again = form_of(other.post(address, data=opened))
    assert other.post(address, data=again).status_code == 302
    make.session.expire_all()
    row = make.session.get(Complaint, complaint.id)
    assert row is not None
    assert (row.severity.value, row.cause) == ("minor", Cause.TRANSPORT)


INSTANT = datetime(2024, 3, 5, 6, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "stored", "expected"),
    [
        (INSTANT, INSTANT.isoformat(), True),
        (INSTANT - timedelta(seconds=15), INSTANT.isoformat(), True),
        (INSTANT - timedelta(seconds=60), INSTANT.isoformat(), False),
        (INSTANT, "2024-03-05T14:30:15+08:00", True),
        (INSTANT, None, False),
        (date(2024, 3, 5), "2024-03-05", True),
        (date(2024, 3, 5), "2024-03-06", False),
        (date(2024, 3, 5), None, False),
        (Cause.OTHER, "other", True),
        (Cause.OTHER, "transport", False),
        (None, None, True),
        (False, None, False),
        (7, 7, True),
        (["clerk"], ["clerk"], True),
        (["clerk"], [], False),
    ],
)
def test_a_forms_value_is_compared_with_the_audit_logs(value: Any, stored: Any, expected: bool) -> None:
    assert is_same(value, stored) is expected


def test_each_version_stands_beside_the_other_with_who_changed_it_and_what_was_before(
    make: Factory, login: Login
) -> None:
    complaint = make.complaint(demand="修理")
    one, other = login(Role.SUPERVISOR, name="王主管"), login(Role.SUPERVISOR)
    opened = form_of(other.get(path("complaint", "edit", id=complaint.id)))
    edit(one, "complaint", complaint.id, demand="退货", phone="111")
    opened["demand"] = "换新车"
    response = other.post(path("complaint", "edit", id=complaint.id), data=opened)
    assert version_before(response, "demand") == "修理"
    assert their_version(response, "demand") == "退货"
    assert "王主管" in difference_of(response, "demand").get_text()
    assert chosen_version(response, "demand") == "mine"
    assert '<a href="#f-demand">' in response.text
    assert '<a href="#f-phone">' in response.text


@pytest.mark.parametrize(
    ("name", "saved", "typed", "_shown"), [kind for kind in KINDS if kind[2] is not None]
)
def test_the_other_version_of_a_field_can_be_taken(
    name: str, saved: str, typed: str, _shown: str, make: Factory, login: Login
) -> None:
    complaint = make.complaint(step=Step.ANALYSED)
    one, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("complaint", "edit", id=complaint.id)
    opened = form_of(other.get(address))
    edit(one, "complaint", complaint.id, **{name: saved})
    first = form_of(other.get(address))[name]
    opened[name], opened["address"] = typed, "我的"
    again = form_of(other.post(address, data=opened))
    again[f"_take_{name}"] = "theirs"
    assert other.post(address, data=again).status_code == 302
    stored = form_of(other.get(address))
    assert stored[name] == first
    assert stored["address"] == "我的"


def test_a_third_change_meanwhile_shows_again_and_keeps_draft_and_choice(make: Factory, login: Login) -> None:
    complaint = make.complaint(demand="修理", address="一号")
    one, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("complaint", "edit", id=complaint.id)
    opened = form_of(other.get(address))
    edit(one, "complaint", complaint.id, demand="退货", address="二号")
    opened["demand"], opened["address"] = "换新车", "三号"
    again = form_of(other.post(address, data=opened))
    again["_take_demand"] = "theirs"
    edit(one, "complaint", complaint.id, demand="赔偿", address="四号")
    response = other.post(address, data=again)
    assert response.status_code == 409
    assert (their_version(response, "demand"), version_before(response, "demand")) == ("赔偿", "退货")
    assert form_of(response)["demand"] == "换新车"
    assert (chosen_version(response, "demand"), chosen_version(response, "address")) == ("theirs", "mine")
    assert other.post(address, data=form_of(response)).status_code == 302
    make.session.expire_all()
    row = make.session.get(Complaint, complaint.id)
    assert row is not None
    assert (row.demand, row.address) == ("赔偿", "三号")


def test_what_cannot_be_read_is_shown_beside_what_the_other_saved(make: Factory, login: Login) -> None:
    response = collide(make, login, {"production_on": "2024-03-05"}, {"production_on": "someday"})
    assert their_version(response, "production_on") == "2024-03-05"
    assert form_of(response)["production_on"] == "someday"


def test_ticked_departments_follow_the_other_where_they_were_not_touched(make: Factory, login: Login) -> None:
    first, second = make.department(name_en="One"), make.department(name_en="Two")
    subject = make.subject(departments=[make.session.merge(first)])
    one, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("subject", "edit", id=subject.id)
    opened = form_of(other.get(address))
    edit(one, "subject", subject.id, departments=["", str(second.id)])
    opened["name_en"] = "Mine"
    response = other.post(address, data=opened)
    assert response.status_code == 409
    assert TAKEN in response.text
    assert form_of(response).getlist("departments") == ["", str(second.id)]

    opened.setlist("departments", ["", str(first.id), str(second.id)])
    response = other.post(address, data=opened)
    assert (version_before(response, "departments"), their_version(response, "departments")) == ("One", "Two")
    assert form_of(response).getlist("departments") == ["", str(first.id), str(second.id)]


def test_spellings_of_a_supplier_stand_in_both_versions(make: Factory, login: Login) -> None:
    supplier = make.supplier()
    make.supplier_alias(supplier_id=supplier.id, name="老名")
    one, other = login(Role.SUPERVISOR), login(Role.SUPERVISOR)
    address = path("supplier", "edit", id=supplier.id)
    opened = form_of(other.get(address))
    edit(one, "supplier", supplier.id, aliases="老名\r\n新名")
    untouched = other.post(address, data=opened)
    assert TAKEN in untouched.text
    assert form_of(untouched)["aliases"] == "新名\n老名"
    opened["aliases"] = "别名"
    response = other.post(address, data=opened)
    assert (version_before(response, "aliases"), their_version(response, "aliases")) == ("老名", "新名, 老名")
    assert form_of(response)["aliases"] == "别名"


def test_what_is_new_in_a_long_text_is_marked() -> None:
    old = "行驶两个月后电机异响，上坡无力，经销商拆检后更换控制器。"
    new = old.replace("上坡无力", "上坡无力且抖动")
    assert [text for text, is_new in marked(old, new) if is_new] == ["且抖动"]
    assert "".join(text for text, _new in marked(old, new)) == new
    assert marked("完全不同", "另一句话") == [("另一句话", False)]
    assert marked(None, "新") == [("新", False)]
    assert marked("甲" * 5000, "乙" * 5000) == [("乙" * 5000, False)]


def test_what_only_the_editor_changed_is_nothing_to_choose(make: Factory, login: Login) -> None:
    response = collide(make, login, {"phone": "111"}, {"demand": "换新车"})
    assert "data-difference" not in response.text
    assert "don't touch each other" in response.text
    assert form_of(response)["demand"] == "换新车"


def test_without_a_known_version_every_field_that_differs_is_shown(make: Factory, login: Login) -> None:
    complaint = make.complaint(demand="修理")
    response = edit(login(Role.SUPERVISOR), "complaint", complaint.id, demand="换新车", version="7")
    assert response.status_code == 409
    assert (version_before(response, "demand"), their_version(response, "demand")) == ("not known", "修理")


def test_a_masked_field_stays_masked_and_unchanged_through_a_conflict(make: Factory, login: Login) -> None:
    complaint = make.complaint(phone="13700010001", demand="修理", fault="打13700010001", step=Step.VERIFIED)
    one, other = login(Role.SUPERVISOR), login(Role.QUALITY_ENGINEER)
    address = path("complaint", "edit", id=complaint.id)
    opened = form_of(other.get(address))
    edit(one, "complaint", complaint.id, demand="退货", phone="13700010002", fault="打13700010003")
    opened["demand"] = "换新车"
    # A name that the form did not offer changes nothing either.
    opened["phone"] = opened["fault"] = "137****0001"
    response = other.post(address, data=opened)
    assert response.status_code == 409
    assert [
        number for number in ("13700010001", "13700010002", "13700010003") if number in response.text
    ] == []
    again = form_of(response)
    assert "phone" not in again
    assert other.post(address, data=again).status_code == 302
    make.session.expire_all()
    row = make.session.get_one(Complaint, complaint.id)
    assert (row.demand, row.phone, row.fault) == ("换新车", "13700010002", "打13700010003")
