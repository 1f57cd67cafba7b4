"""Reading a mail of the mailbox: whether somebody answers, or a server says that a mail did not arrive.

Servers report by RFC 3464, or, as many in China do, in words alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from email.utils import parseaddr

from jobs.incoming_text import BODY_MOST, all_text, body_text, clean, file_names, header_text, part_text
from jobs.mail_message import one_line
from models.incoming_mail import IncomingKind

SAID_MOST = 500
IDS_MOST = 50
ADDRESSES_MOST = 5
_ID = re.compile(r"<[!-;=?A-~]{1,150}@[!-;=?A-~]{1,150}>")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9]")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.-])(421|45\d|50[1-4]|5[1-5]\d)(?=[ -])")
_FOR_GOOD = re.compile(
    r"user (?:unknown|not found|does not exist)|no such user|mailbox (?:unavailable|not found)|unknown user"
    r"|does(?: not|n't) exist|用户不存在|不存在该用户|地址不存在|邮箱不存在|账号不存在|未开通",
    re.IGNORECASE,
)
_SERVERS = frozenset({"mailer-daemon", "mailerdaemon", "postmaster", "mail-daemon", "mail_daemon"})
_RETURNED = re.compile(
    r"undeliver|returned|delivery (?:status|failure|has failed)|failure notice|delivery failed|退信|未送达"
    r"|无法送达|无法投递|投递失败|发送失败|bounce",
    re.IGNORECASE,
)
# Refused for what it is, not for where it went.
_OF_THE_MAIL = ("5.7.", "5.6.", "5.3.4", "5.2.3")


@dataclass(frozen=True, slots=True)
class Report:
    """What a server says of a mail: its status as x.y.z, its words, and of which addresses it speaks."""

    status: str
    is_final: bool
    said: str
    addresses: tuple[str, ...]

    @property
    def blames_address(self) -> bool:
        """Tell whether nothing will ever arrive there."""
        return self.is_final and self.status.startswith("5") and not self.status.startswith(_OF_THE_MAIL)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as far as it concerns the panel; `ids` are of mails that it speaks of, the likeliest first."""

    kind: IncomingKind
    fingerprint: str
    ids: tuple[str, ...]
    report: Report | None
    sender_name: str
    sender: str
    subject: str
    body: str
    is_cut: bool
    file_names: list[str]


def read_mail(raw: bytes, *, is_cut: bool) -> Incoming | None:
    """Return what a mail says; None where it is neither an answer nor a report.

    `is_cut` is whether there is more of it than was fetched.
    """
    message = message_from_bytes(raw)
    sender_name, sender = _sender(message)
    report = _report(message, sender)
    own_ids = _ids(message.get("In-Reply-To"), *reversed(_ids(message.get("References"))))
    ids = own_ids
    if report is not None:
        ids = [*_returned_ids(message), *own_ids, *_ids(all_text(message))]
        kind = IncomingKind.BOUNCE if report.is_final else IncomingKind.DELAY
    elif own_ids:
        kind = IncomingKind.AUTO_REPLY if _is_automatic(message, sender) else IncomingKind.REPLY
    else:
        return None
    body = body_text(message)
    return Incoming(
        kind=kind,
        fingerprint=_fingerprint(message, raw),
        ids=tuple(dict.fromkeys(ids))[:IDS_MOST],
        report=report,
        sender_name=sender_name,
        sender=sender,
        subject=header_text(message, "Subject", 400),
        body=body[:BODY_MOST],
        is_cut=is_cut or len(body) > BODY_MOST,
        file_names=file_names(message),
    )


def _sender(message: Message) -> tuple[str, str]:
    # The address before its name is decoded: what is decoded may look like one.
    raw = message.get("From")
    address = parseaddr(str(raw))[1] if raw is not None else ""
    words = header_text(message, "From", 400)
    name = words.rpartition("<")[0] if words.endswith(">") else ""
    return name.strip(' "')[:160], clean(one_line(address))[:254]


