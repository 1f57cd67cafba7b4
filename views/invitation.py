"""The page that an invitation leads to: a person sets the first password, once, within a week."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security.utils import hash_password
from sqlalchemy import select

from models import Invitation, Staff, acting_as, db, system_actor
from models.access import AccessKind, record_access
from models.base import now
from models.mail_link import read_invitation_token
from models.passwords import normal_password, password_problem

pages = Blueprint("invitation", __name__)


def register(app: Flask) -> None:
    """Add the page to `app`."""
    app.register_blueprint(pages)


@pages.route("/invitation/<token>", methods=["GET", "POST"])
def accept(token: str) -> ResponseReturnValue:
    """Ask for a password on GET, set it on POST; a link that is used up says what to do."""
    with acting_as(system_actor("invitation")):
        invitation = open_invitation(token)
        if invitation is None:
            return render_template("invitation.html", staff=None, problems=[]), 410
        staff = db.session.get_one(Staff, invitation.staff_id)
        problems: list[str] = []
        if request.method == "POST":
            problems = set_password(invitation, staff)
            if not problems:
                flash(_("Your password is set. Log in with it now."), "success")
                return redirect(url_for("security.login"))
        return render_template("invitation.html", staff=staff, problems=problems), 422 if problems else 200


def open_invitation(token: str) -> Invitation | None:
    """Return the invitation that a link stands for, locked; None where it counts no longer."""
    found = read_invitation_token(current_app.extensions["settings"], token)
    if found is None:
        return None
    staff_id, sent_at = found
    invitation = db.session.scalars(
        select(Invitation)
        .join(Staff, Staff.id == Invitation.staff_id)
        .where(Invitation.staff_id == staff_id, Staff.active, Staff.password.is_(None))
        .with_for_update()
    ).one_or_none()
    if invitation is None or invitation.sent_at != sent_at or not invitation.is_open:
        return None
    return invitation


def set_password(invitation: Invitation, staff: Staff) -> list[str]:
    """Set the password that was sent, and commit; return what is wrong with it, nothing where it was set."""
    password = request.form.get("password", "")
    if password != request.form.get("password_confirm", ""):
        return [_("The two passwords differ.")]
    problem = password_problem(password, staff)
    if problem is not None:
        return [str(problem)]
    staff.password = hash_password(normal_password(password))
    invitation.accepted_at = now()
    record_access(AccessKind.PASSWORD_SET, table="staff", row_id=staff.id, remote_address=request.remote_addr)
    db.session.commit()
    return []
