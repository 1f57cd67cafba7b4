"""What an administrator does about the logins of others: end them all, and reset a lost second factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import abort, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import func, select

from models import LoginSession, SecondFactor, Staff, current_actor, db, second_factor
from models.access import AccessKind, record_access
from models.permissions import grantable_roles
from views.constraint_refusals import Refusal
from views.logins import end_logins_of, is_fresh
from views.second_factor import settings

if TYPE_CHECKING:
    from views.forms import RecordForm


@dataclass(frozen=True, slots=True)
class ShownLogins:
    """How somebody else's account stands, for who may look after it."""

    count: int
    has_factor: bool


def may_look_after(row: Staff) -> bool:
    """Tell whether who acts may end a person's logins: an administrator, and another's than the own."""
    actor = current_actor()
    return bool(grantable_roles(actor)) and actor is not None and actor.staff_id != row.id


def shown_logins(row: Staff) -> ShownLogins | None:
    """Return how a person's account stands; None for who may not look after it."""
    if not may_look_after(row):
        return None
    count = select(func.count()).where(LoginSession.staff_id == row.id, LoginSession.open(settings()))
    return ShownLogins(db.session.scalar(count) or 0, db.session.get(SecondFactor, row.id) is not None)


def end_all(row: Staff) -> None:
    """End all logins of a person, and commit."""
    if not may_look_after(row):
        abort(403)
    count = end_logins_of(row.id)
    db.session.commit()
    flash(ngettext("%(num)d login has ended.", "%(num)d logins have ended.", count), "success")


def reset_factor(row: Staff) -> None:
    """Remove a person's second factor, end all logins of the person, and commit."""
    if not may_look_after(row):
        abort(403)
    if second_factor.remove(row.id):
        record_access(
            AccessKind.SECOND_FACTOR_REMOVED,
            table="staff",
            row_id=row.id,
            remote_address=request.remote_addr,
        )
    end_logins_of(row.id)
    db.session.commit()
    sentence = _(
        "The second factor of %(name)s was reset: the password alone opens the account until a new one is "
        "set up.",
        name=row.name,
    )
    flash(sentence, "success")


def refuse_stale_login(form: RecordForm, row: Any) -> Refusal | None:
    """Refuse another address for a person to who gave the password a while ago: mails with links go there."""
    field = form._fields.get("email")
    if field is None or row.id is None or field.data == row.email or is_fresh():
        return None
    address = url_for("security.verify", next=url_for("account_security.index"))
    link = Markup('<a href="{}" target="_blank" rel="noopener">{}</a>').format(
        address, _("Enter your password in a new tab")
    )
    sentence = _("Changing an address needs your password once more. %(link)s, then save again.", link="\0")
    before, _gap, after = sentence.partition("\0")
    return Refusal("email", Markup("{}{}{}").format(before, link, after))
