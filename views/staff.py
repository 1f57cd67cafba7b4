"""The screen of staff: administrators create people, who then set their own password."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import any_, func, literal, select

from models import Record, Staff, current_actor, db
from models.organisation import Role
from models.permissions import grantable_roles
from views.base import RecordView
from views.errors import Refusal
from views.forms import RecordForm, Section, per_field
from views.menu import Area

# Who may log in, and as what: only one who may grant roles sets these.
RIGHTS = frozenset({"role_names", "active", "email"})


class StaffView(RecordView):
    """Keep staff; passwords are on no screen."""

    singular, plural, new_label = _("Staff member"), _("Staff"), _("New staff member")
    area, icon = Area.ORGANISATION, "staff"
    column_labels = per_field(name=_("Full name"))
    column_list = ("name", "email", "role_names", "department_id", "position_id", "region_id", "active")
    column_searchable_list = ("name", "email", "phone")
    hint_columns = ("email",)
    column_filters = ("department_id", "position_id", "region_id", "active")
    default_sort = ("name", False)
    column_descriptions = per_field(
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

    def settable_names(self, row: Record | None) -> tuple[str, ...]:
        """Leave out the rights, unless who acts may grant them, and to somebody else."""
        actor = current_actor()
        is_self = row is not None and actor is not None and row.id == actor.staff_id
        if grantable_roles(actor) and not is_self:
            return self.form_names
        return tuple(name for name in self.form_names if name not in RIGHTS)

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse a role that who acts may not grant."""
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
            from views.auth import invite

            invite(row)

    def after_commit(self, row: Any, *, is_created: bool) -> None:
        """Say that the new person now has to look into the mail."""
        if is_created:
            sentence = gettext(
                "A mail with a link to set a password is on its way to %(email)s.", email=row.email
            )
            flash(sentence, "info")

    def why_not_delete(self, rows: list[Any]) -> str | None:
        """Refuse to delete oneself, and the last person who administers the panel."""
        actor = current_actor()
        ids = [row.id for row in rows]
        if actor is not None and actor.staff_id in ids:
            return str(gettext("Nobody deletes the own account."))
        others = select(func.count(Staff.id)).where(
            literal(Role.ADMINISTRATOR.value) == any_(Staff.role_names), Staff.active, Staff.id.not_in(ids)
        )
        if not db.session.scalar(others):
            return str(gettext("Somebody must remain who administers the panel."))
        return None
