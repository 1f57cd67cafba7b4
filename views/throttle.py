"""How often somebody may try to get in: counted for each person and place, each person, and each place."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import structlog
from flask import Flask, current_app, g, request, session
from flask.wrappers import Response
from flask_login import current_user
from flask_security.signals import user_authenticated
from sqlalchemy import delete, func, select
from werkzeug.exceptions import TooManyRequests

from config import Settings
from models import LoginAttempt, Staff, acting_as, db, system_actor
from models.access import AccessKind, record_access
from models.base import now
from models.login import ATTEMPT_COUNTS
from views.logins import waiting

WINDOW = ATTEMPT_COUNTS
# For a person from one place, and from a browser in which the person was logged in before.
TRIES_MOST = 10
# For a person from all places together: higher, since it also stops the owner in a new browser.
PERSON_MOST = 50
# From one place over all persons: an office behind one address has many who mistype.
PLACE_MOST = 100
# Mails asked for, and links of mails tried, from one place.
MAILS_MOST = 30
# The name under which a browser's cookie holds its own number, once somebody logged in with it.
BROWSER_KEY = "browser"


class Kind(StrEnum):
    """What is tried; each kind is counted by itself."""

    PASSWORD = "password"  # noqa: S105 - what is tried
    CODE = "code"
    MAIL = "mail"
    ANSWER = "answer"


ENDPOINTS: Mapping[str, Kind] = MappingProxyType(
    {
        "security.login": Kind.PASSWORD,
        "security.verify": Kind.PASSWORD,
        "security.change_password": Kind.PASSWORD,
        "customer.erase_view": Kind.PASSWORD,
        "staff.erase_view": Kind.PASSWORD,
        "second_factor.code": Kind.CODE,
        "security.forgot_password": Kind.MAIL,
        "security.reset_password": Kind.MAIL,
        "invitation.accept": Kind.MAIL,
        "answer.answer": Kind.ANSWER,
        "point.answer": Kind.ANSWER,
    }
)

# Whoever comes by a link has no name to count by: the place alone is counted.
_OF_PLACE = frozenset({Kind.MAIL, Kind.ANSWER})
# Of these a page instead of a redirect says that the try failed.
_REFUSE_BY_PAGE = frozenset({"security.login", "security.verify", "second_factor.code"})

log = structlog.get_logger()


class TooManyTriesError(TooManyRequests):
    """Refuse one try too many; `until` says from when on further ones of this kind are taken."""

    def __init__(self, kind: Kind, until: datetime) -> None:
        super().__init__(retry_after=until)
        self.kind = kind
        self.until = until


def register(app: Flask) -> None:
    """Count the tries of `app` from before its pages look at the password."""
    app.before_request(count_try)
    app.after_request(note_outcome)
    user_authenticated.connect(forgive, app)


def count_try() -> None:
    """Note a try to get in.

    Raises:
        TooManyTriesError: when there were too many already.
    """
    kind = ENDPOINTS.get(request.endpoint or "")
    if request.method != "POST" or kind is None:
        return
    limits = limits_of(kind, person_tried())
    with acting_as(system_actor("login")):
        # One at a time for each key: of many at once no more get through.
        for key in sorted(limits):
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
        until = max((end for key, most in limits.items() if (end := full_until(key, most))), default=None)
        if until is None:
            tries = [LoginAttempt(key_hash=key) for key in limits]
            db.session.add_all(tries)
            db.session.flush()
            g.tries = [each.id for each in tries]
        else:
            tell_once(kind, min(limits))
        db.session.commit()
    if until is not None:
        log.warning("login_throttled", endpoint=request.endpoint)
        raise TooManyTriesError(kind, until)


def full_until(key: str, most: int) -> datetime | None:
    """Return when a try under `key` is taken again; None where one is taken now."""
    newest = (
        select(LoginAttempt.at)
        .where(LoginAttempt.key_hash == key, LoginAttempt.at > now() - WINDOW)
        .order_by(LoginAttempt.at.desc())
        .offset(most - 1)
        .limit(1)
    )
    at = db.session.scalar(newest)
    return None if at is None else at + WINDOW


def tell_once(kind: Kind, key: str) -> None:
    """Put into the access log that tries are refused, once for each quarter of an hour."""
    told = digest_of(f"told|{key}")
    if full_until(told, 1) is None:
        db.session.add(LoginAttempt(key_hash=told))
        record_access(
            AccessKind.THROTTLED,
            table="staff",
            row_id=id_of(person_tried()),
            remote_address=request.remote_addr,
            what=kind.value,
        )


def person_tried() -> str:
    """Return the address of the person as whom somebody tries to get in, empty where none is given."""
    if current_user.is_authenticated:
        return normal(str(current_user.email))
    waited = waiting()
    if waited is not None and request.endpoint == "second_factor.code":
        return normal(waited.staff.email)
    return normal(request.form.get("email", ""))


def normal(email: str) -> str:
    """Return an address as tries for it are counted."""
    return email.strip().lower()


def id_of(email: str) -> int | None:
    """Return whose address this is, None where it is nobody's."""
    return db.session.scalar(select(Staff.id).where(Staff.email == email))


