"""How often a password may be tried: ten times in a quarter of an hour, for each person and place."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, abort, request, session
from flask_login import current_user
from flask_security.signals import user_authenticated
from sqlalchemy import delete, func, select

from models import LoginAttempt, Staff, acting_as, db, system_actor
from models.base import now

TRIES_MOST = 10
WINDOW = timedelta(minutes=15)
# Where a password is asked for.
ENDPOINTS = frozenset(
    {
        "security.login",
        "security.verify",
        "security.change_password",
        "customer.erase_view",
        "staff.erase_view",
    }
)
# The name under which a browser's cookie holds its own number, once somebody logged in with it.
BROWSER_KEY = "browser"

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Count the tries of `app` from before its pages look at the password."""
    app.before_request(count_try)
    user_authenticated.connect(forgive, app)


def count_try() -> None:
    """Note a try to give a password; 429 for one too many."""
    if request.method != "POST" or request.endpoint not in ENDPOINTS:
        return
    person = str(current_user.email) if current_user.is_authenticated else request.form.get("email", "")
    key = key_of(person)
    with acting_as(system_actor("login")):
        db.session.execute(delete(LoginAttempt).where(LoginAttempt.at < now() - WINDOW))
        tries = select(func.count(LoginAttempt.id)).where(LoginAttempt.key_hash == key)
        is_too_many = (db.session.scalar(tries) or 0) >= TRIES_MOST
        if not is_too_many:
            db.session.add(LoginAttempt(key_hash=key))
        db.session.commit()
    if is_too_many:
        log.warning("login_throttled", endpoint=request.endpoint)
        abort(429)


def key_of(email: str) -> str:
    """Return under what tries are counted: by address, or by browser where it is known as the person's.

    So a stranger's tries never lock out the owner, not even from behind the same address.
    """
    person = email.strip().lower()
    number, owner = (str(part) for part in session.get(BROWSER_KEY, ("", "")))
    place = f"browser {number}" if number and owner == digest_of(person) else f"address {request.remote_addr}"
    return digest_of(f"{person}|{place}")


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def forgive(_app: Flask, user: Staff, **_extra: Any) -> None:
    """Forget the tries that led to the right password, and know the browser from now on."""
    with acting_as(system_actor("login")):
        db.session.execute(delete(LoginAttempt).where(LoginAttempt.key_hash == key_of(user.email)))
        db.session.commit()
    session[BROWSER_KEY] = (secrets.token_urlsafe(16), digest_of(user.email))
