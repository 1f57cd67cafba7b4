"""Where each person guards the own account: password, second factor, and the logins that are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import select

from models import LoginSession, SecondFactor, db, second_factor
from models.access import AccessKind, record_access
from models.second_factor import must_have_second_factor
from views.devices import device_of
from views.logins import end_logins, end_logins_of, is_fresh, token_in_cookie
from views.page import PageForAll
from views.second_factor import key_of, set_up, settings

LOGINS_MOST = 50
# So much of a login's key names it on the page, among those of one person.
HANDLE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class ShownLogin:
    """A login as its person recognises it."""

    handle: str
    device: str
    address: str
    begun_at: datetime
    seen_at: datetime
    is_this: bool


def open_logins(staff_id: int, *, has_factor: bool) -> list[ShownLogin]:
    """Return the logins of a person that are open, this one first, then the one used last."""
    own = token_in_cookie()
    statement = (
        select(LoginSession)
        .where(LoginSession.staff_id == staff_id, LoginSession.open(settings()))
        .order_by((LoginSession.token_hash == own).desc(), LoginSession.last_seen_at.desc())
        .limit(LOGINS_MOST)
    )
    if has_factor:
        # The others wait for a code, and open nothing.
        statement = statement.where(LoginSession.second_factor_at.is_not(None))
    return [
        ShownLogin(
            login.token_hash[:HANDLE_LENGTH],
            device_of(login.user_agent),
            str(login.remote_address or ""),
            login.created_at,
            login.last_seen_at,
            login.token_hash == own,
        )
        for login in db.session.scalars(statement)
    ]


class AccountSecurityView(PageForAll):
    """Let each person see and end the own logins, and look after the second factor."""

    permission = "account_security"
    actions: ClassVar[Mapping[str, str]] = {
        "index": "read",
        "end_one": "edit",
        "end_others": "edit",
        "set_up_factor": "edit",
        "recovery_codes": "edit",
        "remove_factor": "edit",
    }
    title = _("Account security")

    def __init__(self) -> None:
        super().__init__(name="account-security", endpoint="account_security", url="/account-security")

    def render(self, template: str, **context: Any) -> str:
        """Return a page; all of them know whether the second factor is a must."""
        is_must = must_have_second_factor(current_user, settings())
        return super().render(template, is_must=is_must, **context)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show how the account is guarded."""
        factor = db.session.get(SecondFactor, current_user.id)
        return self.render(
            "account_security.html",
            factor=factor,
            codes_left=second_factor.recovery_codes_left(current_user.id) if factor else 0,
            logins=open_logins(current_user.id, has_factor=factor is not None),
        )

    @expose("/end", methods=("POST",))
    def end_one(self) -> ResponseReturnValue:
        """End one of the own logins."""
        handle = request.form.get("login", "")
        if len(handle) != HANDLE_LENGTH or not handle.isalnum():
            abort(400)
        which = (LoginSession.staff_id == current_user.id, LoginSession.token_hash.startswith(handle))
        if end_logins(*which):
            self.record(AccessKind.LOGINS_ENDED, count=1)
            flash(gettext("The login has ended."), "success")
        db.session.commit()
        return redirect(url_for(".index"))

    @expose("/end-others", methods=("POST",))
    def end_others(self) -> ResponseReturnValue:
        """End all the own logins but this one."""
        count = end_logins_of(current_user.id, but_this=True)
        db.session.commit()
        flash(ngettext("%(num)d login has ended.", "%(num)d logins have ended.", count), "success")
        return redirect(url_for(".index"))

    @expose("/second-factor", methods=("GET", "POST"))
    def set_up_factor(self) -> ResponseReturnValue:
        """Set up a second factor, or another one in its place."""
        if not is_fresh():
            return ask_for_password(".set_up_factor")
        problem = None
        if request.method == "POST":
            if codes := set_up(current_user):
                db.session.commit()
                return self.render("account_security_codes.html", codes=codes)
            problem = gettext("This code does not fit. Look at the app again, and at the clock of the phone.")
        page = self.render("account_security_set_up.html", problem=problem, **key_of(current_user))
        return page, 422 if problem else 200

    @expose("/recovery-codes", methods=("GET", "POST"))
    def recovery_codes(self) -> ResponseReturnValue:
        """Make new recovery codes in place of the old ones."""
        if db.session.get(SecondFactor, current_user.id) is None:
            return redirect(url_for(".index"))
        if not is_fresh():
            return ask_for_password(".recovery_codes")
        if request.method == "GET":
            return self.render("account_security_ask.html", asked="codes")
        codes = second_factor.make_recovery_codes(settings(), current_user.id)
        self.record(AccessKind.SECOND_FACTOR_SET, what="recovery_codes")
        db.session.commit()
        return self.render("account_security_codes.html", codes=codes)

    @expose("/remove", methods=("GET", "POST"))
    def remove_factor(self) -> ResponseReturnValue:
        """Remove the own second factor, where it is no must."""
        if must_have_second_factor(current_user, settings()):
            abort(403)
        if db.session.get(SecondFactor, current_user.id) is None:
            return redirect(url_for(".index"))
        if not is_fresh():
            return ask_for_password(".remove_factor")
        if request.method == "GET":
            return self.render("account_security_ask.html", asked="removal")
        second_factor.remove(current_user.id)
        self.record(AccessKind.SECOND_FACTOR_REMOVED)
        end_logins_of(current_user.id, but_this=True)
        db.session.commit()
        flash(gettext("Your second factor is off. The password alone opens your account now."), "warning")
        return redirect(url_for(".index"))

    def record(self, kind: AccessKind, **detail: Any) -> None:
        """Put into the access log what a person did with the own account."""
        record_access(
            kind, table="staff", row_id=current_user.id, remote_address=request.remote_addr, **detail
        )


def ask_for_password(endpoint: str, **arguments: Any) -> ResponseReturnValue:
    """Send who acts to give the password again, and back to a page afterwards."""
    return redirect(url_for("security.verify", next=url_for(endpoint, **arguments)))
