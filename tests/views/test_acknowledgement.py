"""Telling the customer that a complaint was taken up: by mail, by letter, once, or not at all."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from flask import Flask
from screens import path
from sqlalchemy import select

from config import Settings
from conftest import Login, PanelClient
from factories import Factory
from jobs.acknowledgements import acknowledge
from models import Complaint, Customer, Delivery, Letter, db
from models.base import now
from models.centre import Centre
from models.digest import DeliveryKind
from models.letter import LetterKind
from models.organisation import Role

KIND = DeliveryKind.ACKNOWLEDGEMENT


def register(client: PanelClient, make: Factory, **given: Any) -> None:
    """Send the form of a new complaint."""
    sent = {
        "customer_name": "王伟",
        "subject_id": make.subject(name="电机").id,
        "channel": "phone",
        "severity": "severe",
        "is_safety_relevant": "1",
        "description": "上坡时电机异响",
        "demand": "更换电机",
        **given,
    }
    assert client.post(path("complaint", "new"), data=sent).status_code == 302


def mails(make: Factory) -> list[Delivery]:
    return list(make.session.scalars(select(Delivery).where(Delivery.kind == KIND)))


def letters(make: Factory) -> list[Letter]:
    return list(make.session.scalars(select(Letter).execution_options(populate_existing=True)))


def test_who_has_an_e_mail_address_is_written_to_at_once(
    make: Factory, login: Login, settings: Settings
) -> None:
    make.session.merge(Centre(id=1, hotline="400-810-0000"))
    make.session.commit()
    wang = make.customer(name="王伟", email="wang@example.cn", address="徐州市一号")
    client = login(Role.CLERK, name="李倩")
    register(client, make, customer_id=wang.id)
    (mail,) = mails(make)
    assert (mail.recipient, mail.recipient_name) == ("wang@example.cn", "王伟")
    message = message_from_bytes(mail.message, policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    text, number = body.get_content(), make.session.scalars(select(Complaint.number)).one()
    due_at = (now() + timedelta(hours=24)).astimezone(settings.timezone)
    said = ("尊敬的王伟", number, "电机", "上坡时电机异响", "更换电机", f"{due_at:%Y年}", "李倩 400-810-0000")
    for words in said:
        assert words in text, words
    assert number in str(message["Subject"])
    # What is for the house alone: severity, safety, steps, departments.
    for words in ("严重", "安全", "登记", "部门"):
        assert words not in text, words
    (letter,) = letters(make)
    assert (letter.kind, letter.delivery_id, letter.address) == (LetterKind.ACKNOWLEDGEMENT, mail.id, None)
    assert letter.sent_on == now().astimezone(settings.timezone).date()


def test_who_has_only_an_address_gets_a_letter_that_waits_to_be_sent(
    make: Factory, login: Login, settings: Settings
) -> None:
    client = login(Role.CLERK)
    register(client, make, address="徐州市云龙区一号")
    assert mails(make) == []
    (letter,) = letters(make)
    assert (letter.sent_on, letter.address) == (None, "徐州市云龙区一号")
    assert "上坡时电机异响" in (letter.content or "")
    page = client.get("/due/").text
    assert letter.number in page
    assert "Print and send" in page
    assert letter.number in client.get("/letter/?flt_task=unsent").text
    paper = client.get(path("letter", "print", id=letter.id)).text
    for words in ("王伟", "徐州市云龙区一号", "上坡时电机异响"):
        assert words in paper, words

    assert "has not been sent yet" in client.get(path("letter", "details", id=letter.id)).text
    assert client.post(path("letter", "sent", id=letter.id)).status_code == 302
    make.session.refresh(letter)
    assert client.staff is not None
    assert (letter.sent_on, letter.sent_by_id) == (
        now().astimezone(settings.timezone).date(),
        client.staff.id,
    )
    assert "has not been sent yet" not in client.get(path("letter", "details", id=letter.id)).text
    # The second of two clicks, or of two people.
    assert "sent already" in client.post(path("letter", "sent", id=letter.id), follow_redirects=True).text
    assert letter.number not in client.get("/letter/?flt_task=unsent").text


def test_without_an_address_nothing_is_written(make: Factory, login: Login) -> None:
    register(login(Role.CLERK), make, customer_id=make.customer().id)
    assert (mails(make), letters(make)) == ([], [])


def test_the_centre_can_switch_it_off_and_on_again(make: Factory, login: Login) -> None:
    admin = login(Role.ADMINISTRATOR)
    fields = {"form": "centre", "own_name": "管理员", "name": "售后中心", "timezone": "Asia/Shanghai"}
    assert 'name="is_acknowledged" value="1" checked' in admin.get("/setup/?step=centre").text
    admin.post("/setup/save", data=fields | {"is_acknowledged": "", "hotline": "０５１６-8312"})
    register(admin, make, address="徐州市一号")
    assert letters(make) == []
    assert 'name="is_acknowledged" value="1" checked' not in admin.get("/setup/?step=centre").text
    admin.post("/setup/save", data=fields | {"is_acknowledged": ["", "1"]})
    register(admin, make, address="徐州市一号")
    assert len(letters(make)) == 1
    assert "8312" in (letters(make)[0].content or "")


def test_nobody_is_told_twice_and_nobody_of_an_old_slip(make: Factory, in_app: Flask) -> None:
    assert in_app
    key = make.complaint(address="徐州市一号").id
    old = make.complaint(address="徐州市二号", registered_at=now() - timedelta(days=8)).id
    for each in (key, key, old):
        acknowledge(db.session.get_one(Complaint, each))
    assert list(db.session.scalars(select(Letter.complaint_id))) == [key]


def test_a_draft_has_no_reply_and_stands_on_no_timeline(make: Factory, login: Login) -> None:
    wang = make.customer()
    draft = make.letter(customer_id=wang.id, sent_on=None, regarding="待寄的信")
    make.letter(customer_id=wang.id, regarding="已寄的信")
    client = login(Role.CLERK)
    sent = {"version": str(draft.version), "replied_on": "2026-03-09"}
    answer = client.post(path("letter", "edit", id=draft.id), data=sent)
    assert answer.status_code == 422
    assert "has no reply" in answer.text
    page = client.get(path("customer", "details", id=wang.id, show="timeline")).text
    course = page.partition('<ol class="course">')[2].partition("</ol>")[0]
    assert "已寄的信" in course
    assert "待寄的信" not in course


@pytest.mark.parametrize("role", [Role.TOURING_ENGINEER, Role.AUDITOR])
def test_who_may_only_read_letters_sends_none(role: Role, make: Factory, login: Login) -> None:
    draft = make.letter(sent_on=None)
    client = login(role)
    assert "Sent today" not in client.get(path("letter", "details", id=draft.id)).text
    assert client.post(path("letter", "sent", id=draft.id)).status_code == 403
    make.session.refresh(draft)
    assert draft.sent_on is None


def test_an_address_is_kept_in_small_letters_and_read_masked(make: Factory, login: Login) -> None:
    clerk = login(Role.CLERK)
    sent = {"name": "王伟", "kind": "owner", "email": "Ｗang@Example.CN "}
    assert clerk.post(path("customer", "new"), data=sent).status_code == 302
    made = make.session.scalars(select(Customer)).one()
    assert made.email == "wang@example.cn"
    assert "wang@example.cn" in clerk.get(path("customer", "details", id=made.id)).text
    masked = login(Role.QUALITY_ENGINEER).get(path("customer", "details", id=made.id)).text
    assert "wang@example.cn" not in masked
    assert "w****@example.cn" in masked
    wrong = clerk.post(path("customer", "new"), data=sent | {"email": "wang"})
    assert "This is no e-mail address." in wrong.text
