"""Reading the mailbox of answers and bounces, over a real connection and with real commits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from imap_server import Folder, imap_server
from returned_mails import OUT_OF_OFFICE, POSTFIX, POSTFIX_DELAYED, QQ, REPLY, mail
from sqlalchemy import select, update

import embedded_services
from config import Settings
from conftest import own_app
from jobs import incoming_reading, mailbox
from jobs.delivery import deliver
from jobs.mail_message import Mail
from jobs.mailbox import due_mailbox, mailbox_name, read_mailbox
from jobs.outbox import Addressee, add_notice_mail, put_account_mail
from mail_server import CERTIFICATE, free_port
from models import AuditEntry, BadAddress, Delivery, IncomingMail, Mailbox, db
from models.bad_address import trust_again
from models.digest import DeliveryState
from models.incoming_mail import IncomingKind
from models.mail_obstacle import Obstacle
from models.mailbox import MailboxTrouble, claim_mailbox
from models.organisation import Locale

LOGIN = "panel:p%40ss%3Aword%2F1"
SUBJECT = "投诉 TS-2024-000123：电机"


@pytest.fixture(scope="module")
def own(
    app: Flask, settings: Settings, engines: embedded_services.Postgres, tmp_path_factory: Any
) -> Iterator[Flask]:
    with own_app(settings, engines) as found, found.app_context():
        yield found


@pytest.fixture
def folder() -> Folder:
    return Folder()


@pytest.fixture
def panel(own: Flask, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Return an application with a mailbox of its own, a mail server that is away, and no earlier mails."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with imap_server(folder) as port:
        settings = replace(
            own.extensions["settings"],
            imap_url=f"imaps://{LOGIN}@localhost:{port}/INBOX/{uuid4().hex}",
            smtp_url=f"smtp://localhost:{free_port()}",
            mail_allow=("@example.com",),
        )
        monkeypatch.setitem(own.extensions, "settings", settings)
        yield own
        db.session.rollback()


def bounce_of(delivery: Delivery, template: bytes = POSTFIX, to: str = "") -> bytes:
    """Return the mail by which a server gives a mail back, with an id of its own."""
    own = template.replace(b"<20240311", f"<{uuid4().hex}".encode()).replace(
        b"<tencent", f"<{uuid4().hex}".encode()
    )
    return mail(own, delivery.message_id, to or delivery.recipient, delivery.subject)


def sent(address: str | None = None, subject: str = SUBJECT) -> Delivery:
    """Put a mail into the outbox and say that it went out."""
    address = address or f"{uuid4().hex[:12]}@example.com"
    delivery = add_notice_mail(Mail(subject, "正文"), Addressee("读者", address, Locale.CHINESE))
    db.session.flush()
    delivery.state = DeliveryState.SENT
    db.session.commit()
    return delivery


def state() -> Mailbox:
    url = mailbox.current_app.extensions["settings"].imap_url
    return db.session.get_one(Mailbox, mailbox_name(url), populate_existing=True)


def came_back(delivery: Delivery) -> list[IncomingMail]:
    db.session.refresh(delivery)
    wanted = select(IncomingMail).where(IncomingMail.delivery_id == delivery.id).order_by(IncomingMail.id)
    return list(db.session.scalars(wanted))


def marked(address: str) -> BadAddress | None:
    return db.session.scalar(select(BadAddress).where(BadAddress.address == address))


def test_a_bounce_fails_the_mail_and_marks_the_address(panel: Flask, folder: Folder) -> None:
    delivery = sent()
    folder.mails = {3: bounce_of(delivery)}
    read_mailbox()
    (found,) = came_back(delivery)
    assert (found.kind, found.is_certain) == (IncomingKind.BOUNCE, True)
    assert delivery.state is DeliveryState.FAILED
    assert delivery.bounced_at is not None
    assert (delivery.answer or "").startswith("550 5.1.1")
    mark = marked(delivery.recipient)
    assert mark is not None
    assert mark.delivery_id == delivery.id
    assert folder.seen == {3}
    assert state().last_uid == 3
    assert state().read_at is not None


def test_a_marked_address_gets_what_was_asked_for_and_nothing_by_itself(panel: Flask, folder: Folder) -> None:
    delivery = sent("Marked@Example.com")
    folder.mails = {1: bounce_of(delivery)}
    read_mailbox()
    reader = Addressee("读者", "marked@example.com", Locale.CHINESE)
    automatic = add_notice_mail(Mail("新的通知", "正文"), reader)
    account = put_account_mail(Mail("登录", "正文"), reader)
    db.session.commit()
    for each in (automatic, account):
        deliver(each.id)
        db.session.refresh(each)
    assert (automatic.state, automatic.answer) == (DeliveryState.FAILED, Obstacle.MAIL_CAME_BACK.value)
    # It was tried: the mail server is away.
    assert account.state is DeliveryState.PENDING
    mark = marked("marked@example.com")
    assert mark is not None
    key = mark.id
    assert trust_again(key)
    again = add_notice_mail(Mail("新的通知", "正文"), reader)
    db.session.commit()
    deliver(again.id)
    db.session.refresh(again)
    assert again.state is DeliveryState.PENDING
    entries = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.table_name == "bad_address", AuditEntry.row_id == key)
    )
    assert sorted(entries) == ["delete", "insert"]


def test_a_bounce_that_names_no_mail_counts_against_the_address_only_where_it_quotes_the_subject(
    panel: Flask, folder: Folder
) -> None:
    guessed, quoted = sent(), sent(subject="[售后周报 W10·品质部] 新增投诉 4")
    folder.mails = {
        1: mail(QQ, to=guessed.recipient),
        2: bounce_of(quoted, QQ),
    }
    read_mailbox()
    assert [each.is_certain for each in came_back(guessed)] == [False]
    assert [each.is_certain for each in came_back(quoted)] == [True]
    assert guessed.state is quoted.state is DeliveryState.FAILED
    assert marked(guessed.recipient) is None
    assert marked(quoted.recipient) is not None


def test_a_bounce_of_an_address_to_which_mails_are_passed_on_leaves_ours_alone(
    panel: Flask, folder: Folder
) -> None:
    delivery = sent()
    folder.mails = {1: bounce_of(delivery, to="elsewhere@example.com")}
    read_mailbox()
    assert len(came_back(delivery)) == 1
    assert delivery.state is DeliveryState.FAILED
    assert marked(delivery.recipient) is None
    assert marked("elsewhere@example.com") is None


def test_answers_and_delays_are_kept_with_the_mail_and_change_nothing(panel: Flask, folder: Folder) -> None:
    delivery = sent()
    folder.mails = {
        1: bounce_of(delivery, POSTFIX_DELAYED),
        2: mail(OUT_OF_OFFICE, delivery.message_id),
        3: bounce_of(delivery, REPLY),
    }
    read_mailbox()
    kinds = [IncomingKind.DELAY, IncomingKind.AUTO_REPLY, IncomingKind.REPLY]
    assert [each.kind for each in came_back(delivery)] == kinds
    assert delivery.state is DeliveryState.SENT
    # A person's answer stays unread: somebody has to read it.
    assert folder.seen == {1, 2}


def test_other_mail_stays_as_it_was_and_is_looked_at_once(panel: Flask, folder: Folder) -> None:
    folder.mails = {
        5: b"From: a@example.com\r\nSubject: offer\r\n\r\nBuy!\r\n",
        6: mail(REPLY, "<no@maker.cn>"),
    }
    read_mailbox()
    assert folder.seen == set()
    folder.commands.clear()
    read_mailbox()
    assert not any(command.startswith("UID FETCH") for command in folder.commands)


def test_a_mail_that_breaks_the_reading_keeps_no_other_from_being_read(
    panel: Flask, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = sent()
    reading = incoming_reading.body_text

    def failing(message: Any) -> str:
        if message["Subject"] == "bomb":
            raise RecursionError
        return reading(message)

    monkeypatch.setattr(incoming_reading, "body_text", failing)
    bomb = b"Subject: bomb\r\nIn-Reply-To: " + delivery.message_id.encode() + b"\r\n\r\n"
    folder.mails = {1: bomb, 2: bounce_of(delivery)}
    read_mailbox()
    assert len(came_back(delivery)) == 1
    assert state().last_uid == 2


@pytest.mark.parametrize("command", ["UID SEARCH", "UID FETCH", "UID STORE"])
def test_whatever_ends_a_run_nothing_is_lost_or_doubled(panel: Flask, folder: Folder, command: str) -> None:
    deliveries = [sent() for _number in range(3)]
    folder.mails = {uid: bounce_of(each) for uid, each in enumerate(deliveries, start=1)}
    folder.trouble = command
    read_mailbox()
    assert state().trouble is MailboxTrouble.ANSWER
    assert state().last_uid == 0
    folder.trouble = ""
    for _turn in range(2):
        read_mailbox()
    assert [len(came_back(each)) for each in deliveries] == [1, 1, 1]
    assert folder.seen == {1, 2, 3}
    assert state().trouble is None


def test_a_mailbox_that_counts_anew_is_read_anew_and_nothing_taken_in_twice(
    panel: Flask, folder: Folder
) -> None:
    delivery = sent()
    bounce = bounce_of(delivery)
    folder.mails = {90: bounce}
    read_mailbox()
    folder.mails, folder.uid_validity = {4: bounce}, 8
    read_mailbox()
    assert len(came_back(delivery)) == 1
    assert (state().uid_validity, state().last_uid) == (8, 4)


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("LOGIN", MailboxTrouble.LOGIN),
        ("SELECT", MailboxTrouble.FOLDER),
        ("DROP SELECT", MailboxTrouble.CONNECTION),
    ],
)
def test_what_goes_wrong_is_noted_with_its_cause_and_no_password(
    panel: Flask, folder: Folder, trouble: str, told: MailboxTrouble
) -> None:
    folder.trouble = trouble
    read_mailbox()
    assert state().trouble is told
    assert state().failing_since is not None
    assert state().claimed_until is None
    assert "p@ss" not in f"{state().said} {state().name}"


def test_a_server_with_another_certificate_is_told_nothing(
    panel: Flask, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    read_mailbox()
    assert state().trouble is MailboxTrouble.CONNECTION
    assert folder.commands == []


def test_one_run_at_a_time_and_the_next_after_a_while(panel: Flask, folder: Folder) -> None:
    settings = panel.extensions["settings"]
    name = mailbox_name(settings.imap_url)
    assert due_mailbox(settings)
    assert claim_mailbox(name) is not None
    db.session.commit()
    read_mailbox()
    assert folder.commands == []
    assert not due_mailbox(settings)
    db.session.execute(update(Mailbox).values(tried_at=None, claimed_until=None))
    db.session.commit()
    assert due_mailbox(settings)
    assert not due_mailbox(replace(settings, imap_url=None))
