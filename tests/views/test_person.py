"""The page about a person's data: who may open it, what it shows, and what an erasure asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask_security.utils import hash_password
from screens import page_of, path, present_day
from sqlalchemy import select
from werkzeug.test import TestResponse

from conftest import Login, PanelClient
from factories import Factory
from models import AccessEntry, Customer, Staff
from models.access import AccessKind
from models.complaint import Step
from models.organisation import Locale, Role
from views.throttle import TRIES_MOST

PASSWORD = "correct horse battery"


@pytest.fixture
def boss(login: Login, make: Factory) -> PanelClient:
    client = login(Role.ADMINISTRATOR)
    with client.application.app_context():
        client.staff.password = hash_password(PASSWORD)
    make.session.commit()
    return client


def erase(client: PanelClient, table: str, key: int, **fields: Any) -> TestResponse:
    data = {"reason": "本人来信申请", "password": PASSWORD} | fields
    return client.post(path(table, "person/erase", id=key), data=data)


@pytest.mark.parametrize("role", list(Role))
def test_a_supervisor_sees_the_page_and_only_an_administrator_erases(
    role: Role, make: Factory, login: Login
) -> None:
    customer, colleague = make.customer(), make.staff()
    client = login(role)
    sees = {Role.SUPERVISOR, Role.ADMINISTRATOR}
    assert client.get(path("customer", "person", id=customer.id)).status_code == (
        200 if role in sees else 403
    )
    may = role is Role.ADMINISTRATOR
    assert client.get(path("staff", "person", id=colleague.id)).status_code == (200 if may else 403)
    assert erase(client, "customer", customer.id).status_code == (422 if may else 403)
    assert erase(client, "staff", colleague.id).status_code == (422 if may else 403)
    page = client.get(path("customer", "details", id=customer.id))
    assert ("/customer/person/" in page.text) == (role in sees)


def test_the_page_counts_what_goes_and_says_what_must_be_settled(make: Factory, boss: PanelClient) -> None:
    customer = make.customer(name="诸葛清澜", phone="13977640821")
    make.note(customer, body="已回访")
    complaint = make.complaint(customer_id=customer.id)
    make.complaint(phone="13977640821", step=Step.CONFIRMED)
    page = boss.get(path("customer", "person", id=customer.id)).text
    assert "Personal data of 诸葛清澜" in page
    assert "<span>Complaints</span> <strong>2</strong>" in page
    assert "<span>Notes</span> <strong>1</strong>" in page
    assert f'<a href="/complaint/details/?id={complaint.id}">1 complaint is not closed yet.</a>' in page
    assert "1 of the complaints belongs to no customer file yet" in page
    assert 'name="password"' not in page
    refused = erase(boss, "customer", customer.id)
    assert refused.status_code == 422
    assert "not closed yet" in refused.text


def test_an_erasure_asks_for_reason_password_and_what_it_is_done_in_spite_of(
    make: Factory, boss: PanelClient
) -> None:
    customer = make.customer(name="诸葛清澜")
    make.vehicle(customer_id=customer.id, warranty_until=present_day() + timedelta(days=30))
    for fields, sentence in (
        ({"reason": " "}, "Say why"),
        ({"reason": "x" * 301, "in_spite_of": "running_warranties"}, "At most 300 characters."),
        ({}, "Tick that you have thought of this."),
        ({"in_spite_of": "running_warranties", "password": "wrong"}, "This is not your password."),
        ({"in_spite_of": "running_warranties", "password": ""}, "This is not your password."),
    ):
        refused = erase(boss, "customer", customer.id, **fields)
        assert refused.status_code == 422
        assert sentence in refused.text
    make.session.expire_all()
    assert make.session.get_one(Customer, customer.id).name == "诸葛清澜"
    assert erase(boss, "customer", customer.id, in_spite_of="running_warranties").status_code == 302


def test_after_an_erasure_no_page_names_the_person_and_the_history_says_why(
    make: Factory, boss: PanelClient
) -> None:
    customer = make.customer(name="诸葛清澜", phone="13977640821")
    done = erase(boss, "customer", customer.id)
    assert done.headers["Location"] == f"/customer/details/?id={customer.id}"
    page = boss.get(done.headers["Location"]).text
    # The one message that confirms it still names what was erased.
    assert "The personal data of 诸葛清澜 was erased." in page
    page = boss.get(done.headers["Location"]).text
    assert "诸葛清澜" not in page
    assert "13977640821" not in page
    assert "<ins>erased</ins>" in page
    about = boss.get(path("customer", "person", id=customer.id)).text
    assert "Reason: 本人来信申请" in about
    assert "Erase for good" not in about
    entry = make.session.scalars(
        select(AccessEntry).where(AccessEntry.kind == AccessKind.PERSON_ERASED)
    ).one()
    assert (entry.actor_id, entry.row_id, str(entry.remote_address)) == (
        boss.staff.id,
        customer.id,
        "127.0.0.1",
    )


def test_a_second_erasure_says_that_it_is_done(make: Factory, boss: PanelClient) -> None:
    customer = make.customer()
    for sentence in ("was erased", "it was done before"):
        done = erase(boss, "customer", customer.id)
        assert sentence in boss.get(done.headers["Location"]).text


def test_history_tells_of_what_was_erased_in_chinese_too(
    make: Factory, boss: PanelClient, login: Login
) -> None:
    customer = make.customer(phone="13977640821")
    assert erase(boss, "customer", customer.id).status_code == 302
    reader = login(Role.SUPERVISOR, locale=Locale.CHINESE)
    assert "<ins>已删除</ins>" in str(page_of(reader, "customer", customer.id))


def test_who_left_is_erased_but_never_oneself(make: Factory, boss: PanelClient, login: Login) -> None:
    leaver = login(Role.ADMINISTRATOR, name="宇文远舟")
    assert leaver.get("/customer/").status_code == 200
    assert erase(boss, "staff", leaver.staff.id).status_code == 302
    assert leaver.get("/customer/").status_code == 302
    make.session.expire_all()
    assert make.session.get_one(Staff, leaver.staff.id).name.startswith("离职员工 Former staff #")
    own = boss.get(path("staff", "person", id=boss.staff.id)).text
    assert "Nobody erases the own account." in own
    assert "Erase for good" not in own
    assert erase(boss, "staff", boss.staff.id).status_code == 422


def test_passwords_are_not_guessed_here(make: Factory, boss: PanelClient) -> None:
    customer = make.customer()
    answers = [erase(boss, "customer", customer.id, password=f"guess {n}") for n in range(TRIES_MOST + 1)]
    assert [answer.status_code for answer in answers] == [422] * TRIES_MOST + [429]


@pytest.mark.parametrize("key", ["0", "abc", "9" * 30, "1,2"])
def test_what_is_no_person_is_not_found(key: str, boss: PanelClient) -> None:
    assert boss.get(f"/customer/person/?id={key}").status_code == 404
    assert boss.post(f"/customer/person/erase/?id={key}").status_code == 404
