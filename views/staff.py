"""The screen of staff: administrators create people, who then set their own password."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import any_, func, literal, select
from sqlalchemy.orm import undefer

from jobs.invitation import invite, invite_all, link_of
from jobs.outbox import send_soon
from models import Delivery, Invitation, Record, Staff, current_actor, db
from models.centre import INVITATION_LASTS, InvitationState
from models.digest import DeliveryState
from models.organisation import Role
from models.permissions import allows, grantable_roles
from views import staff_logins
from views.account_security import ask_for_password
from views.came_back import BadAddressPanel, bad_address_panel
from views.constraint_refusals import Refusal
from views.forms import RecordForm, Section, per_field
from views.logins import is_fresh
from views.menu import Area
from views.person import PersonView

# Who may log in, as what, and whose records it opens: only one who may grant roles sets these, and never
# the own ones. Moving up in a tree is granting oneself more.
RIGHTS = frozenset({"role_names", "active", "email", "position_id", "region_id"})


# Mails that will not reach anybody by themselves.
NOT_GOING_OUT = frozenset({DeliveryState.KEPT, DeliveryState.FAILED, DeliveryState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class ShownInvitation:
    """How an invitation stands; `link` is there where the mail did not go out."""

    state: InvitationState
    sent_at: datetime | None
    until: datetime | None
    link: str | None


def may_be_invited(row: Staff) -> bool:
    """Tell whether a person lacks nothing but a password to log in."""
    return row.active and row.password is None


def shown_invitation(row: Staff) -> ShownInvitation:
    """Return how the invitation of a person stands."""
    invitation = db.session.get(Invitation, row.id)
    if invitation is None:
        return ShownInvitation(InvitationState.NOT_INVITED, None, None, None)
    state = InvitationState.INVITED if invitation.is_open else InvitationState.EXPIRED
    delivery = db.session.get(Delivery, invitation.delivery_id) if invitation.delivery_id else None
    must_hand_over = invitation.is_open and (delivery is None or delivery.state in NOT_GOING_OUT)
    until = invitation.sent_at + INVITATION_LASTS
    return ShownInvitation(state, invitation.sent_at, until, link_of(invitation) if must_hand_over else None)


def tell_of_invitation(row: Staff, delivery: Delivery) -> None:
    """Have a worker send the mail, and say what becomes of it."""
    send_soon([delivery])
    if delivery.state in NOT_GOING_OUT:
        sentence = gettext(
            "The mail to %(email)s can't go out: the link stands on the person's page.", email=row.email
        )
        flash(sentence, "warning")
    else:
        sentence = gettext(
            "A mail with a link to set a password is on its way to %(email)s.", email=row.email
        )
        flash(sentence, "info")


class StaffView(PersonView):
    """Keep staff; passwords are on no screen."""

    singular, plural, new_label = _("Staff member"), _("Staff"), _("New staff member")
    area, icon = Area.ORGANISATION, "staff"
    what_for = _("Everybody who works in the panel. Enter a person, who gets a mail to set a password.")
    actions: ClassVar[Mapping[str, str]] = {
        **PersonView.actions,
        "invite_view": "act",
        "end_logins_view": "act",
        "reset_factor_view": "act",
    }
    column_labels = per_field(name=_("Full name"))
    column_list = (
        "name",
        "email",
        "role_names",
        "department_id",
        "position_id",
        "region_id",
        "active",
        "invitation_state",
    )
    list_options = (undefer(Staff.invitation_state),)
    # What somebody works on is found in the lists themselves, by person.
    cards = ()
    hint_columns = ("email",)
    column_filters = ("department_id", "position_id", "region_id", "active")
    default_sort = ("name", False)
    column_descriptions = per_field(
        role_names=_("A person can have several; their rights add up."),
        email=_("The person logs in with it. A new person gets a link to set a password."),
        active=_("Without it nobody can log in with this account, and open logins end at once."),
        region_id=_("The person sees the records of this region and of those below it."),
    )
    form_sections = (
        Section(
            _("Person"), ("name", "email", "phone", "department_id", "position_id", "region_id", "locale")
        ),
        Section(_("Rights"), ("active", "role_names"), _("Nobody changes the own rights.")),
    )

    def panel(self, row: Staff) -> BadAddressPanel | None:
        """Return what is to be said where mail to the address comes back."""
        return bad_address_panel(row.email)

    def settable_names(self, row: Record | None) -> tuple[str, ...]:
        """Leave out the rights, unless who acts may grant them, and to somebody else."""
        actor = current_actor()
        is_self = row is not None and actor is not None and row.id == actor.staff_id
        if grantable_roles(actor) and not is_self:
            return self.form_names
        return tuple(name for name in self.form_names if name not in RIGHTS)

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse a role that who acts may not grant, and another address after a while without a password."""
        if (refusal := staff_logins.refuse_stale_login(form, row)) is not None:
            return refusal
        field = form._fields.get("role_names")
        if field is None:
            return None
        granted = set(field.data or ()) - set(row.role_names or ())
        if granted - {role.value for role in grantable_roles(current_actor())}:
            return Refusal("role_names", gettext("You may not grant this role."))
        return None

    def new_row(self) -> Staff:
        """Return a person whose logins nobody can guess."""
        return Staff(fs_uniquifier=secrets.token_hex(32))

    def on_save(self, form: RecordForm, row: Any, *, is_created: bool) -> None:  # noqa: ARG002 - a hook
        """Write the mail with the link under which a new person sets a password; it goes with the commit."""
        if is_created:
            g.invited = invite(row)

    def after_commit(self, row: Any, *, is_created: bool) -> None:
        """Say that the new person now has to look into the mail."""
        if is_created:
            tell_of_invitation(row, g.pop("invited"))

    @expose("/invite/", methods=("POST",))
    def invite_view(self) -> ResponseReturnValue:
        """Send a person another link to set a password, and make the earlier ones worthless."""
        row = self.get_one(request.form.get("id", ""))
        if row is None:
            abort(404)
        if may_be_invited(row):
            (delivery,) = invite_all([row])
            tell_of_invitation(row, delivery)
        else:
            sentence = gettext("This person needs no invitation: a password is set, or the login is closed.")
            flash(sentence, "warning")
        return redirect(url_for(".details_view", id=row.id))

    @expose("/end-logins/", methods=("POST",))
    def end_logins_view(self) -> ResponseReturnValue:
        """End all logins of a person."""
        row = self.get_one(request.form.get("id", ""))
        if row is None:
            abort(404)
        staff_logins.end_all(row)
        return redirect(url_for(".details_view", id=row.id))

    @expose("/reset-second-factor/", methods=("POST",))
    def reset_factor_view(self) -> ResponseReturnValue:
        """Remove the second factor of a person who lost the phone."""
        row = self.get_one(request.form.get("id", ""))
        if row is None:
            abort(404)
        if not is_fresh():
            return ask_for_password(".details_view", id=row.id)
        staff_logins.reset_factor(row)
        return redirect(url_for(".details_view", id=row.id))

    def render(self, template: str, **context: Any) -> str:
        """Show on a person's page how invitation and logins stand, to who may do something about them."""
        if template == "details.html":
            template, row = "staff.html", context["row"]
            is_asked = self.is_allowed("act") and may_be_invited(row)
            context["may_see_rights"] = allows(current_actor(), "rights", "read")
            context["invitation"] = shown_invitation(row) if is_asked else None
            context["logins"] = staff_logins.shown_logins(row)
        return super().render(template, **context)

    def why_not_delete(self, rows: list[Any]) -> list[str]:
        """Refuse to delete oneself, and the last person who administers the panel."""
        found = super().why_not_delete(rows)
        actor = current_actor()
        ids = [row.id for row in rows]
        if actor is not None and actor.staff_id in ids:
            found.append(gettext("Nobody deletes the own account."))
        others = select(func.count(Staff.id)).where(
            literal(Role.ADMINISTRATOR.value) == any_(Staff.role_names), Staff.active, Staff.id.not_in(ids)
        )
        if not db.session.scalar(others):
            found.append(gettext("Somebody must remain who administers the panel."))
        return found
