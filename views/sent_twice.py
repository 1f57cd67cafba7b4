"""A form for a new record that is sent twice, by two clicks or a reload: it enters one record.

The form carries a key of its own. The same key with other content is another record: somebody went back, and
changed what was typed.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from flask import request
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from models import SentForm, current_actor, db
from models.base import now

KEY = "form_key"
KEPT_FOR = timedelta(days=1)


def form_key() -> str:
    """Return the key for the form that is shown: the one that was sent, where it comes back with errors."""
    return request.form.get(KEY, "")[:40] or secrets.token_urlsafe(12)


def content_hash() -> str | None:
    """Return the hash of who sent what in which form; None where the form has no key."""
    if not request.form.get(KEY):
        return None
    actor = current_actor()
    fields = sorted(
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not name.startswith("_")
    )
    return hashlib.sha256(repr((actor and actor.staff_id, request.endpoint, fields)).encode()).hexdigest()


def earlier_record_id() -> int | None:
    """Return the key of the record that this very form became before; None where it is new."""
    return db.session.scalar(select(SentForm.record_id).where(SentForm.content_hash == content_hash()))


def claim() -> SentForm | None:
    """Take the form in the open transaction, None where it has no key.

    Raises:
        SentTwiceError: when it was taken before; one that comes at the same moment waits for the other's end.
    """
    found = content_hash()
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


class SentTwiceError(Exception):
    """The form was sent before, and is a record already."""
