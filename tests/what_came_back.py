"""Mails that came back, marked addresses and a mailbox, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models import BadAddress, Base, Delivery, IncomingMail, Mailbox
from models.incoming_mail import IncomingKind


def incoming_mail(delivery: Delivery, number: int, **attributes: Any) -> IncomingMail:
    """Return an answer to a mail."""
    defaults = {
        "fingerprint": f"{number:064}",
        "kind": IncomingKind.REPLY,
        "delivery_id": delivery.id,
        "is_certain": True,
        "sender_name": "张经理",
        "sender": "reader@example.com",
        "subject": "回复",
        "body": "控制器已换。",
        "is_cut": False,
        "file_names": ["照片.png"],
    }
    return IncomingMail(**(defaults | attributes))


def bad_address(address: str, **attributes: Any) -> BadAddress:
    """Return the mark of an address."""
    return BadAddress(**({"address": address, "reason": "550 5.1.1 unknown"} | attributes))


def one_of_each(delivery: Delivery) -> Iterator[Base]:
    """Yield a row of every table of what comes back for mails."""
    yield incoming_mail(delivery, 1)
    yield bad_address("bad@example.com")
    yield Mailbox(name="panel@example.com imap.example.com INBOX")
