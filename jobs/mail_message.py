"""Building a message for the wire (RFC 5322): headers that nothing can be injected into."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime

_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
# What tells one copy of a message from the next; a signature holds for one copy alone.
_OF_A_COPY = re.compile(rb"(Message-ID|Date|DKIM-Signature):", re.IGNORECASE)
_LINE = compat32.clone(linesep="\r\n", max_line_length=76)


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that a mail brings along; `subtype` is that of an application/… type."""

    name: str
    content: bytes
    subtype: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail before it is put on the wire; `html` is None where there is only text."""

    subject: str
    text: str
    html: str | None = None
    attached: Attached | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name with an address."""

    name: str
    address: str


def one_line(text: str) -> str:
    """Return `text` without line ends, controls and invisible signs: what a header may hold."""
    shown = (" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join("".join(shown).split())


def is_address(text: str) -> bool:
    """Tell whether `text` can stand in an envelope: plain ASCII, one @, a host name behind it."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def build_message(
    mail: Mail,
    *,
    sender: Mailbox,
    recipient: Mailbox,
    message_id: str,
    at: datetime,
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """Return the whole message; the text part comes first, so that it can be read alone.

    `message_id` and the `extra` headers are plain ASCII.
    """
    message = _parts(mail)
    headers: dict[str, Header | str] = {
        "From": _mailbox(sender, "From"),
        "To": _mailbox(recipient, "To"),
        "Subject": _words(mail.subject, "Subject"),
        "Date": format_datetime(at),
    }
    for name, value in headers.items():
        message[name] = value  # type: ignore[assignment]  # this policy takes a Header as well
    # Identifiers stay on their line: folded ones are allowed, but not every program reads them.
    plain = {"Message-ID": message_id, **(extra or {})}
    lines = "".join(f"{name}: {one_line(value)}\r\n" for name, value in plain.items())
    return lines.encode("ascii") + message.as_bytes(policy=_LINE)


def _parts(mail: Mail) -> MIMEMultipart:
    """Return the text and the page to choose from, and where a file comes along, both beside it."""
    written = MIMEMultipart("alternative", policy=_LINE)
    written.attach(MIMEText(mail.text, "plain", "utf-8", policy=_LINE))
    if mail.html is not None:
        written.attach(MIMEText(mail.html, "html", "utf-8", policy=_LINE))
    if mail.attached is None:
        return written
    file = MIMEApplication(mail.attached.content, mail.attached.subtype, policy=_LINE)
    file.add_header("Content-Disposition", "attachment", filename=("utf-8", "", one_line(mail.attached.name)))
    whole = MIMEMultipart("mixed", policy=_LINE)
    whole.attach(written)
    whole.attach(file)
    return whole


def another_copy(message: bytes, message_id: str, at: datetime) -> bytes:
    """Return a message of `build_message` again, with an id and a date of its own."""
    head, _blank, body = message.partition(b"\r\n\r\n")
    fields = [line for line in re.split(rb"\r\n(?![ \t])", head) if not _OF_A_COPY.match(line)]
    own = (f"Message-ID: {message_id}", f"Date: {format_datetime(at)}")
    return b"\r\n".join([line.encode("ascii") for line in own] + fields) + b"\r\n\r\n" + body


def _words(text: str, header: str) -> Header | str:
    line = one_line(text)
    return line if line.isascii() else Header(line, "utf-8", header_name=header)


def _mailbox(mailbox: Mailbox, header: str) -> Header | str:
    if not is_address(mailbox.address):
        # Kept readable for people, and no address for any program: an empty group (RFC 5322, 3.4).
        return "undisclosed-recipients:;"
    name = one_line(mailbox.name)
    written = Header(header_name=header)
    if name:
        # Encoded even if plain: then neither a comma nor a quote in it means anything.
        written.append(name, "utf-8")
    written.append(f"<{mailbox.address}>", "us-ascii")
    return written
