"""The page of rights: who may do what, what people may do with their own records, and why one person may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from models import Staff, db
from models.organisation import Role
from models.own_rights import adjustable, own_rights, set_own_rights
from models.permissions import OWN_RIGHTS, OwnRights
from views.fields import clean_line, coerce_id, member_of
from views.lookups import view_named
from views.menu import Area
from views.page import Page
from views.rights_of_person import answer_about, facts_of, people_to_choose
from views.rights_words import WORDS, subjects_of_rights, words

_OWN = ("creator", "responsible")
NAMED_MOST = 80


class RightsView(Page):
    """Show the table of rights as people say it, and adjust the rights in own records."""

    permission = "rights"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "person": "read", "adjust": "edit"}
    area, icon, title = Area.ORGANISATION, "quality", _("Who may do what")

    def __init__(self) -> None:
        super().__init__(name="rights", endpoint="rights", url="/rights")

    @expose("/")
    def index(self) -> str:
        """Show each record type with what each role may do, and the rights in own records."""
        chosen = [role for raw in request.args.getlist("role") if (role := member_of(Role, raw))]
        shown = [role for role in Role if role in chosen] or list(Role)
        return self.render(
            "rights.html",
            roles=list(Role),
            chosen=chosen,
            shown=shown,
            rows=[(each.label, [words(each, role) for role in shown]) for each in subjects_of_rights()],
            legend=WORDS.values(),
            own=[_own_row(table) for table in OWN_RIGHTS],
            seen=_state(),
            can_adjust=self.is_allowed("edit"),
        )

    @expose("/own/", methods=("POST",))
    def adjust(self) -> ResponseReturnValue:
        """Set what people may do with their own records, all types at once."""
        if request.form.get("seen") != _state():
            sentence = gettext("Somebody else has just changed this. Look at it again, then save.")
            flash(sentence, "warning")
            return redirect(url_for(".index") + "#own")
        for table in OWN_RIGHTS:
            ticked = ("".join(request.form.getlist(f"{table}-{part}")) for part in _OWN)
            set_own_rights(table, OwnRights(*ticked))
        db.session.commit()
        flash(gettext("Saved."), "success")
        return redirect(url_for(".index") + "#own")

    @expose("/person/")
    def person(self) -> str:
        """Show what a person may do, through which role, and which records it is about."""
        raw = request.args.get("staff", "")
        staff = db.session.scalar(select(Staff).where(Staff.id == (coerce_id(raw) or 0)))
        if raw and staff is None:
            abort(404)
        table, named = request.args.get("table", ""), clean_line(request.args.get("record", "")[:NAMED_MOST])
        return self.render(
            "rights_of_person.html",
            staff=staff,
            people=people_to_choose(),
            types=[(each.table, each.label) for each in subjects_of_rights() if each.is_record],
            table=table,
            named=named,
            facts=facts_of(staff) if staff else None,
            record=answer_about(staff, table, named) if staff and named else None,
        )


def _state() -> str:
    """Return what is set now, by which a form tells whether it is out of date."""
    return " ".join(f"{table}:{':'.join(own_rights()[table])}" for table in OWN_RIGHTS)


def _own_row(table: str) -> dict[str, Any]:
    """Return one type with its rights in own records: what is set, what may be, and if it is the rule."""
    view, given, most = view_named(table), own_rights()[table], adjustable(table)
    parts = {
        part: [(letter, WORDS[letter].word, letter in getattr(given, part)) for letter in getattr(most, part)]
        for part in _OWN
    }
    is_rule = all(set(one) == set(other) for one, other in zip(given, OWN_RIGHTS[table], strict=True))
    return {"table": table, "label": view.plural if view else table, "is_rule": is_rule, **parts}
