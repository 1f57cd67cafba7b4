"""What came back for a mail, and addresses that give mails back, as people see it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from made_digests import Made, put
from screens import page_of
from sqlalchemy.orm import Session

from conftest import Login, count_queries
from factories import Factory
from jobs.mailbox import mailbox_name
from models import BadAddress, Delivery, IncomingMail, Mailbox
from models.base import now
from models.digest import DeliveryKind, DeliveryState
from models.incoming_mail import IncomingKind
from models.mailbox import TROUBLE_AFTER, MailboxTrouble
from models.organisation import Role
from what_came_back import bad_address, incoming_mail

HOSTILE = "<script>alert(1)</script>\n> http://localhost/point/abc.def-123 请处理"


@pytest.fixture
def made(app: Flask, make: Factory) -> Made:
    return put(app, make, make.department("quality-test"), ["a@example.com"])


@pytest.fixture
def keep(db_session: Session) -> Callable[..., IncomingMail]:
    """Return what keeps a mail that came back."""
    numbers = itertools.count(1)
    return lambda delivery, **attributes: added(
        db_session, incoming_mail(delivery, next(numbers), **attributes)
    )


@pytest.fixture
def mark_address(db_session: Session) -> Callable[..., BadAddress]:
    """Return what marks an address."""
    return lambda address, **attributes: added(db_session, bad_address(address, **attributes))


def added(session: Session, row: Any) -> Any:
    session.add(row)
    session.commit()
    return row


def main_of(html: str) -> str:
    main = BeautifulSoup(html, "html.parser").find("main")
    assert main is not None
    return main.get_text(" ", strip=True)


def test_an_answer_stands_with_its_mail_and_its_digest_as_text_without_links_that_act(
    made: Made, keep: Callable[..., IncomingMail], login: Login, db_session: Session
) -> None:
    delivery = db_session.get_one(Delivery, made.deliveries[0])
    keep(delivery, body=HOSTILE, sender_name="<b>Zhang</b>", file_names=["照片.png"])
    keep(delivery, kind=IncomingKind.AUTO_REPLY, body="On holiday", is_cut=True)
    client = login(Role.SUPERVISOR)
    for address in (f"/delivery/details/?id={delivery.id}", f"/digest/details/?id={delivery.digest_id}"):
        html = client.get(address).text
        assert "<script>alert" not in html
        assert "<b>Zhang" not in html
        assert "abc.def-123" not in html
        for said in (
            "Answer by mail",
            "alert(1)",
            "/point/…",
            "照片.png",
            "Automatic answer",
            "It is longer",
        ):
            assert said in main_of(html), (address, said)


def test_the_list_finds_what_was_answered_and_what_came_back(
    app: Flask, make: Factory, keep: Callable[..., IncomingMail], login: Login
) -> None:
    quiet, answered, returned = (
        make.delivery(kind=DeliveryKind.REMINDER, subject=subject) for subject in ("quiet", "wanted", "gone")
    )
    keep(answered)
    keep(returned, kind=IncomingKind.BOUNCE, said="550 unknown")
    client = login(Role.SUPERVISOR)
    with count_queries(app) as statements:
        everything = client.get("/delivery/").text
    assert len([each for each in statements if "incoming_mail" in each]) == 1
    assert all(each.subject in everything for each in (quiet, answered, returned))
    listed = main_of(client.get("/delivery/?state=answered").text)
    assert "wanted" in listed
    assert "quiet" not in listed
    assert "gone" not in listed
    assert "gone" in main_of(client.get("/delivery/?state=bounced").text)


@pytest.mark.parametrize("table", ["staff", "customer", "digest_recipient"])
def test_the_page_of_a_person_says_that_mail_comes_back(
    make: Factory, mark_address: Callable[..., BadAddress], login: Login, table: str
) -> None:
    address = f"{table}-bad@example.com"
    if table == "digest_recipient":
        row = make.digest_recipient(make.department(), email=address)
    else:
        row = getattr(make, table)(email=address)
    mark_address(address, reason="550 5.1.1 unknown there")
    supervisor = page_of(login(Role.SUPERVISOR), table, row.id).get_text(" ", strip=True)
    assert "Mail to this e-mail address comes back" in supervisor
    assert "550 5.1.1 unknown there" in supervisor
    assert "The address works: send again" in supervisor
    if table != "digest_recipient":
        clerk = page_of(login(Role.CLERK), table, row.id).get_text(" ", strip=True)
        assert "Mail to this e-mail address comes back" in clerk
        # The server's words may name an address that is masked.
        assert "550 5.1.1" not in clerk
        assert "The address works" not in clerk


def test_a_mark_is_taken_away_once_and_by_who_may_send(
    make: Factory, mark_address: Callable[..., BadAddress], login: Login, db_session: Session
) -> None:
    delivery = make.delivery(kind=DeliveryKind.REMINDER, state=DeliveryState.FAILED, bounced_at=now())
    mark = mark_address(delivery.recipient, delivery_id=delivery.id)
    key = mark.id
    assert login(Role.CLERK).get("/bad-address/").status_code == 403
    assert login(Role.AUDITOR).post("/bad-address/trust", data={"id": key}).status_code == 403
    client = login(Role.SUPERVISOR)
    assert delivery.recipient in client.get("/bad-address/").text
    assert "Failed came back" in main_of(client.get(f"/delivery/details/?id={delivery.id}").text)
    first = client.post("/bad-address/trust", data={"id": key}, follow_redirects=True).text
    assert "Mails go to reader@example.com again." in first
    db_session.expire_all()
    assert db_session.get(BadAddress, key) is None
    again = client.post("/bad-address/trust", data={"id": key}, follow_redirects=True).text
    assert "taken this mark away already" in again
    assert client.post("/bad-address/trust", data={"id": "x"}).status_code == 404


def test_the_page_of_operations_tells_when_the_mailbox_was_read_and_what_is_wrong(
    app: Flask, login: Login, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(Role.ADMINISTRATOR)
    assert "No mailbox is set (IMAP_URL)" in main_of(client.get("/operations/").text)
    assert "Last read" not in main_of(client.get("/sender/").text)
    url = "imaps://panel%40maker.cn:hidden@imap.maker.cn/INBOX"
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], imap_url=url))
    mailbox = Mailbox(name=mailbox_name(url), tried_at=now(), read_at=now())
    db_session.add(mailbox)
    db_session.commit()
    assert "could not be read" not in main_of(client.get("/operations/").text)
    assert "Last read to the end: just now" in main_of(client.get("/sender/").text)
    mailbox.trouble, mailbox.said = MailboxTrouble.LOGIN, "NO wrong <password>"
    mailbox.failing_since = now() - TROUBLE_AFTER * 2
    db_session.commit()
    shown = main_of(client.get("/operations/").text)
    assert "could not be read for half an hour" in shown
    assert (
        "The server refused the login. Look at user and password in IMAP_URL. “NO wrong <password>”" in shown
    )
    assert "hidden" not in shown
    # Where its address is explained, the page says what is wrong with it too.
    sender = main_of(client.get("/sender/").text)
    assert "The server refused the login. Look at user and password in IMAP_URL." in sender
    assert "hidden" not in sender
