"""Between the password and the panel: showing the second factor, or setting one up where it is a must."""

from __future__ import annotations

import segno
from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from config import Settings
from models import Staff, acting_as, second_factor, system_actor
from models.access import AccessKind, record_access
from models.base import now
from models.second_factor import Proof
from views.logins import Stage, Waiting, end_logins_of, finish_login, waiting
from views.page import login_endpoint
from views.preferences import own_path
from views.throttle import Kind, forget_tries, normal

# The key that somebody is setting up: encrypted, in the signed cookie, until a code proves that it works.
DRAFT_KEY = "second_factor_draft"

pages = Blueprint("second_factor", __name__, url_prefix="/login")


def register(app: Flask) -> None:
    """Add the pages to `app`."""
    app.register_blueprint(pages)


def settings() -> Settings:
    """Return the settings of the current application."""
    found: Settings = current_app.extensions["settings"]
    return found


@pages.route("/code", methods=["GET", "POST"])
def code() -> ResponseReturnValue:
    """Ask for a one-time code, or a recovery code in its place."""
    waited = waiting()
    if waited is None or waited.stage is not Stage.CODE:
        return to_where_it_goes_on()
    problem = None
    if request.method == "POST":
        proof = use(waited)
        if proof is not None and finish_login(waited, proof):
            forget_tries(Kind.CODE, normal(waited.staff.email))
            tell_of_recovery_code(waited.staff, proof)
            return redirect(own_path(request.args.get("next", "")))
        problem = _("This code is wrong or was used already. Wait for the next one, then try again.")
    page = render_template("security/second_factor.html", staff=waited.staff, problem=problem)
    return page, 422 if problem else 200


def use(waited: Waiting) -> Proof | None:
    """Use up the code that was sent, in the transaction that finishes the login."""
    with acting_as(system_actor("login", waited.staff.id)):
        return second_factor.use_code(settings(), waited.staff.id, request.form.get("code", ""))


def tell_of_recovery_code(staff: Staff, proof: Proof) -> None:
    """Say how many recovery codes are left, to who used one."""
    if proof is Proof.RECOVERY_CODE:
        with acting_as(system_actor("login")):
            left = second_factor.recovery_codes_left(staff.id)
        sentence = _(
            "You logged in with a recovery code; %(left)d are left. Make new ones under Account security.",
            left=left,
        )
        flash(sentence, "warning")


@pages.route("/setup", methods=["GET", "POST"])
def setup() -> ResponseReturnValue:
    """Have a second factor set up by who may do nothing without one."""
    waited = waiting()
    if waited is None or waited.stage is not Stage.SETUP:
        return to_where_it_goes_on()
    problem = None
    if request.method == "POST":
        codes = set_up(waited.staff)
        if codes and finish_login(waited, Proof.ONE_TIME_CODE):
            then = own_path(request.args.get("next", ""))
            return render_template("security/recovery_codes.html", codes=codes, then=then)
        problem = _("This code does not fit. Look at the app again, and at the clock of the phone.")
    page = render_template("security/set_up_second_factor.html", problem=problem, **key_of(waited.staff))
    return page, 422 if problem else 200


def to_where_it_goes_on() -> ResponseReturnValue:
    """Lead on who has nothing to show here: into the panel, or to the page that comes first."""
    endpoint = login_endpoint()
    wanted = request.args.get("next")
    if endpoint == "security.login":
        return redirect(own_path(wanted or ""))
    return redirect(url_for(endpoint, next=wanted))


def draft_of(staff: Staff) -> str:
    """Return the key that a person is setting up, the same until it is set up."""
    owner, secret = session.get(DRAFT_KEY) or (None, "")
    if owner != staff.id:
        secret = second_factor.new_secret(settings())
        session[DRAFT_KEY] = (staff.id, secret)
    return str(secret)


def key_of(staff: Staff) -> dict[str, str]:
    """Return the key that a person is setting up as text and as a picture, for a template."""
    secret = draft_of(staff)
    address = second_factor.key_address(settings(), secret, staff.email)
    # White also in the dark: phones read no light code on dark.
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="#fff")
    return {"key": second_factor.key_text(settings(), secret), "picture": picture, "address": address}


def set_up(staff: Staff) -> list[str]:
    """Keep the key whose code was sent, and end all other logins; return recovery codes.

    Without any the code was wrong. Whoever calls commits.
    """
    secret = draft_of(staff)
    step = second_factor.matching_step(settings(), secret, request.form.get("code", ""))
    if step is None:
        return []
    session.pop(DRAFT_KEY, None)
    with acting_as(system_actor("login", staff.id)):
        codes = second_factor.set_up(settings(), staff.id, secret, step)
        record_access(
            AccessKind.SECOND_FACTOR_SET,
            table="staff",
            row_id=staff.id,
            remote_address=request.remote_addr,
        )
        end_logins_of(staff.id, but_this=True)
        if (login := g.get("login")) is not None:
            # The code that was just given is also shown for the login in which it was.
            login.second_factor_at = now()
    return codes
