"""Showing a stored mail: what was sent, in a frame in which nothing can act, and without others' links."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage

from flask import Response, abort, request
from sqlalchemy import select
from sqlalchemy.orm import undefer

from jobs.robot_message import text_of
from models import Delivery, current_actor, db
from models.digest import KINDS_WITH_KEYS
from models.organisation import Role
from models.robot import Channel

# Styles of its own, and nothing else: no script, no picture from outside, no form, no way up to the panel.
_FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
# The largest key that the database can hold.
LARGEST_KEY = 2**63 - 1
# Links in which the recipient acts: nobody who reads the mail of somebody else may answer in that name.
_ACTING = re.compile(r"(/(?:point|unsubscribe|answer)/)[\w.=-]+")
COPIES_MOST = 10_000


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail taken apart; `html` is None where it has only text.

    `is_whole` is false where links in which its recipient acts were cut.
    """

    headers: list[tuple[str, str]]
    text: str
    html: str | None
    is_whole: bool


def asked_key(name: str = "id") -> int:
    """Return the key that a request names, by address or form; 404 for anything that can't be one."""
    raw = request.values.get(name, "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 20) or not 0 < int(raw) <= LARGEST_KEY:
        abort(404)
    return int(raw)


def asked_copy() -> int | None:
    """Return which copy of a mail a form asks for, None where it names none; 404 for what can't be one.

    The page names the next one, so that a second click asks for what is there already.
    """
    if not request.form.get("copy"):
        return None
    number = asked_key("copy")
    if number > COPIES_MOST:
        abort(404)
    return number


def is_administrator() -> bool:
    """Tell whether who acts now is an administrator, who alone reads mails about logins."""
    actor = current_actor()
    return actor is not None and Role.ADMINISTRATOR.value in actor.roles


def find_delivery(key: int, *, with_message: bool = False) -> Delivery:
    """Return a delivery that who acts now may read, else 404; mails about logins are for administrators."""
    query = select(Delivery).where(Delivery.id == key)
    if with_message:
        query = query.options(undefer(Delivery.message))
    delivery = db.session.scalars(query).one_or_none()
    if delivery is None or (delivery.kind in KINDS_WITH_KEYS and not is_administrator()):
        abort(404)
    return delivery


def take_apart(message: bytes) -> StoredMail:
    """Return headers and parts of a stored mail, without the links in which its recipient acts."""
    parsed = message_from_bytes(message, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    whole = StoredMail(
        headers=[
            (name, str(value))
            for name, value in parsed.items()
            if name not in ("MIME-Version", "Content-Type")
        ],
        text=text.get_content() if text is not None else "",
        html=html.get_content() if html is not None else None,
        is_whole=True,
    )
    return _cut(whole)


def stored_mail(delivery: Delivery) -> StoredMail:
    """Return what was written for a recipient; to a group that is text without headers."""
    if delivery.channel is Channel.MAIL:
        return take_apart(delivery.message)
    return StoredMail(headers=[], text=text_of(delivery.message), html=None, is_whole=True)


def without_links(text: str) -> str:
    """Return a text without the links in which the recipient of a mail acts."""
    return _ACTING.sub(r"\1…", text)


def _cut(mail: StoredMail) -> StoredMail:
    shown = StoredMail(
        headers=[(name, without_links(value)) for name, value in mail.headers],
        text=without_links(mail.text),
        html=None if mail.html is None else without_links(mail.html),
        is_whole=False,
    )
    return mail if replace(shown, is_whole=True) == mail else shown


def frame(delivery: Delivery) -> Response:
    """Answer with the HTML of a mail, fit for a frame and for nothing else."""
    html = stored_mail(delivery).html
    if html is None:
        abort(404)
    return framed(html)


def framed(html: str) -> Response:
    """Answer with the page of a mail under the policy of a frame."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def as_file(delivery: Delivery) -> Response:
    """Answer with the whole mail, as mail programs open it; 403 where links in it act for somebody else."""
    if delivery.channel is not Channel.MAIL:
        abort(404)
    if not take_apart(delivery.message).is_whole:
        abort(403)
    response = Response(delivery.message, mimetype="message/rfc822")
    response.headers["Content-Disposition"] = f'attachment; filename="mail-{delivery.id}.eml"'
    return response
