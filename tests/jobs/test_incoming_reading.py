"""What is read out of mails that come back, whoever wrote them and however broken they are."""

from __future__ import annotations

import random

import pytest
from returned_mails import (
    EXCHANGE,
    OUT_OF_OFFICE,
    POSTFIX,
    POSTFIX_DELAYED,
    QQ,
    REPLY,
    TEXT,
    mail,
)

from jobs.incoming_reading import Incoming, read_mail
from models.incoming_mail import IncomingKind

ID = "<notice.0123456789abcdef@maker.cn>"


def read(template: bytes) -> Incoming:
    found = read_mail(mail(template, ID), is_cut=False)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("template", "status", "said"),
    [
        (POSTFIX, "5.1.1", "550 5.1.1 <reader@example.com>: Recipient address rejected: User unknown in"),
        (EXCHANGE, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound"),
        (QQ, "5.0.0", "host mx3.example.com[203.205.219.57] said: 550 Mailbox not found."),
    ],
    ids=["postfix", "exchange", "qq"],
)
def test_a_report_of_failure_tells_address_status_and_words(template: bytes, status: str, said: str) -> None:
    found = read(template)
    assert found.kind is IncomingKind.BOUNCE
    assert found.report is not None
    assert found.report.status == status
    assert found.report.said.startswith(said)
    assert "reader@example.com" in found.report.addresses
    assert found.report.blames_address
    assert "<" not in found.body.replace("<reader@example.com>", "")
    if template is not QQ:
        assert found.ids[0] == ID


def test_a_report_of_delay_is_a_note() -> None:
    found = read(POSTFIX_DELAYED)
    assert found.kind is IncomingKind.DELAY
    assert found.report is not None
    assert not found.report.blames_address


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"5.1.1", b"5.7.1"),  # taken for spam
        (b"5.1.1", b"5.3.4"),  # too large
        (b"5.1.1", b"4.4.7"),  # given up after days
    ],
)
def test_what_failed_for_another_reason_does_not_blame_the_address(old: bytes, new: bytes) -> None:
    report = read(POSTFIX.replace(old, new)).report
    assert report is not None
    assert report.is_final
    assert not report.blames_address


def test_an_answer_of_a_person_is_text_with_names_of_files() -> None:
    found = read(REPLY)
    assert found.kind is IncomingKind.REPLY
    assert (found.sender_name, found.sender) == ("张经理", "reader@example.com")
    assert found.subject == "回复：售后周报"
    assert found.body.strip() == TEXT
    assert found.file_names == ["照片.png"]
    assert found.ids == (ID, "<older@maker.cn>")


@pytest.mark.parametrize(
    "header",
    [
        b"Auto-Submitted: auto-replied\r\n",
        b"X-Autoreply: yes\r\n",
        b"Precedence: auto_reply\r\n",
        b"Precedence: bulk\r\n",
        b"X-Auto-Response-Suppress: All\r\n",
    ],
)
def test_an_automatic_answer_is_told_from_a_persons(header: bytes) -> None:
    found = read_mail(header + mail(REPLY, ID), is_cut=False)
    assert found is not None
    assert found.kind is IncomingKind.AUTO_REPLY
    assert read(OUT_OF_OFFICE).kind is IncomingKind.AUTO_REPLY


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"From: someone@example.com\r\nSubject: an offer\r\n\r\nBuy <x@example.com>!\r\n",
        b"From: postmaster@example.com\r\nSubject: DMARC report\r\n\r\nall well 550 times\r\n",
    ],
)
def test_mail_that_is_no_answer_is_none_of_ours(raw: bytes) -> None:
    assert read_mail(raw, is_cut=False) is None


def test_more_than_is_kept_is_cut_and_said_to_be() -> None:
    raw = b"From: a@example.com\r\nIn-Reply-To: <a@b>\r\n\r\n" + b"long " * 10_000
    found = read_mail(raw, is_cut=False)
    assert found is not None
    assert found.is_cut
    assert len(found.body) == 20_000


@pytest.mark.parametrize(
    "raw",
    [
        b"From: =?bogus?Q?=FF?= <\xff@x>\r\nSubject: =?utf-8?B?!?=\r\nIn-Reply-To: <a@b>\r\n\r\n\x00\xed\xa0",
        b"From: (\r\nIn-Reply-To: <a@b> <\xe4@c>\r\nContent-Type: text/plain; charset=\x00\r\n\r\n\xff\x00",
        b"In-Reply-To: <a@b>\r\nContent-Type: multipart/mixed\r\n\r\n--\r\n",
        b"In-Reply-To: <a@b>\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%",
        b"In-Reply-To: <a@b>\r\nContent-Disposition: attachment; filename*=utf-8''%ff%00\r\n\r\n",
    ],
)
def test_a_broken_mail_is_read_as_far_as_it_goes(raw: bytes) -> None:
    found = read_mail(raw, is_cut=False)
    assert found is not None
    for text in (found.sender_name, found.sender, found.subject, found.body, *found.file_names):
        assert "\x00" not in text
        text.encode("utf-8")


def test_mails_torn_at_random_are_read_or_passed_over() -> None:
    dice = random.Random(6)
    for template in (POSTFIX, EXCHANGE, QQ, REPLY):
        whole = mail(template, ID)
        for _turn in range(60):
            torn = bytearray(whole[: dice.randrange(len(whole))])
            for _bite in range(8):
                torn[dice.randrange(len(torn) or 1) : 0] = bytes([dice.randrange(256)])
            found = read_mail(bytes(torn), is_cut=True)
            assert found is None or found.body.encode("utf-8") is not None
