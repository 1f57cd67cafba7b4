"""A form that is sent twice, by two clicks or a reload: it has one effect, and the same answer.

The form carries a key of its own. The same key with other content is another form: somebody went back, and
changed what was typed, or chose another file.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta

from flask import request
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from models import SentForm, current_actor, db
from models.base import now

KEY = "form_key"
KEPT_FOR = timedelta(days=1)
# Name and SHA-256 of each file that came with a form.
Files = Iterable[tuple[str, str]]


def form_key() -> str:
    """Return the key for the form that is shown: the one that was sent, where it comes back with errors."""
    return request.form.get(KEY, "")[:40] or secrets.token_urlsafe(12)


def content_hash(files: Files = ()) -> str | None:
    """Return the hash of who sent what in which form; None where the form has no key."""
    if not request.form.get(KEY):
        return None
    actor = current_actor()
    fields = sorted(
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not name.startswith("_")
    )
    said = (actor and actor.staff_id, request.endpoint, fields, *sorted(files))
    return hashlib.sha256(repr(said).encode()).hexdigest()


def earlier_record_id(files: Files = ()) -> int | None:
    """Return the key of the row that this very form made or changed before; None where it is new."""
    found = content_hash(files)
    if found is None:
        return None
    return db.session.scalar(select(SentForm.record_id).where(SentForm.content_hash == found))


def claim(files: Files = ()) -> SentForm | None:
    """Take the form in the open transaction, None where it has no key; its caller names the row.

    Raises:
        SentTwiceError: when it was taken before; one that comes at the same moment waits for the other's end.
    """
    found = content_hash(files)
    if found is None:
        return None
    db.session.execute(delete(SentForm).where(SentForm.at < now() - KEPT_FOR))
    sent = SentForm(content_hash=found)
    db.session.add(sent)
    try:
        db.session.flush()
    except IntegrityError as error:
        db.session.rollback()
        raise SentTwiceError from error
    return sent


def do_once(effect: Callable[[], int], files: Files = ()) -> tuple[int, bool]:
    """Have the form take effect and commit, unless it did before.

    `effect` returns the key of the row that it made or changed; so does this, with whether it had effect now.
    """
    before = earlier_record_id(files)
    if before is None:
        try:
            sent = claim(files)
        except SentTwiceError:
            before = earlier_record_id(files)
        else:
            key = effect()
            if sent is not None:
                sent.record_id = key
            db.session.commit()
            return key, True
    assert before is not None
    return before, False


class SentTwiceError(Exception):
    """The form was sent before, and has had its effect already."""
