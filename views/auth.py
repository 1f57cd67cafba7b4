"""Who is logged in: Flask-Security over the staff table, with logins that live on the server."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, abort, g, request, session
from flask_babel import lazy_gettext as _
from flask_login import current_user, user_logged_in, user_logged_out
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore
from flask_security.utils import set_request_attr
from sqlalchemy import select, update

from config import Settings
from jobs.outbox import OutboxMailUtil
from models import LoginSession, Staff, acting_as, db, set_actor, system_actor
from models.actor import reset_actor
from models.base import now
from models.sight import actor_for

TOKEN_KEY = "login_token"  # noqa: S105 - the name under which the cookie holds it
# A login that nobody uses ends after a night; no login outlives a week.
IDLE_LIMIT = timedelta(hours=12)
ABSOLUTE_LIMIT = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)


class StaffDatastore(SQLAlchemyUserDatastore):
    """Let Flask-Security find staff before anybody is logged in, which the row limits would refuse."""

    def find_user(self, case_insensitive: bool = False, **attributes: Any) -> Staff | None:  # noqa: ARG002 - its caller's
        """Return the person with these attributes, deleted ones excepted; None where there is none."""
        if "email" in attributes:
            attributes["email"] = str(attributes["email"]).lower()
        with acting_as(system_actor("login")):
            return db.session.scalars(select(Staff).filter_by(**attributes)).first()


def flask_security_config(settings: Settings) -> dict[str, Any]:
    """Return what Flask-Security is told."""
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        # Without it argon2 would hash twice, the second time with a salt made of PASSWORD_SECRET.
        "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
        "SECURITY_PASSWORD_SALT": settings.password_secret,
        "SECURITY_PASSWORD_LENGTH_MIN": 10,
        "SECURITY_TOTP_SECRETS": {"1": settings.second_factor_secret},
        "SECURITY_TOTP_ISSUER": "Huisheng",
        "SECURITY_RECOVERABLE": True,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_REGISTERABLE": False,
        "SECURITY_TRACKABLE": False,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_RESET_PASSWORD_WITHIN": timedelta(days=2),
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_EMAIL_SENDER": settings.mail_from,
        "SECURITY_POST_LOGIN_VIEW": "/",
        "SECURITY_POST_LOGOUT_VIEW": "/login",
        "SECURITY_POST_RESET_VIEW": "/login",
        "SECURITY_POST_CHANGE_VIEW": "/",
        "SECURITY_REDIRECT_ALLOW_SUBDOMAINS": False,
        "SECURITY_DEFAULT_REMEMBER_ME": False,
        "SECURITY_CONFIRMABLE": False,
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_MSG_GENERIC_AUTHN_FAILED": (_("Wrong e-mail or password."), "error"),
        # One notice serves both: the password is another one now.
        "SECURITY_EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "security/email/reset_notice",
        "SECURITY_EMAIL_SUBJECT_PASSWORD_RESET": _("Set your password for Huisheng"),
        "SECURITY_EMAIL_SUBJECT_PASSWORD_NOTICE": _("Your password for Huisheng was changed"),
        "SECURITY_EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": _("Your password for Huisheng was changed"),
    }


def register(app: Flask) -> None:
    """Add login, password pages and the actor of each request to `app`."""
    # Roles are values of a column; Flask-Security only wants something to stand for their table.
    Security(app, StaffDatastore(db, Staff, RoleMixin), mail_util_cls=OutboxMailUtil)
    manager = app.extensions["security"].login_manager
    manager.user_loader(load_staff)
    # Flask-Security would also take a token, from a header or the address, that outlives every logout.
    manager.request_loader(lambda _request: None)
    # First of all checks: everything after it asks who acts.
    app.before_request_funcs.setdefault(None, []).insert(0, identify)
    app.before_request(refuse_json)
    app.teardown_request(forget)
    user_logged_in.connect(open_login, app)
    user_logged_out.connect(close_login, app)


def refuse_json() -> None:
    """Let the pages about logins read forms only: JSON of an unforeseen shape makes them fail."""
    if request.blueprint == "security" and request.is_json:
        abort(415)


def token_hash(token: str) -> str:
    """Return how a login's token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_login(_app: Flask, user: Staff, **_extra: Any) -> None:
    """Note a new login on the server; the cookie holds its random token only."""
    session[TOKEN_KEY], login = new_login(user)
    session.permanent = True
    login.remote_address = request.remote_addr
    login.user_agent = (request.user_agent.string or "")[:300]
    db.session.add(login)
    db.session.commit()


def new_login(user: Staff) -> tuple[str, LoginSession]:
    """Return a random token for the cookie, and the row that gives it its worth."""
    token = secrets.token_urlsafe(32)
    return token, LoginSession(token_hash=token_hash(token), staff_id=user.id)


def close_login(_app: Flask, **_extra: Any) -> None:
    """End the login on the server, so that a copied cookie is worth nothing."""
    end_logins(LoginSession.token_hash == token_hash(str(session.pop(TOKEN_KEY, ""))))


def end_logins(*which: Any) -> None:
    """End the open logins that meet the conditions."""
    with acting_as(system_actor("login")):
        db.session.execute(
            update(LoginSession).where(LoginSession.ended_at.is_(None), *which).values(ended_at=now())
        )
        db.session.commit()


def load_staff(uniquifier: str) -> Staff | None:
    """Return whose login this request carries; None when it has ended, or its person may not log in.

    Asked at each request, in one query: a demotion, a disabled person or a logout counts at once.
    """
    found = (
        select(Staff, LoginSession)
        .join(LoginSession, LoginSession.staff_id == Staff.id)
        .where(
            LoginSession.token_hash == token_hash(str(session.get(TOKEN_KEY, ""))),
            LoginSession.ended_at.is_(None),
            LoginSession.last_seen_at > now() - IDLE_LIMIT,
            LoginSession.created_at > now() - ABSOLUTE_LIMIT,
            Staff.fs_uniquifier == uniquifier,
            Staff.active,
        )
    )
    with acting_as(system_actor("login")):
        row = db.session.execute(found).first()
        if row is None:
            return None
        staff, login = row
        if login.last_seen_at < now() - SEEN_EVERY:
            login.last_seen_at = now()
            db.session.commit()
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return staff


def identify() -> None:
    """Say who acts in this request; nobody, and so no rows, unless somebody is logged in."""
    g.actor_before = set_actor(None)
    if request.endpoint not in ("static", "health") and current_user.is_authenticated:
        set_actor(actor_for(current_user._get_current_object()))  # noqa: SLF001 - the proxy's documented way out


def forget(_error: BaseException | None) -> None:
    """Take the request's actor back: the thread serves others next."""
    if "actor_before" in g:
        reset_actor(g.pop("actor_before"))
