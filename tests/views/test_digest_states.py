"""Digest and outbox pages in each state: weeks, mails in every state, a queue that can't be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from made_digests import Made, count, put, set_state, stored
from redis import Redis
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from test_waiting import waiting

from conftest import Login, PanelClient
from factories import Factory
from jobs.mail_message import Mail
from jobs.outbox import Addressee, add_reminder_mail, put_account_mail
from models import Delivery, Department, db
from models.base import now
from models.digest import DeliveryKind, DeliveryState
from models.iso_week import IsoWeek
from models.mail_obstacle import Obstacle
from models.organisation import Locale, Role


@pytest.fixture
def made(app: Flask, make: Factory) -> Made:
    return put(app, make, make.department(name_en="Quality"), ["a@example.com", "b@example.com"])


@pytest.fixture
def dead_queue(app: Flask) -> Iterator[None]:
    """Let the queue be where nobody listens."""
    before = app.extensions.get("redis")
    app.extensions["redis"] = Redis(host="127.0.0.1", port=1, socket_connect_timeout=1)
    yield
    app.extensions.pop("redis").close()
    if before is not None:
        app.extensions["redis"] = before


def test_a_queue_out_of_reach_leaves_the_digests_readable(
    made: Made, make: Factory, login: Login, dead_queue: None
) -> None:
    make.department(name_en="Sales")
    page = login(Role.SUPERVISOR).get("/digest/?week=2024-W10")
    assert page.status_code == 200
    assert "Not made." in page.text


def test_a_queue_out_of_reach_is_said_when_somebody_wants_a_digest(
    made: Made, login: Login, dead_queue: None
) -> None:
    answer = login(Role.SUPERVISOR).post("/digest/make", data={"week": "2023-W10"}, follow_redirects=True)
    assert answer.status_code == 200
    assert "The background work can't be reached just now." in answer.text.replace("&#39;", "'")


def test_a_copy_asked_for_while_the_queue_is_out_of_reach_waits_in_the_outbox(
    made: Made, login: Login, dead_queue: None, db_session: Session
) -> None:
    before = count(db_session)
    answer = login(Role.SUPERVISOR).post("/digest/send", data={"delivery_id": made.deliveries[0]})
    assert answer.status_code == 302
    assert count(db_session) == before + 1


def test_a_week_leads_to_the_one_before_and_the_one_after(login: Login, db_session: Session) -> None:
    page = login(Role.SUPERVISOR).get("/digest/?week=2021-W01").text
    assert 'rel="prev" href="/digest/?week=2020-W53"' in page
    assert 'rel="next" href="/digest/?week=2021-W02"' in page
    assert "2021-01-04 – 2021-01-10" in page


def test_the_newest_closed_week_leads_to_none_after_it(app: Flask, login: Login, make: Factory) -> None:
    newest = IsoWeek.last_closed(now(), app.extensions["settings"].timezone)
    client = login(Role.SUPERVISOR)
    for page in (client.get("/digest/").text, client.get("/digest/?week=nonsense").text):
        assert f'<span class="count">week {newest.week} of {newest.year}</span>' in page
        assert 'rel="next"' not in page


def test_a_week_that_runs_offers_nothing_to_make(app: Flask, login: Login, make: Factory) -> None:
    make.department(name_en="Sales")
    newest = IsoWeek.last_closed(now(), app.extensions["settings"].timezone)
    page = login(Role.SUPERVISOR).get(f"/digest/?week={newest.shifted(1)}").text
    assert "This week has not ended yet" in page
    assert "Make it now" not in page
    assert "Make all that are missing" not in page


def test_who_only_reads_digests_is_offered_neither_making_nor_sending(
    made: Made, make: Factory, login: Login
) -> None:
    make.department(name_en="Sales")
    client = login(Role.QUALITY_ENGINEER)
    assert "Not made." in client.get("/digest/?week=2024-W10").text
    assert "Make it now" not in client.get("/digest/?week=2024-W10").text
    assert "Send again" not in client.get(f"/digest/details/?id={made.digest}").text


def test_weeks_with_digests_are_offered(made: Made, login: Login) -> None:
    page = login(Role.SUPERVISOR).get("/digest/?week=2023-W01").text
    assert '<a href="/digest/?week=2024-W10">2024-W10</a>' in page


def test_a_department_without_digest_is_listed_in_the_weeks_in_which_it_had_one(
    made: Made, login: Login, db_session: Session
) -> None:
    db_session.execute(update(Department).values(gets_digest=False))
    db_session.commit()
    client = login(Role.SUPERVISOR)
    assert f'href="/digest/details/?id={made.digest}"' in client.get("/digest/?week=2024-W10").text
    assert "No department gets a digest." in client.get("/digest/?week=2024-W11").text


def test_a_digest_that_nobody_got_says_so(app: Flask, make: Factory, login: Login) -> None:
    made = put(app, make, make.department(), [])
    client = login(Role.SUPERVISOR)
    page = client.get(f"/digest/details/?id={made.digest}").text
    assert "Nobody got it" in page
    assert "<iframe" not in page
    assert "Nobody gets it." in client.get("/digest/?week=2024-W10").text


@pytest.mark.parametrize("state", list(DeliveryState))
def test_mails_are_listed_by_their_state(
    state: DeliveryState, made: Made, login: Login, db_session: Session
) -> None:
    other = next(each for each in DeliveryState if each is not state)
    set_state(db_session, made.deliveries[0], state)
    set_state(db_session, made.deliveries[1], other)
    page = login(Role.SUPERVISOR).get(f"/delivery/?state={state.value}").text
    assert "a@example.com" in page
    assert "b@example.com" not in page
    assert f'<option value="{state.value}" selected>{state.label}</option>' in page


def test_mails_that_need_a_person_are_those_about_which_nobody_has_decided(
    made: Made, login: Login, db_session: Session
) -> None:
    first, second = made.deliveries
    client = login(Role.SUPERVISOR)
    assert client.staff is not None
    for key in (first, second):
        set_state(db_session, key, DeliveryState.UNKNOWN)
    db_session.execute(update(Delivery).where(Delivery.id == second).values(settled_by_id=client.staff.id))
    db_session.commit()
    page = client.get("/delivery/?state=open").text
    assert "a@example.com" in page
    assert "b@example.com" not in page
    assert waiting(client, "/delivery/") == "1: 1 mail needs a person"


@pytest.mark.parametrize("state", [state for state in DeliveryState if state is not DeliveryState.UNKNOWN])
def test_a_mail_whose_end_is_known_can_not_be_marked_as_sent(
    state: DeliveryState, made: Made, login: Login, db_session: Session
) -> None:
    key = made.deliveries[0]
    set_state(db_session, key, state)
    client = login(Role.SUPERVISOR)
    assert "mark as sent" not in client.get(f"/delivery/details/?id={key}").text
    answer = client.post("/delivery/settle", data={"id": key}, follow_redirects=True)
    assert "Somebody has decided about this mail already." in answer.text
    assert stored(db_session, key).state is state
    assert stored(db_session, key).settled_by_id is None


@pytest.mark.parametrize("obstacle", list(Obstacle))
def test_what_stood_in_the_way_of_a_mail_is_said_in_words(
    obstacle: Obstacle, made: Made, login: Login, db_session: Session
) -> None:
    db_session.execute(update(Delivery).values(answer=obstacle.value))
    db_session.commit()
    client = login(Role.SUPERVISOR)
    for address in (
        "/delivery/",
        f"/delivery/details/?id={made.deliveries[0]}",
        f"/digest/details/?id={made.digest}",
    ):
        page = client.get(address).text.replace("&#39;", "'")
        assert str(obstacle.label) in page, address
        assert obstacle.value not in page, address


def pages_of(client: PanelClient, address: str) -> list[list[int]]:
    """Return the keys of the mails on each page, by following its links."""
    pages: list[list[int]] = []
    following: Any = True
    while following and len(pages) < 9:
        text = client.get(address).text
        pages.append([int(key) for key in re.findall(r'href="/delivery/details/\?id=(\d+)"', text)])
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address = following[1].replace("&amp;", "&") if following else address
    return pages


def test_the_outbox_is_paged_newest_first_and_keeps_what_was_asked(
    app: Flask, make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = put(app, make, make.department(), [f"r{number}@example.com" for number in range(5)])
    put(app, make, make.department(), ["other@example.org"])
    monkeypatch.setattr("views.delivery.PAGE_SIZE", 2)
    newest_first = sorted(made.deliveries, reverse=True)
    pages = pages_of(login(Role.SUPERVISOR), "/delivery/?q=example.com")
    assert pages == [newest_first[:2], newest_first[2:4], newest_first[4:]]


@pytest.mark.parametrize(
    ("typed", "is_found"), [("%", False), ("_@", False), ("收件人a", True), ("A@EX", True)]
)
def test_a_mail_is_found_by_name_address_and_nothing_else(
    typed: str, is_found: bool, made: Made, login: Login
) -> None:
    page = login(Role.SUPERVISOR).get("/delivery/", query_string={"q": typed}).text
    assert ("a@example.com" in page) is is_found
    assert ("Nothing matches" in page) is not is_found


def test_a_mail_about_a_login_has_no_frame_and_is_not_sent_again(
    app: Flask, login: Login, db_session: Session
) -> None:
    with app.app_context():
        put_account_mail(Mail("Set your password", "text"), Addressee("x", "x@example.com", Locale.ENGLISH))
        db.session.commit()
    key = db_session.scalars(select(Delivery.id)).one()
    client = login(Role.ADMINISTRATOR)
    assert client.get(f"/delivery/message?id={key}").status_code == 404
    assert client.post("/digest/send", data={"delivery_id": key}).status_code == 404
    answer = client.post("/delivery/again", data={"id": key}, follow_redirects=True)
    assert "the person asks for a new one" in answer.text
    assert count(db_session) == 1


def test_two_clicks_on_sending_a_reminder_again_make_one_copy(
    app: Flask, login: Login, make: Factory, db_session: Session
) -> None:
    with app.app_context():
        first = add_reminder_mail(Mail("Due", "text"), Addressee("x", "x@example.com", Locale.ENGLISH))
        db.session.commit()
        key = first.id
    client = login(Role.SUPERVISOR)
    page = client.get(f"/delivery/details/?id={key}").text
    (form_key,) = re.findall(r'name="form_key" value="([^"]+)"', page)
    for _click in range(2):
        answer = client.post("/delivery/again", data={"id": key, "copy": "", "form_key": form_key})
        assert answer.status_code == 302
    assert count(db_session) == 2


def test_a_notice_is_sent_again_from_its_own_page(make: Factory, login: Login, db_session: Session) -> None:
    mail = make.delivery(kind=DeliveryKind.NOTICE, state=DeliveryState.UNKNOWN)
    notice = make.notice(delivery_id=mail.id)
    client = login(Role.ADMINISTRATOR)
    page = client.get(f"/delivery/details/?id={mail.id}").text
    assert f'href="/notice/details/?id={notice.id}"' in page
    assert "Send again" not in page
    assert (
        "from its own page"
        in client.post("/delivery/again", data={"id": mail.id}, follow_redirects=True).text
    )
    assert count(db_session) == 1


@pytest.mark.parametrize("copy", ["0", "-1", "x", "10001", "9" * 25])
def test_a_number_that_no_copy_has_is_not_found(
    copy: str, made: Made, login: Login, db_session: Session
) -> None:
    before = count(db_session)
    client = login(Role.SUPERVISOR)
    for address, name in (("/digest/send", "delivery_id"), ("/delivery/again", "id")):
        assert client.post(address, data={name: made.deliveries[0], "copy": copy}).status_code == 404
    assert count(db_session) == before
