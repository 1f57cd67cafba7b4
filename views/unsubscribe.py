"""The link by which a recipient stops getting a digest (RFC 8058): opening it asks, posting acts."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select, update

from models import Department, DigestRecipient, acting_as, db, system_actor
from models.mail_link import Subscription, read_unsubscribe_token

pages = Blueprint("unsubscribe", __name__)


def register(app: Flask) -> None:
    """Add the page to `app`."""
    # A mail program posts without a cookie; the signed token stands for the consent.
    app.extensions["csrf"].exempt(pages)
    app.register_blueprint(pages)


@pages.route("/unsubscribe/<token>", methods=["GET", "POST"])
def ask(token: str) -> ResponseReturnValue:
    """Ask on GET, stop the digests on POST; a token that isn't ours is not found, in words for its reader."""
    subscription = read_unsubscribe_token(current_app.extensions["settings"], token)
    if subscription is None:
        return render_template("unsubscribe.html", email=None), 404
    with acting_as(system_actor("unsubscribe")):
        department = db.session.scalars(
            select(Department.name).where(Department.id == subscription.department_id)
        ).one_or_none()
        if request.method == "POST":
            stop(subscription)
    return render_template(
        "unsubscribe.html",
        department=department or "",
        email=subscription.email,
        is_done=request.method == "POST",
    )


def stop(subscription: Subscription) -> None:
    """Let no more digests of the department go to the address, and commit; the row stays."""
    db.session.execute(
        update(DigestRecipient)
        .where(
            DigestRecipient.department_id == subscription.department_id,
            DigestRecipient.email == subscription.email,
            DigestRecipient.is_active,
        )
        .values(is_active=False, version=DigestRecipient.version + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
