"""What a person may ask of the centre about the own data (PIPL): a copy of it, and to have it deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from models import Staff, current_actor, db
from models.access import AccessEntry
from models.erasure import (
    REASON_MOST,
    Hindrance,
    Preview,
    erase,
    is_blank,
    last_erasure,
    preview_of,
)
from models.organisation import Locale
from models.sql import labels_for
from views import throttle
from views.base import RecordView
from views.clock import today
from views.fields import clean_line, member_of
from views.lookups import view_named
from views.person_copy import send_copy

# What people call the tables that have no screen of their own.
OTHER_LABELS = {"note": _("Notes"), "attachment": _("Files")}


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody sent with the form, and what is wrong with it, by field; both empty on a fresh page."""

    reason: str = ""
    ticked: frozenset[str] = frozenset()
    problems: Mapping[str, str] = field(default_factory=dict)


class PersonView(RecordView):
    """Keep records of people, who may have their data deleted."""

    actions: ClassVar[Mapping[str, str]] = {
        **RecordView.actions,
        "person_view": "disclose",
        "copy_view": "disclose",
        "erase_view": "erase",
    }

    @expose("/person/")
    def person_view(self) -> str:
        """Show what is kept about a person, and what can be done with it."""
        return self.person_page(self.record_or_404(), Typed())

    def person_page(self, row: Any, typed: Typed) -> str:
        """Return the page about a person's data."""
        preview = preview_of(row, today())
        before = last_erasure(row)
        return self.render(
            "person.html",
            row=row,
            label=self.label(row),
            typed=typed,
            reason_most=REASON_MOST,
            can={action: self.is_allowed(action) for action in ("disclose", "erase")},
            locales=list(Locale),
            locale=getattr(row, "locale", Locale.CHINESE),
            is_self=self.is_self(row),
            goes=[(table_label(table), count) for table, count in preview.goes.items()],
            unlinked=preview.unlinked_complaints,
            must_be_settled=[(sentence(each), list_url(self, row, each)) for each in preview.must_be_settled],
            warnings=[(each.kind, sentence(each)) for each in preview.warnings],
            before=before,
            eraser=eraser_of(before),
            is_done=before is not None and is_blank(row) and "note" not in preview.goes,
        )

    def is_self(self, row: Any) -> bool:
        """Tell whether the person is the one who asks: nobody erases the own account."""
        actor = current_actor()
        return isinstance(row, Staff) and actor is not None and row.id == actor.staff_id

    @expose("/person/copy/", methods=("POST",))
    def copy_view(self) -> ResponseReturnValue:
        """Send all that is kept about a person, in the language chosen for him or her."""
        locale = member_of(Locale, request.form.get("locale", ""))
        return send_copy(self, self.record_or_404(), locale or Locale.CHINESE)

    @expose("/person/erase/", methods=("POST",))
    def erase_view(self) -> ResponseReturnValue:
        """Erase a person, where nothing hinders it and who asks has given reason and password."""
        row = self.record_or_404()
        typed = Typed(
            clean_line(request.form.get("reason", "").replace("\x00", "")),
            frozenset(request.form.getlist("in_spite_of")),
        )
        problems = self._problems(row, typed, preview_of(row, today()))
        if problems:
            db.session.rollback()
            typed = Typed(typed.reason, typed.ticked, problems)
            return self.person_page(self.record_or_404(), typed), 422
        throttle.forgive(current_app._get_current_object(), current_user)  # type: ignore[attr-defined]  # noqa: SLF001 - the proxy's documented way out
        label = self.label(row)
        counts = erase(row, typed.reason, request.remote_addr)
        db.session.commit()
        if counts:
            flash(_("The personal data of %(name)s was erased.", name=label), "success")
        else:
            flash(_("Nothing was left to erase: it was done before."), "info")
        return redirect(url_for(".details_view", id=row.id))

    def _problems(self, row: Any, typed: Typed, preview: Preview) -> dict[str, str]:
        """Return what stands in the way, by field; the password is only looked at where nothing else does."""
        if self.is_self(row):
            return {"": gettext("Nobody erases the own account.")}
        if preview.must_be_settled:
            return {"": " ".join(sentence(each) for each in preview.must_be_settled)}
        problems = {}
        if not typed.reason:
            problems["reason"] = gettext("Say why: who asked for it, and when.")
        elif len(typed.reason) > REASON_MOST:
            problems["reason"] = gettext("At most %(count)s characters.", count=REASON_MOST)
        if {each.kind for each in preview.warnings} - typed.ticked:
            problems["in_spite_of"] = gettext("Tick that you have thought of this.")
        password = request.form.get("password", "")
        if not problems and not (password and current_user.verify_and_update_password(password)):
            problems["password"] = gettext("This is not your password.")
            throttle.tell_wrong_password()
        return problems


def eraser_of(before: AccessEntry | None) -> str:
    """Return the name of who erased a person; empty where nobody has."""
    if before is None or before.actor_id is None:
        return ""
    label = labels_for(Staff, {before.actor_id}).get(before.actor_id)
    return label.text if label else ""


def table_label(table: str) -> str:
    """Return what people call the records of a table."""
    view = view_named(table)
    return str(view.plural if view else OTHER_LABELS[table])


def sentence(each: Hindrance) -> str:
    """Return in words what speaks against an erasure."""
    sentences = {
        "open_complaints": lambda: ngettext(
            "%(num)d complaint is not closed yet.", "%(num)d complaints are not closed yet.", each.count
        ),
        "undecided_claims": lambda: ngettext(
            "%(num)d warranty claim is undecided.", "%(num)d warranty claims are undecided.", each.count
        ),
        "waiting_imports": lambda: ngettext(
            "%(num)d import waits to be taken in or discarded: its file could bring the person back.",
            "%(num)d imports wait to be taken in or discarded: their files could bring the person back.",
            each.count,
        ),
        "running_warranties": lambda: ngettext(
            "%(num)d vehicle is under warranty: without name and frame number nothing can be claimed.",
            "%(num)d vehicles are under warranty: without name and frame number nothing can be claimed.",
            each.count,
        ),
        "open_promises": lambda: ngettext(
            "%(num)d promise to the customer is not kept yet.",
            "%(num)d promises to the customer are not kept yet.",
            each.count,
        ),
    }
    return str(sentences[each.kind]())


def list_url(view: RecordView, row: Any, each: Hindrance) -> str | None:
    """Return where what hinders can be settled; None where it has no screen for who asks."""
    if each.kind == "waiting_imports":
        return url_for("import_run.index")
    other = view_named(each.table)
    if other is None or not other.is_allowed("read"):
        return None
    if each.count > 1 and view.endpoint == "customer" and each.kind == "open_complaints":
        return url_for("complaint.index_view", flt_customer_id=row.id)
    return url_for(f"{other.endpoint}.details_view", id=each.example_id)
