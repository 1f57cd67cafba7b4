"""What each person chooses for the own screen: the language, for the panel and for mails to the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from models import Staff, current_actor, db
from models.organisation import Locale
from views.fields import member_of
from views.page import PageForAll, ask_for_login


class PreferencesView(PageForAll):
    """Keep what each person chooses for the own screen."""

    permission = "preferences"
    actions: ClassVar[Mapping[str, str]] = {"index": "read"}
    title = _("Preferences")

    def __init__(self) -> None:
        super().__init__(name="preferences", endpoint="preferences", url="/preferences")

    @expose("/", methods=("POST",))
    def index(self) -> ResponseReturnValue:
        """Change the reader's language, for the panel and for mails to the reader."""
        actor = current_actor()
        if actor is None or actor.staff_id is None:
            return ask_for_login()
        locale = member_of(Locale, request.form.get("locale", ""))
        if locale is None:
            abort(400)
        staff = db.session.scalars(select(Staff).where(Staff.id == actor.staff_id)).one()
        staff.locale = locale
        db.session.commit()
        return redirect(own_path(request.form.get("next", "")))


def own_path(raw: str) -> str:
    """Return `raw` where it is a path of the panel, else the first page: never an address outside."""
    is_path = raw.startswith("/") and not raw.startswith(("//", "/\\"))
    return raw if is_path and not any(c in raw for c in "\r\n\t\\") else url_for("home.index")
