"""Logins that live on the server: opened, proved by a second factor, looked up at each request, and ended."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from flask import Flask, current_app, g, request, session
from flask_login import login_user
from flask_security.utils import set_request_attr
from sqlalchemy import Select, bindparam, select, update

from config import Settings
from models import LoginSession, SecondFactor, Staff, acting_as, db, system_actor
from models.access import AccessKind, record_access
from models.base import now
from models.second_factor import Proof, must_have_second_factor

TOKEN_KEY = "login_token"  # noqa: S105 - the name under which the cookie holds it
# Sent by the script of a page that shows itself anew every few seconds.
REFRESH_HEADER = "X-Refresh"
SEEN_EVERY = timedelta(minutes=1)
# For how long a right password waits for its second factor.
WAITING_LASTS = timedelta(minutes=15)
# How long ago a password may have been given for what is guarded most: addresses and second factors.
FRESH_FOR = timedelta(minutes=15)


class Stage(StrEnum):
    """How far a login has come."""

    OPEN = "open"
    # The second factor has to be shown.
    CODE = "code"
    # A second factor has to be set up first.
    SETUP = "setup"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who gave the right password, and is nobody until the second factor is shown."""

    staff: Staff
    login: LoginSession
    stage: Stage


def token_hash(token: str) -> str:
    """Return how a login's token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_in_cookie() -> str:
    """Return the hash of the token that the request carries."""
    return token_hash(str(session.get(TOKEN_KEY, "")))


def new_login(user: Staff) -> tuple[str, LoginSession]:
    """Return a random token for the cookie, and the row that gives it its worth, nothing left to show."""
    token = secrets.token_urlsafe(32)
    return token, LoginSession(token_hash=token_hash(token), staff_id=user.id, second_factor_at=now())


def open_login(_app: Flask, user: Staff, **_extra: Any) -> None:
    """Note a new login on the server; the cookie holds its random token only.

    A password changed inside a login goes on with what was shown there; any other has its second factor
    still to show.
    """
    before: LoginSession | None = g.get("login")
    token, login = new_login(user)
    if not g.get("second_factor_shown"):
        login.second_factor_at = before.second_factor_at if before is not None else None
    login.remote_address = request.remote_addr
    login.user_agent = (request.user_agent.string or "")[:300]
    with acting_as(system_actor("login", user.id)):
        end_logins(LoginSession.token_hash == token_in_cookie())
        db.session.add(login)
        db.session.flush()
        stage = stage_of(user, login, has_factor=db.session.get(SecondFactor, user.id) is not None)
        if stage is Stage.OPEN and before is None:
            g.logged_in = user
            record_access(AccessKind.LOGIN, table="staff", row_id=user.id, remote_address=request.remote_addr)
        db.session.commit()
    session[TOKEN_KEY] = token
    session.permanent = True


def close_login(_app: Flask, user: Staff | None = None, **_extra: Any) -> None:
    """End the login on the server, so that a copied cookie is worth nothing."""
    with acting_as(system_actor("login", getattr(user, "id", None))):
        if end_logins(LoginSession.token_hash == token_in_cookie()) and "login" in g:
            staff_id = g.login.staff_id
            record_access(
                AccessKind.LOGOUT, table="staff", row_id=staff_id, remote_address=request.remote_addr
            )
        db.session.commit()
    session.pop(TOKEN_KEY, None)


def end_logins(*which: Any) -> int:
    """End the open logins that meet the conditions; return how many. Whoever calls commits."""
    ended: Any = db.session.execute(
        update(LoginSession).where(LoginSession.ended_at.is_(None), *which).values(ended_at=now()),
        execution_options={"synchronize_session": False},
    )
    return int(ended.rowcount)


def end_logins_of(staff_id: int, *, but_this: bool = False) -> int:
    """End the logins of a person, without the request's own where it is to stay; return how many.

    The access log says so; whoever calls commits.
    """
    own = LoginSession.token_hash != token_in_cookie()
    count = end_logins(LoginSession.staff_id == staff_id, *([own] if but_this else []))
    if count:
        record_access(
            AccessKind.LOGINS_ENDED,
            table="staff",
            row_id=staff_id,
            remote_address=request.remote_addr,
            count=count,
        )
    return count


def stage_of(staff: Staff, login: LoginSession, *, has_factor: bool) -> Stage:
    """Return how far a login has come: asked anew at each request, since roles and second factors change."""
    if login.second_factor_at is not None:
        return Stage.OPEN
    if has_factor:
        return Stage.CODE
    settings: Settings = current_app.extensions["settings"]
    return Stage.SETUP if must_have_second_factor(staff, settings) else Stage.OPEN


def load_staff(uniquifier: str) -> Staff | None:
    """Return whose login this request carries; None when it has ended, or its person may not log in.

    Asked at each request, in one query: a demotion, a disabled person or a logout counts at once. Who has a
    second factor still to show is nobody, but for the pages that ask for it: those find it in `waiting`.
    """
    settings, moment = current_app.extensions["settings"], now()
    asked = {
        "token_hash": token_in_cookie(),
        "uniquifier": uniquifier,
        "seen": moment - settings.login_idle,
        "begun": moment - settings.login_lasts,
    }
    with acting_as(system_actor("login")):
        row = db.session.execute(_login_in_cookie(), asked).first()
        if row is None:
            return None
        staff, login, factor_id = row
        stage = stage_of(staff, login, has_factor=factor_id is not None)
        if stage is not Stage.OPEN:
            if login.created_at > now() - WAITING_LASTS:
                g.waiting = Waiting(staff, login, stage)
            return None
        if login.last_seen_at < now() - SEEN_EVERY and not asks_by_itself():
            login.last_seen_at = now()
            db.session.commit()
    g.login = login
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return staff


@cache
def _login_in_cookie() -> Select[Staff, LoginSession, int]:
    """Return the statement that finds a login with its person; putting it together takes longer than it."""
    return (
        select(Staff, LoginSession, SecondFactor.staff_id)
        .join(LoginSession, LoginSession.staff_id == Staff.id)
        .outerjoin(SecondFactor, SecondFactor.staff_id == Staff.id)
        .where(
            LoginSession.token_hash == bindparam("token_hash"),
            LoginSession.open_since(bindparam("seen"), bindparam("begun")),
            Staff.fs_uniquifier == bindparam("uniquifier"),
            Staff.active,
        )
    )


def asks_by_itself() -> bool:
    """Tell whether a page asks for itself anew: that is no use of the login, which ends all the same."""
    return REFRESH_HEADER in request.headers


def waiting() -> Waiting | None:
    """Return who has a second factor still to show in this request; None where nobody has."""
    found: Waiting | None = g.get("waiting")
    return found


def finish_login(waited: Waiting, proof: Proof) -> bool:
    """Open the login whose second factor was just shown, under another token, and commit.

    False where it was finished or ended meanwhile: of two requests at once one goes on.
    """
    staff = waited.staff
    with acting_as(system_actor("login", staff.id)):
        if not end_logins(LoginSession.token_hash == waited.login.token_hash):
            db.session.rollback()
            return False
        if proof is Proof.RECOVERY_CODE:
            record_access(
                AccessKind.RECOVERY_CODE_USED,
                table="staff",
                row_id=staff.id,
                remote_address=request.remote_addr,
            )
    g.second_factor_shown = True
    login_user(staff, force=True)
    return True


def is_fresh() -> bool:
    """Tell whether who acts gave the password just now."""
    return time.time() - float(session.get("fs_paa", 0)) < FRESH_FOR.total_seconds()
