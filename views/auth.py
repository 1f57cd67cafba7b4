"""Who acts: Flask-Security over the staff table, told how the panel wants logins and passwords."""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, g, request
from flask_babel import lazy_gettext as _
from flask_login import current_user, user_logged_in, user_logged_out
from flask_security import ChangePasswordForm, PasswordUtil, RoleMixin, Security, SQLAlchemyUserDatastore
from flask_security.signals import password_changed, password_reset
from flask_security.utils import get_message
from sqlalchemy import select

from config import Settings
from jobs.account_mail import RESET_LASTS, OutboxMailUtil
from models import Staff, acting_as, db, set_actor, system_actor
from models.access import AccessKind, record_access
from models.actor import reset_actor
from models.passwords import LENGTH_LEAST, password_problem
from models.sight import actor_for
from views.logins import close_login, end_logins_of, load_staff, open_login
from views.throttle import tell_wrong_password


class OwnPasswords(PasswordUtil):
    """Let Flask-Security ask the panel's own rule what a password must be like."""

    def validate(self, password: str, is_register: bool, **person: Any) -> tuple[list[str] | None, str]:  # noqa: ARG002 - its caller's
        """Return what is wrong with a password, None where nothing is, and the password as it is kept."""
        problem = password_problem(password, person["user"])
        return None if problem is None else [str(problem)], self.normalize(password)


class OwnChangePasswordForm(ChangePasswordForm):
    """Let the access log know of a wrong password where a new one is asked for."""

    def validate(self, **extra: Any) -> bool:
        """Tell whether the new password may be set."""
        is_valid = super().validate(**extra)
        if get_message("INVALID_PASSWORD")[0] in (self.password.errors or ()):
            tell_wrong_password()
        return bool(is_valid)


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
        # Nothing else is taken for a hash: by default a password that somebody stored as it is would be.
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        # Without it argon2 would hash twice, the second time with a salt made of PASSWORD_SECRET.
        "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
        "SECURITY_PASSWORD_SALT": settings.password_secret,
        # What a signed link holds of the password's hash. The default's second of work would tell a stranger
        # which address is known, and keep a processor busy; links of before are still read.
        "SECURITY_HASHING_SCHEMES": ["hex_sha256", "sha256_crypt"],
        "SECURITY_DEPRECATED_HASHING_SCHEMES": [],
        "SECURITY_PASSWORD_LENGTH_MIN": LENGTH_LEAST,
        "SECURITY_TOTP_SECRETS": {"1": settings.second_factor_secret},
        "SECURITY_TOTP_ISSUER": "Huisheng",
        "SECURITY_RECOVERABLE": True,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_REGISTERABLE": False,
        "SECURITY_TRACKABLE": False,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_RESET_PASSWORD_WITHIN": RESET_LASTS,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_EMAIL_SENDER": settings.mail_from,
        "SECURITY_POST_LOGIN_VIEW": "/",
        "SECURITY_POST_LOGOUT_VIEW": "/login",
        "SECURITY_POST_RESET_VIEW": "/login",
        "SECURITY_POST_CHANGE_VIEW": "/account-security/",
        "SECURITY_REDIRECT_ALLOW_SUBDOMAINS": False,
        "SECURITY_DEFAULT_REMEMBER_ME": False,
        "SECURITY_CONFIRMABLE": False,
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_MSG_GENERIC_AUTHN_FAILED": (_("Wrong e-mail or password."), "error"),
        "SECURITY_MSG_PASSWORD_RESET_REQUEST": (
            _("If somebody here has the address %(email)s, a mail with a link is on its way to it."),
            "info",
        ),
        # One notice serves both: the password is another one now.
        "SECURITY_EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "security/email/reset_notice",
        # The panel writes these mails itself, in the language of who gets them.
        "SECURITY_EMAIL_PLAINTEXT": False,
        "SECURITY_EMAIL_HTML": False,
    }


def register(app: Flask) -> None:
    """Add login, password pages and the actor of each request to `app`."""
    # Roles are values of a column; Flask-Security only wants something to stand for their table.
    Security(
        app,
        StaffDatastore(db, Staff, RoleMixin),
        mail_util_cls=OutboxMailUtil,
        password_util_cls=OwnPasswords,
        change_password_form=OwnChangePasswordForm,
    )
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
    for changed in (password_changed, password_reset):
        changed.connect(end_other_logins, app)


def refuse_json() -> None:
    """Let the pages about logins read forms only: JSON of an unforeseen shape makes them fail."""
    if request.blueprint in ("security", "second_factor") and request.is_json:
        abort(415)


def end_other_logins(_app: Flask, user: Staff, **_extra: Any) -> None:
    """After a new password, end every other login of the person, and say so in the access log."""
    with acting_as(system_actor("login", user.id)):
        record_access(
            AccessKind.PASSWORD_SET, table="staff", row_id=user.id, remote_address=request.remote_addr
        )
        end_logins_of(user.id, but_this=request.endpoint == "security.change_password")


def identify() -> None:
    """Say who acts in this request; nobody, and so no rows, unless somebody is logged in."""
    g.actor_before = set_actor(None)
    if request.endpoint not in ("static", "health") and current_user.is_authenticated:
        set_actor(actor_for(current_user._get_current_object()))  # noqa: SLF001 - the proxy's documented way out


def forget(_error: BaseException | None) -> None:
    """Take the request's actor back: the thread serves others next."""
    if "actor_before" in g:
        reset_actor(g.pop("actor_before"))