def _fingerprint(message: Message, raw: bytes) -> str:
    own = _ids(message.get("Message-ID"))
    return hashlib.sha256(own[0].encode("utf-8", "replace") if own else raw).hexdigest()


def _ids(*texts: object) -> list[str]:
    return [found for text in texts if text is not None for found in _ID.findall(str(text))]


def _is_automatic(message: Message, sender: str) -> bool:
    submitted = str(message.get("Auto-Submitted", "no")).strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    names = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Autoresponse")
    return (
        not submitted.startswith("no")
        or any(message.get(name) is not None for name in names)
        or precedence in ("auto_reply", "auto-reply", "bulk", "junk", "list")
        or str(message.get("X-Auto-Response-Suppress", "")).strip().lower() == "all"
        or _is_server(sender)
    )


def _is_server(sender: str) -> bool:
    return sender.partition("@")[0].lower() in _SERVERS


def _report(message: Message, sender: str) -> Report | None:
    """Return what a server reports; None where the mail is no report, or tells that all is well."""
    told = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    if told:
        blocks = [block for part in told for block in _blocks(part)]
        return next((found for block in blocks if (found := _of_recipient(block)) is not None), None)
    failed = header_text(message, "X-Failed-Recipients", 500)
    is_server = _is_server(sender) or str(message.get("Return-Path", "")).strip() == "<>"
    if failed or (is_server and _RETURNED.search(header_text(message, "Subject", 400))):
        return _in_words(all_text(message), failed)
    return None


def _blocks(part: Message) -> list[Message]:
    """Return the blocks of a report, the first of which is about the server."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    # Some wrap it in a transfer encoding, which the parser leaves as it is.
    parser = HeaderParser()
    return [parser.parsestr(block) for block in re.split(r"\n\s*\n", part_text(part)) if block.strip()]


def _of_recipient(block: Message) -> Report | None:
    action = str(block.get("Action", "")).strip().lower()
    if action not in ("failed", "delayed"):
        return None
    found = _STATUS.search(str(block.get("Status", "")))
    said = header_text(block, "Diagnostic-Code", SAID_MOST)
    said = re.sub(r"^(?:smtp|x-[\w-]+)\s*;\s*", "", said, flags=re.IGNORECASE)
    status = found[1] if found else "5.0.0" if action == "failed" else "4.0.0"
    names = ("Original-Recipient", "Final-Recipient")
    texts = (str(block.get(name, "")).rpartition(";")[2] for name in names)
    addresses = tuple(dict.fromkeys(each for text in texts for each in _ADDRESS.findall(text)))
    return Report(status, action == "failed", said or status, addresses)


def _in_words(text: str, failed: str) -> Report:
    """Return what words alone say; where they give no reason it is no more than a note."""
    addresses = tuple(dict.fromkeys(_ADDRESS.findall(failed) or _ADDRESS.findall(text)))[:ADDRESSES_MOST]
    for line in text.split("\n"):
        status, code = _STATUS.search(line), _CODE.search(line)
        if status is None and code is None and _FOR_GOOD.search(line) is None:
            continue
        told = status[1] if status else f"{code[1][0]}.0.0" if code else "5.0.0"
        if not told.startswith("2"):
            return Report(told, told.startswith("5"), one_line(line)[:SAID_MOST], addresses)
    first = next((line for line in text.split("\n") if line.strip()), "")
    return Report("4.0.0", is_final=False, said=one_line(first)[:SAID_MOST], addresses=addresses)


def _returned_ids(message: Message) -> Iterator[str]:
    """Yield the ids of the mails that hang on a report, whole or as headers."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            inner = HeaderParser().parsestr(part_text(part) or str(part.get_payload()))
        else:
            continue
        if isinstance(inner, Message):
            yield from _ids(inner.get("Message-ID"))
