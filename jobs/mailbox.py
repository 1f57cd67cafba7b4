"""Reading the mailbox of answers and bounces (IMAP): each mail at least once, and taken in once.

What is known to be of ours and needs nobody (bounces, automatic answers) is marked as read; people's answers
and all other mail stay as they are. The place reached is noted after that, so whatever ends a run, the next
one looks again at what the last one may have left.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import structlog
from flask import current_app
from flask_babel import lazy_gettext as _l
from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from sqlalchemy.exc import DataError

from config import Settings
from jobs.incoming import take_in
from jobs.queues import job
from jobs.smtp import cut_after, plain_words
from models import Mailbox, acting_as, db, system_actor
from models.base import now
from models.incoming_mail import IncomingKind
from models.mailbox import MailboxTrouble, advance, claim_mailbox, is_mailbox_due, note_read, note_trouble

JOB_SECONDS = 150
READ_SECONDS = 90.0
SILENCE_SECONDS = 20.0
# Of a mail no more is read: reports and answers stand at its head.
MAIL_MOST = 512 * 1024
# In one run, and at a time; the next run takes the rest.
MAILS_MOST, PORTION = 300, 10
# In a mailbox that was never read, or that counts anew, what is older is nobody's news.
BACK_TO = timedelta(days=14)
_DEALT_WITH = frozenset({IncomingKind.BOUNCE, IncomingKind.DELAY, IncomingKind.AUTO_REPLY})

log = structlog.get_logger()


class MailboxError(Exception):
    """The mailbox could not be read: why, and in the server's words."""

    def __init__(self, trouble: MailboxTrouble, error: Exception) -> None:
        self.trouble = trouble
        self.said = plain_words(None, str(error))
        super().__init__(trouble.value)


def mailbox_name(url: str) -> str:
    """Return by what a mailbox is known: all of its address but the password."""
    parts = urlsplit(url)
    return f"{unquote(parts.username or '')} {parts.hostname} {_folder(parts)}"[:400]


def due_mailbox(settings: Settings) -> bool:
    """Tell whether a mailbox is set and is to be read now."""
    return settings.imap_url is not None and is_mailbox_due(mailbox_name(settings.imap_url))


@job(timeout_seconds=JOB_SECONDS, title=_l("Read the mailbox of answers and bounces"))
def read_mailbox() -> None:
    """Take in what is new in the mailbox, unless another worker does; safe to run any number of times."""
    settings: Settings = current_app.extensions["settings"]
    if settings.imap_url is None:
        return
    name = mailbox_name(settings.imap_url)
    with acting_as(system_actor("job:mailbox")):
        claimed = claim_mailbox(name)
        db.session.commit()
        if claimed is None:
            return
        try:
            with _opened(settings.imap_url) as box:
                taken = _read(box, claimed)
        except MailboxError as error:
            db.session.rollback()
            note_trouble(name, error.trouble, error.said)
            log.warning("mailbox_not_read", trouble=error.trouble.value)
        else:
            note_read(name)
            log.info("mailbox_read", taken=taken)
        db.session.commit()


@contextlib.contextmanager
def _told_as(trouble: MailboxTrouble) -> Iterator[None]:
    """Tell any failure of the server as this trouble; a broken connection is always told as such."""
    try:
        yield
    except (OSError, IMAPClientAbortError) as error:
        raise MailboxError(MailboxTrouble.CONNECTION, error) from error
    except (IMAPClientError, ValueError, KeyError) as error:
        raise MailboxError(trouble, error) from error


@dataclass(frozen=True, slots=True)
class _Box:
    """An open folder, and by what its numbers count."""

    client: IMAPClient
    uid_validity: int


@contextlib.contextmanager
def _opened(url: str) -> Iterator[_Box]:
    """Open the folder; whatever happens, the connection is cut after READ_SECONDS."""
    parts = urlsplit(url)
    with contextlib.ExitStack() as ends:
        with _told_as(MailboxTrouble.ANSWER):
            client = IMAPClient(
                parts.hostname or "",
                port=parts.port or 993,
                ssl_context=ssl.create_default_context(),
                timeout=SILENCE_SECONDS,
            )
            ends.enter_context(client)
            cut_after(READ_SECONDS, client.socket(), ends)
        with _told_as(MailboxTrouble.LOGIN):
            client.login(unquote(parts.username or ""), unquote(parts.password or ""))
        with _told_as(MailboxTrouble.FOLDER):
            # 163 and its like open no folder to a program that does not say what it is (RFC 2971).
            if client.has_capability("ID"):
                client.id_({"name": "Huisheng", "vendor": "Huisheng"})
            chosen = client.select_folder(_folder(parts))
            uid_validity = int(chosen[b"UIDVALIDITY"])
        yield _Box(client, uid_validity)


def _folder(parts: SplitResult) -> str:
    return unquote(parts.path.strip("/")) or "INBOX"


def _read(box: _Box, mailbox: Mailbox) -> int:
    """Take in what is new, and return how many mails were of ours; commits each."""
    name, taken = mailbox.name, 0
    uids = _new_uids(box, mailbox)
    for start in range(0, len(uids), PORTION):
        portion = uids[start : start + PORTION]
        seen = []
        for uid, raw in _fetched(box, portion):
            kind = _take_in_safely(uid, raw)
            taken += kind is not None
            if kind in _DEALT_WITH:
                seen.append(uid)
        if seen:
            with _told_as(MailboxTrouble.ANSWER):
                box.client.add_flags(seen, [SEEN], silent=True)
        advance(name, box.uid_validity, portion[-1])
        db.session.commit()
    return taken


def _new_uids(box: _Box, mailbox: Mailbox) -> list[int]:
    is_known = mailbox.uid_validity == box.uid_validity
    last = mailbox.last_uid if is_known else 0
    since = ["SINCE", (now() - BACK_TO).date()]
    with _told_as(MailboxTrouble.ANSWER):
        found = box.client.search(["UID", f"{last + 1}:*"] if is_known else since)
    # "n:*" names the last mail even where its number is smaller.
    return sorted(uid for uid in found if uid > last)[:MAILS_MOST]


def _fetched(box: _Box, uids: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return the heads of these mails; what was deleted meanwhile is left out."""
    with _told_as(MailboxTrouble.ANSWER):
        answers: dict[int, dict[bytes, Any]] = box.client.fetch(uids, [f"BODY.PEEK[]<0.{MAIL_MOST}>"])
        return [(uid, answers[uid][b"BODY[]<0>"] or b"") for uid in uids if uid in answers]


def _take_in_safely(uid: int, raw: bytes) -> IncomingKind | None:
    """Take a mail in, and commit; what nobody can make sense of is passed over, and said in the log."""
    try:
        kind = take_in(raw, is_cut=len(raw) >= MAIL_MOST)
        db.session.commit()
    except (DataError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # Whoever writes a mail that breaks the reading of it must not keep the others from being read.
        db.session.rollback()
        log.warning("mail_passed_over", uid=uid, error=type(error).__name__)
        return None
    return kind
