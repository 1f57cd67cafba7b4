"""What each person says of the own account: name and phone, and how the own screen looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from models import Staff, current_actor, db
from models.base import Labelled
from models.organisation import Density, Locale, Theme
from views import saving
from views.fields import member_of
from views.lookups import view_of
from views.page import PageForAll, ask_for_login
from views.person_copy import send_copy

if TYPE_CHECKING:
    from views.base import RecordView
    from views.forms import RecordForm

# Column of staff -> its values. The language also holds for mails to the person.
CHOICES: Mapping[str, type[Labelled]] = MappingProxyType(
    {"locale": Locale, "theme": Theme, "density": Density}
)

# What each person may correct of the own record; everything else is for who looks after staff.
OWN_FIELDS = ("name", "phone")


@dataclass(frozen=True, slots=True)
class Display:
    """How pages look to their reader."""

    theme: Theme = Theme.SYSTEM
    density: Density = Density.COMFORTABLE


class PreferencesView(PageForAll):
    """Keep what each person chooses for the own screen, and the own name and phone."""

    permission = "preferences"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "own": "read", "own_data": "read"}
    title = _("My details")

    def __init__(self) -> None:
        super().__init__(name="preferences", endpoint="preferences", url="/preferences")

    @expose("/", methods=("POST",))
    def index(self) -> ResponseReturnValue:
        """Keep what was chosen: a script that asks gets no page, a form goes back to where it stood."""
        chosen = {
            name: member_of(kind, request.form[name])
            for name, kind in CHOICES.items()
            if name in request.form
        }
        actor = current_actor()
        if actor is None or actor.staff_id is None:
            return ask_for_login()
        if not chosen or None in chosen.values():
            abort(400)
        # Two clicks in a row both hold, the later one last: no version is compared.
        db.session.execute(update(Staff).where(Staff.id == actor.staff_id).values(chosen))
        db.session.commit()
        if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
            return "", 204
        return redirect(own_path(request.form.get("next", "")))

    @expose("/own/", methods=("GET", "POST"))
    def own(self) -> ResponseReturnValue:
        """Let each person correct the own name and phone, unless somebody else did so meanwhile."""
        staff_view, row = view_of(Staff), db.session.get_one(Staff, current_user.id)
        assert staff_view is not None
        sent = request.form if request.method == "POST" else None
        form = staff_view.form_for_names(OWN_FIELDS)(formdata=sent, obj=row)
        if sent is not None and self._save_own(staff_view, form, row):
            flash(gettext("Saved."), "success")
            return redirect(url_for(".own"))
        form.version.data = str(db.session.get_one(Staff, current_user.id).version)
        page = self.render("own.html", form=form, staff_view=staff_view)
        return page if sent is None else (page, 422)

    def _save_own(self, staff_view: RecordView, form: RecordForm, row: Staff) -> bool:
        try:
            if form.seen_version == row.version:
                return form.validate() and saving.save(staff_view, form, row, is_created=False)
        except StaleDataError:
            db.session.rollback()
        flash(gettext("Somebody else has just changed this. Look at it again, then save."), "error")
        return False

    @expose("/own-data/", methods=("POST",))
    def own_data(self) -> ResponseReturnValue:
        """Send all that is kept about who asks, in the own language: everybody has a right to it."""
        actor, view = current_actor(), view_of(Staff)
        if actor is None or actor.staff_id is None or view is None:
            return ask_for_login()
        return send_copy(view, db.session.get_one(Staff, actor.staff_id), current_user.locale)


def display() -> Display:
    """Return how the page is to look for its reader; for nobody as the device and the browser have it."""
    if current_actor() is None:
        return Display()
    try:
        return Display(current_user.theme, current_user.density)
    except (AttributeError, SQLAlchemyError):
        # A page that says what went wrong is drawn too where the database is away.
        return Display()


def own_path(raw: str) -> str:
    """Return `raw` where it is a path of the panel, else the first page: never an address outside."""
    is_path = raw.startswith("/") and not raw.startswith(("//", "/\\"))
    return raw if is_path and not any(c in raw for c in "\r\n\t\\") else url_for("home.index")
