from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.mail_message import Mail, Mailbox, build_message, is_address, one_line

AT = datetime(2024, 3, 11, 0, 30, tzinfo=UTC)
SENDER = Mailbox("回声 Huisheng", "panel@example.com")


def built(
    subject: str = "主题",
    name: str = "张经理",
    address: str = "a@example.com",
    html: str | None = "<p>您好</p>",
) -> tuple[bytes, EmailMessage]:
    raw = build_message(
        Mail(subject, "您好\n", html),
        sender=SENDER,
        recipient=Mailbox(name, address),
        message_id="<x@example.com>",
        at=AT,
        extra={"List-Id": "<weekly.example.com>", "Auto-Submitted": "auto-generated"},
    )
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return raw, parsed


def test_headers_and_both_parts_are_read_back_as_they_were_given() -> None:
    _raw, mail = built("[售后周报 W10·品质检验部] 新投诉 320 / 严重 14 / 超时未答 1311", '张经理, "A"')
    assert mail["Subject"] == "[售后周报 W10·品质检验部] 新投诉 320 / 严重 14 / 超时未答 1311"
    (to,) = mail["To"].addresses
    assert (to.display_name, to.addr_spec) == ('张经理, "A"', "a@example.com")
    assert mail["From"].addresses[0].display_name == "回声 Huisheng"
    assert mail["Message-ID"] == "<x@example.com>"
    assert mail["Date"].datetime == AT
    assert mail["List-Id"] == "<weekly.example.com>"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content() == "您好\n"
    assert html.get_content() == "<p>您好</p>"


def test_the_wire_carries_plain_ascii_in_short_lines() -> None:
    raw, _mail = built("很长的主题" * 70, "很长的名字" * 30, html="<p>" + "长" * 60000 + "</p>")
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


INJECTION = "x\r\nBcc: thief@example.com\r\n\r\n<script>"


@pytest.mark.parametrize(
    "sign", ["\r\n", "\n", "\r", "\x00", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"]
)
@pytest.mark.parametrize("field", ["subject", "name"])
def test_nothing_is_injected_into_a_header(sign: str, field: str) -> None:
    _raw, clean = built()
    raw, mail = built(**{field: f"begin{sign}Bcc: thief@example.com{sign}{sign}end"})
    assert mail.keys() == clean.keys()
    assert mail["Bcc"] is None
    assert len(mail["To"].addresses) == 1
    assert b"\r\nBcc" not in raw


@given(st.text(max_size=120), st.text(max_size=120))
def test_whatever_a_name_or_subject_holds_the_headers_are_the_same(subject: str, name: str) -> None:
    _raw, mail = built(subject, name)
    assert mail.keys() == built()[1].keys()
    assert str(mail["Subject"]).split() == one_line(subject).split()
    assert [to.addr_spec for to in mail["To"].addresses] == ["a@example.com"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b\r\nBcc: x@y",
        "张@example.com",
        "<a@b>",
        "a,b@c",
        "a@-b",
        "a" * 65 + "@b",
    ],
)
def test_what_is_no_address_reaches_no_header(address: str) -> None:
    assert not is_address(address)
    _raw, mail = built(address=address)
    assert mail["To"].addresses == ()


@pytest.mark.parametrize(
    "address", ["a@b", "first.last+tag@mail.example.com", "o'neil@example.co", "x@xn--fiq228c.cn"]
)
def test_an_ordinary_address_is_one(address: str) -> None:
    assert is_address(address)


def test_a_mail_of_text_alone_has_no_html_part() -> None:
    _raw, mail = built(html=None)
    assert mail.get_body(("html",)) is None
