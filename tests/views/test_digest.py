"""The pages of the digests and of the outbox: who may, what they show, and what a click does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes

import pytest
from flask import Flask
from made_digests import PAYLOAD, Made, count, put, set_state, stored
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from conftest import Login
from factories import Factory
from jobs.digest import make_digest
from jobs.queues import panel_queue
from models import Delivery, Department
from models.digest import DeliveryState
from models.iso_week import IsoWeek
from models.organisation import Role


@pytest.fixture
def department(make: Factory) -> Department:
    return make.department("quality-test", name="品质部", name_en="Quality")


@pytest.fixture
def made(app: Flask, make: Factory, department: Department) -> Made:
    return put(app, make, department, ["a@example.com", "b@example.com"])


READERS = {Role.SUPERVISOR, Role.QUALITY_ENGINEER, Role.AUDITOR, Role.ADMINISTRATOR}
SENDERS = {Role.SUPERVISOR, Role.ADMINISTRATOR}


@pytest.mark.parametrize("role", list(Role))
def test_each_page_opens_for_exactly_the_roles_that_may(role: Role, made: Made, login: Login) -> None:
    client = login(role)
    (first, _second) = made.deliveries
    expected = 200 if role in READERS else 403
    for path in (
        "/digest/?week=2024-W10",
        f"/digest/details/?id={made.digest}",
        f"/digest/message?id={first}",
    ):
        assert client.get(path).status_code == expected, path
    expected = 200 if role in READERS - {Role.QUALITY_ENGINEER} else 403
    for path in (
        "/delivery/",
        f"/delivery/details/?id={first}",
        f"/delivery/message?id={first}",
    ):
        assert client.get(path).status_code == expected, path
    # As a file it holds the links in which its recipient acts.
    assert client.get(f"/delivery/download?id={first}").status_code == 403


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_may_make_and_send(
    role: Role, made: Made, login: Login, db_session: Session, queue: Redis
) -> None:
    client = login(role)
    before = count(db_session)
    expected = 302 if role in SENDERS else 403
    assert client.post("/digest/make", data={"week": "2023-W10"}).status_code == expected
    assert client.post("/digest/send", data={"delivery_id": made.deliveries[0]}).status_code == expected
    assert client.post("/delivery/again", data={"id": made.deliveries[0]}).status_code == expected
    assert client.post("/delivery/settle", data={"id": made.deliveries[0]}).status_code == expected
    assert count(db_session) - before == (2 if role in SENDERS else 0)


def test_nobody_is_sent_to_the_login_and_no_token_is_refused(app: Flask, made: Made, login: Login) -> None:
    assert "/login" in app.test_client().get("/digest/").headers["Location"]
    assert (
        "/login" in app.test_client().get(f"/delivery/download?id={made.deliveries[0]}").headers["Location"]
    )
    client = login(Role.SUPERVISOR)
    assert (
        client.post("/digest/send", data={"delivery_id": made.deliveries[0]}, csrf=False).status_code == 400
    )
    for path in ("/digest/make", "/digest/send", "/delivery/settle", "/delivery/again"):
        assert client.get(path).status_code == 405


def test_the_list_shows_each_department_with_the_state_of_each_mail(
    made: Made, login: Login, db_session: Session, make: Factory
) -> None:
    make.department("without", name_en="Without digest")
    set_state(db_session, made.deliveries[1], DeliveryState.UNKNOWN)
    page = login(Role.SUPERVISOR).get("/digest/?week=2024-W10").text
    assert "Quality" in page
    assert "state-kept" in page
    assert "state-unknown" in page
    assert "Without digest" in page
    assert "Make it now" in page


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?week=",
        "?week=abc",
        "?week=2024-W99",
        "?week=9999-W01",
        "?week=2024-W10&week=x",
        "?week=%00",
        "?week=1900-W01",
        "?week=2199-W52",
    ],
)
def test_any_week_that_somebody_types_gives_a_page(query: str, login: Login, db_session: Session) -> None:
    assert login(Role.SUPERVISOR).get(f"/digest/{query}").status_code == 200


@pytest.mark.parametrize("key", ["", "0", "-1", "abc", "1,2", "9" * 19, "9" * 30, "%00", "１"])
@pytest.mark.parametrize(
    "path",
    [
        "/digest/details/",
        "/digest/message",
        "/delivery/details/",
        "/delivery/message",
        "/delivery/download",
    ],
)
def test_a_key_that_leads_nowhere_is_not_found(
    path: str, key: str, login: Login, db_session: Session
) -> None:
    assert login(Role.ADMINISTRATOR).get(f"{path}?id={key}").status_code == 404


def test_a_mail_of_another_digest_is_not_shown_here(
    app: Flask, made: Made, make: Factory, login: Login
) -> None:
    other = put(app, make, make.department(), ["c@example.com"])
    client = login(Role.SUPERVISOR)
    assert client.get(f"/digest/details/?id={made.digest}&delivery={other.deliveries[0]}").status_code == 404


def test_exactly_what_was_sent_is_shown_in_a_frame_that_can_do_nothing(
    made: Made, login: Login, db_session: Session
) -> None:
    client, key = login(Role.ADMINISTRATOR), made.deliveries[0]
    page = client.get(f"/digest/details/?id={made.digest}&delivery={key}").text
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame is not None
    assert 'sandbox=""' in frame[0]
    assert PAYLOAD not in page
    answer = client.get(f"/digest/message?id={key}")
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
    )
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert PAYLOAD not in answer.text
    sent = message_parts(stored(db_session, key).message)
    assert answer.text in [re.sub(r"/(point|unsubscribe)/[\w.=-]+", r"/\1/…", part) for part in sent]


def message_parts(message: bytes) -> list[str]:
    parts = message_from_bytes(message).walk()
    return [bytes(part.get_payload(decode=True)).decode() for part in parts if not part.is_multipart()]


def test_who_reads_a_digest_of_others_gets_no_link_that_acts_for_them(
    made: Made, login: Login, db_session: Session
) -> None:
    key = made.deliveries[0]
    sent = "".join(message_parts(stored(db_session, key).message))
    keys = set(re.findall(r"/(?:point|unsubscribe)/([\w.=-]+)", sent))
    assert keys
    addresses = [
        f"/digest/message?id={key}",
        f"/digest/details/?id={made.digest}&delivery={key}",
        f"/delivery/details/?id={key}",
        f"/delivery/message?id={key}",
    ]
    for role in (Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR):
        client = login(role)
        for address in addresses:
            page = client.get(address).text
            assert not any(each in page for each in keys), address
        assert client.get(f"/delivery/download?id={key}").status_code == 403


def test_a_copy_by_hand_has_the_next_number_and_who_asked(
    made: Made, login: Login, db_session: Session, queue: Redis
) -> None:
    client = login(Role.SUPERVISOR)
    assert client.staff is not None
    staff_id = client.staff.id
    client.post("/digest/send", data={"delivery_id": made.deliveries[0]})
    newest = db_session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(1)).one()
    assert (newest.copy_number, newest.recipient, newest.created_by_id) == (2, "a@example.com", staff_id)
    page = client.get(f"/digest/details/?id={made.digest}").text
    assert "Copy 2" in page


def test_somebody_who_joined_later_can_be_sent_it_once(
    made: Made, department: Department, make: Factory, login: Login, db_session: Session, queue: Redis
) -> None:
    late = make.digest_recipient(department, name="Late Comer", email="late@example.com")
    stranger = make.digest_recipient(make.department())
    keys = {"late": late.id, "stranger": stranger.id}
    client = login(Role.SUPERVISOR)
    assert "Send to Late Comer" in client.get(f"/digest/details/?id={made.digest}").text
    before = count(db_session)
    for _ in range(2):
        client.post("/digest/send", data={"digest_id": made.digest, "recipient_id": keys["late"]})
    assert count(db_session) - before == 1
    assert (
        client.post(
            "/digest/send", data={"digest_id": made.digest, "recipient_id": keys["stranger"]}
        ).status_code
        == 404
    )


def test_a_past_week_is_made_in_the_background(made: Made, login: Login, queue: Redis, app: Flask) -> None:
    client = login(Role.SUPERVISOR)
    assert client.staff is not None
    staff_id = client.staff.id
    client.post("/digest/make", data={"week": "2023-W10", "department_id": made.department})
    with app.app_context():
        (job,) = panel_queue().jobs
        assert (job.func_name, job.args) == ("jobs.digest.make_digest", [made.department, 2023, 10, staff_id])
    page = client.get("/digest/?week=2023-W10")
    assert "Being made" in page.text
    assert page.headers["Refresh"] == "3"


def test_what_is_there_is_not_made_again(made: Made, login: Login, queue: Redis, app: Flask) -> None:
    login(Role.SUPERVISOR).post("/digest/make", data={"week": "2024-W10", "department_id": made.department})
    with app.app_context():
        assert panel_queue().jobs == []


def test_a_week_that_has_not_ended_is_refused_in_a_sentence(
    made: Made, login: Login, queue: Redis, app: Flask
) -> None:
    client = login(Role.SUPERVISOR)
    week = IsoWeek.of(datetime.now(UTC).date()).shifted(1)
    answer = client.post("/digest/make", data={"week": str(week)}, follow_redirects=True)
    assert "has not ended yet" in answer.text
    assert client.post("/digest/make", data={"week": "x"}).status_code == 404
    with app.app_context():
        assert panel_queue().jobs == []


def test_making_is_named_by_its_function() -> None:
    assert make_digest.__module__ == "jobs.digest"