def limits_of(kind: Kind, person: str) -> dict[str, int]:
    """Return under what a try is counted, and how many are taken.

    A browser in which the person was logged in before is counted by itself alone: neither a stranger's
    tries nor those of a whole office ever lock the owner out there.
    """
    if kind not in _OF_PLACE and (browser := known_browser(person)):
        return {digest_of(f"{kind}|{person}|browser {browser}"): TRIES_MOST}
    limits = {}
    if kind is Kind.PASSWORD:
        limits[place_key(kind, person)] = TRIES_MOST
        limits[digest_of(f"{kind}|{person}")] = PERSON_MOST
    elif kind is Kind.CODE:
        # Who is asked for a code gave the right password: no other place is the owner's.
        limits[digest_of(f"{kind}|{person}")] = TRIES_MOST
    settings: Settings = current_app.extensions["settings"]
    if settings.knows_addresses:
        most = MAILS_MOST if kind in _OF_PLACE else PLACE_MOST
        limits[digest_of(f"{kind}|address {request.remote_addr}")] = most
    return limits


def place_key(kind: Kind, person: str) -> str:
    """Return under what tries for a person from one place are counted."""
    return digest_of(f"{kind}|{person}|address {request.remote_addr}")


def known_browser(person: str) -> str:
    """Return the number of this browser where the person was logged in with it before, else nothing."""
    number, owner = (str(part) for part in session.get(BROWSER_KEY, ("", "")))
    return number if owner == digest_of(person) else ""


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def forgive(_app: Flask, user: Staff, **_extra: Any) -> None:
    """Forget the tries that led to the right password."""
    forget_tries(Kind.PASSWORD, normal(user.email))


def forget_tries(kind: Kind, person: str) -> None:
    """Forget the tries of a person from this place; those from elsewhere, and for others, go on counting."""
    own = [key for key, most in limits_of(kind, person).items() if most == TRIES_MOST]
    with acting_as(system_actor("login")):
        db.session.execute(
            delete(LoginAttempt).where(
                LoginAttempt.key_hash.in_(own) | LoginAttempt.id.in_(g.get("tries", []))
            )
        )
        db.session.commit()


def know_browser(user: Staff) -> None:
    """Know this browser as the person's from now on."""
    session[BROWSER_KEY] = (secrets.token_urlsafe(16), digest_of(normal(user.email)))


def note_outcome(response: Response) -> Response:
    """Put into the access log what came of a try, alike for addresses that somebody has and others."""
    if (staff := g.get("logged_in")) is not None:
        know_browser(staff)
    if "tries" not in g or response.status_code not in (200, 302, 422):
        return response
    is_accepted = response.status_code == 302
    if request.endpoint == "security.verify" and is_accepted:
        forget_tries(Kind.PASSWORD, normal(current_user.email))
    elif request.endpoint == "security.forgot_password":
        note(AccessKind.RESET_ASKED)
    elif g.get("is_password_wrong") or (request.endpoint in _REFUSE_BY_PAGE and not is_accepted):
        note(AccessKind.LOGIN_FAILED, what=ENDPOINTS[str(request.endpoint)].value)
    return response


def tell_wrong_password() -> None:
    """Say that the password given was wrong, on a page that can be refused for other reasons too."""
    g.is_password_wrong = True


def note(kind: AccessKind, **detail: Any) -> None:
    """Record an access that concerns the person tried, never what was typed; commits."""
    with acting_as(system_actor("login")):
        record_access(
            kind,
            table="staff",
            row_id=id_of(person_tried()),
            remote_address=request.remote_addr,
            **detail,
        )
        db.session.commit()
