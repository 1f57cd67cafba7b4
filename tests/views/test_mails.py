"""The pages of mails: who sees which, uncertain ones that wait for a person, finding one."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from made_digests import Made, count, put, set_state, stored
from redis import Redis
from sqlalchemy.orm import Session
from test_waiting import waiting

from conftest import Login, count_queries
from factories import Factory
from jobs.mail_message import Mail
from jobs.outbox import Addressee, put_account_mail
from models import Department, db
from models.digest import DeliveryState
from models.organisation import Locale, Role


@pytest.fixture
def department(make: Factory) -> Department:
    return make.department("quality-test", name="品质部", name_en="Quality")


@pytest.fixture
def made(app: Flask, make: Factory, department: Department) -> Made:
    return put(app, make, department, ["a@example.com", "b@example.com"])


def test_mails_about_logins_are_for_administrators_alone(
    app: Flask, make: Factory, login: Login, db_session: Session
) -> None:
    with app.app_context():
        delivery = put_account_mail(
            Mail("Set your password", "https://panel/secret-token"),
            Addressee("x", "x@example.com", Locale.ENGLISH),
        )
        db.session.commit()
        key = delivery.id
    paths = ["/delivery/details/", "/delivery/message", "/delivery/download"]
    for role in (Role.SUPERVISOR, Role.AUDITOR):
        client = login(role)
        assert "Set your password" not in client.get("/delivery/").text
        assert [client.get(f"{path}?id={key}").status_code for path in paths] == [404] * 3
    supervisor = login(Role.SUPERVISOR)
    assert supervisor.post("/delivery/again", data={"id": key}).status_code == 404
    administrator = login(Role.ADMINISTRATOR)
    assert "Set your password" in administrator.get("/delivery/").text
    assert "secret-token" in administrator.get(f"/delivery/details/?id={key}").text
    answer = administrator.get(f"/delivery/download?id={key}")
    assert answer.data == stored(db_session, key).message
    assert answer.mimetype == "message/rfc822"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="mail-{key}.eml"'
    # Not even they find it among the digests, or send it again.
    assert administrator.get(f"/digest/message?id={key}").status_code == 404
    before = count(db_session)
    administrator.post("/delivery/again", data={"id": key})
    assert count(db_session) == before


def test_an_uncertain_mail_waits_for_a_person_who_says_it_arrived(
    made: Made, login: Login, db_session: Session
) -> None:
    key = made.deliveries[0]
    set_state(db_session, key, DeliveryState.UNKNOWN)
    client = login(Role.SUPERVISOR)
    assert client.staff is not None
    staff_id = client.staff.id
    assert waiting(client, "/delivery/") == "1: 1 mail needs a person"
    assert "mark as sent" in client.get(f"/delivery/details/?id={key}").text
    client.post("/delivery/settle", data={"id": key})
    row = stored(db_session, key)
    assert (row.state, row.settled_by_id) == (DeliveryState.SENT, staff_id)
    assert waiting(client, "/delivery/") is None
    again = client.post("/delivery/settle", data={"id": key}, follow_redirects=True)
    assert "Somebody has decided" in again.text


def test_an_uncertain_mail_is_sent_again_once(
    made: Made, login: Login, db_session: Session, queue: Redis
) -> None:
    key = made.deliveries[0]
    set_state(db_session, key, DeliveryState.UNKNOWN)
    client = login(Role.SUPERVISOR)
    before = count(db_session)
    for _ in range(2):
        client.post("/delivery/again", data={"id": key})
    assert count(db_session) - before == 1
    row = stored(db_session, key)
    assert row.state is DeliveryState.UNKNOWN
    assert row.settled_by_id is not None


@pytest.mark.parametrize(
    "page", ["/digest/details/?id={0.digest}", "/delivery/details/?id={0.deliveries[1]}"]
)
def test_two_clicks_send_one_copy(
    page: str, made: Made, login: Login, db_session: Session, queue: Redis
) -> None:
    client = login(Role.SUPERVISOR)
    text = client.get(page.format(made)).text
    # The last form of the page that names a copy, as the browser sends it.
    form = re.findall(r'<form[^>]*action="(/(?:digest/send|delivery/again))">(.*?)</form>', text, re.DOTALL)[
        -1
    ]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1]))
    assert fields["copy"] == "2"
    before = count(db_session)
    first, second = (client.post(form[0], data=fields, follow_redirects=True) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    # A form with a key of its own is answered as its first click was.
    assert ("is on its way" if "form_key" in fields else "It was just sent") in second.text
    assert count(db_session) - before == 1
    assert client.post(form[0], data=fields | {"copy": "99999999999"}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "?state=open",
        "?state=sent",
        "?state=nonsense",
        "?q=%25",
        "?q=a%00b",
        "?page=-1",
        "?page=999999999",
        "?page=x",
        "?q=" + "x" * 5000,
    ],
)
def test_any_filter_that_somebody_types_gives_a_page(query: str, made: Made, login: Login) -> None:
    assert login(Role.SUPERVISOR).get(f"/delivery/{query}").status_code == 200


def test_mails_are_found_by_state_and_recipient(made: Made, login: Login, db_session: Session) -> None:
    set_state(db_session, made.deliveries[0], DeliveryState.FAILED)
    client = login(Role.SUPERVISOR)
    failed = client.get("/delivery/?state=failed").text
    assert "a@example.com" in failed
    assert "b@example.com" not in failed
    assert "b@example.com" in client.get("/delivery/?q=B@EXAMPLE").text


def test_the_number_of_queries_does_not_grow_with_the_rows(
    app: Flask, made: Made, make: Factory, login: Login, queue: Redis
) -> None:
    client = login(Role.SUPERVISOR)
    paths = ("/digest/?week=2024-W10", "/delivery/")
    numbers = []
    for _round in range(2):
        for path in paths:
            with count_queries(app) as statements:
                client.get(path)
            numbers.append(len(statements))
        for _ in range(5):
            put(app, make, make.department(), ["x@example.com", "y@example.com"])
    assert numbers[:2] == numbers[2:]
    assert max(numbers) <= 10
