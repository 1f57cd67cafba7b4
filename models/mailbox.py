"""How far the mailbox of answers and bounces was read, and what went wrong: one run at a time, none lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Select, String, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Labelled, db, enum_type
from models.sql import insert_unless_known

READ_EVERY = timedelta(minutes=5)
# Longer than any run can last: a claim made earlier belongs to a worker that is no more.
CLAIM_LASTS = timedelta(minutes=4)
# A provider that is away for less comes back by itself.
TROUBLE_AFTER = timedelta(minutes=30)
# A mailbox that nobody has tried to read for so long is in use no more.
FORGOTTEN_AFTER = timedelta(hours=2)


class MailboxTrouble(Labelled):
    """Why the mailbox could not be read."""

    LOGIN = "login", _("The server refused the login. Look at user and password in IMAP_URL.")
    FOLDER = "folder", _("The server does not open the folder of IMAP_URL.")
    CONNECTION = "connection", _("The server could not be reached, or the connection broke off.")
    ANSWER = "answer", _("The server answered something that could not be understood.")


class Mailbox(Base):
    """A mailbox by the address under which it is read; what stands in it up to `last_uid` was looked at."""

    __tablename__ = "mailbox"

    name: Mapped[str] = mapped_column(String(400), primary_key=True)
    # Numbers count only as long as the server keeps this one; None while it was never opened.
    uid_validity: Mapped[int | None] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    # When it was last read to the end.
    read_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    trouble: Mapped[MailboxTrouble | None] = mapped_column(enum_type(MailboxTrouble))
    # The server's own words about it.
    said: Mapped[str | None] = mapped_column(String(300))


def is_mailbox_due(name: str) -> bool:
    """Tell whether the mailbox is to be read now."""
    recent = select(Mailbox.name).where(
        Mailbox.name == name,
        or_(Mailbox.tried_at > func.now() - READ_EVERY, Mailbox.claimed_until > func.now()),
    )
    return db.session.scalar(recent) is None


def claim_mailbox(name: str) -> Mailbox | None:
    """Take the mailbox for one run; None where another run has it. Doesn't commit."""
    insert_unless_known(Mailbox, [{"name": name, "last_uid": 0}], "name")
    taken = db.session.scalar(
        update(Mailbox)
        .where(Mailbox.name == name)
        .where(or_(Mailbox.claimed_until.is_(None), Mailbox.claimed_until < func.now()))
        .values(claimed_until=func.now() + CLAIM_LASTS, tried_at=func.now())
        .returning(Mailbox.name)
        .execution_options(synchronize_session=False)
    )
    return None if taken is None else db.session.get_one(Mailbox, name, populate_existing=True)


def advance(name: str, uid_validity: int, last_uid: int) -> None:
    """Note that the mailbox was looked at up to this number; doesn't commit."""
    _write(name, uid_validity=uid_validity, last_uid=last_uid)


def note_read(name: str) -> None:
    """Note that the mailbox was read to the end, and let go of it; doesn't commit."""
    _write(name, read_at=func.now(), failing_since=None, trouble=None, said=None, claimed_until=None)


def note_trouble(name: str, trouble: MailboxTrouble, said: str) -> None:
    """Note why the mailbox could not be read, and let go of it; doesn't commit."""
    since = func.coalesce(Mailbox.failing_since, func.now())
    _write(name, failing_since=since, trouble=trouble, said=said[:300], claimed_until=None)


def _write(name: str, **values: object) -> None:
    db.session.execute(
        update(Mailbox)
        .where(Mailbox.name == name)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def in_trouble() -> Select[str]:
    """Return the mailboxes that are tried, and could not be read for a while."""
    return (
        select(Mailbox.name)
        .where(Mailbox.failing_since < func.now() - TROUBLE_AFTER)
        .where(Mailbox.tried_at > func.now() - FORGOTTEN_AFTER)
    )
