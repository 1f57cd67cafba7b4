"""Changing one column of several records at once: shown first, all or none, never over another's change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.datastructures import MultiDict

from models import AuditEntry, db
from models.sql import labels_for
from views import deletion, saving, sent_twice, undo
from views.cells import Cell, cell, fetch_labels
from views.constraint_refusals import Refusal, refusal_of
from views.fields import CheckField, RecordField
from views.forms import RecordForm, column_of
from views.history import readable_values, who_did
from views.kept_draft import is_only_shown

if TYPE_CHECKING:
    from views.base import RecordView

# What the button says that leaves out the records named as held.
GO_ON, HELD, REST = "go_on", "held", "rest"
# What happened to the records meanwhile is read back this far.
ENTRIES_MOST = 2000


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What became of the column since the page was shown; `before` is None where it stayed, or is unknown."""

    before: str | None
    who: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """A record on the page: its name, what stands there now, and what is against changing it as it is."""

    row: Any
    label: str
    now: Cell
    problem: str | None = None
    meanwhile: Meanwhile | None = None

    @property
    def is_held(self) -> bool:
        """Tell whether the record has to be looked at first."""
        return self.problem is not None or self.meanwhile is not None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be changed: the column, the records, and the form with its new value."""

    name: str
    names: tuple[str, ...]
    rows: list[Any]
    form: RecordForm

    @property
    def field(self) -> RecordField:
        """Return the field of the column."""
        return next(field for field in self.form.record_fields() if field.name == self.name)


def ways_of(view: RecordView, rows: Iterable[Any]) -> dict[int, list[str]]:
    """Return what who acts now may do with each of the rows once it is ticked, by its id."""
    found: dict[int, list[str]] = {}
    for row in rows:
        ways = [way for way in ("delete",) if view.is_allowed_on("delete", row)]
        names = view.changeable_names(row)
        ways += ["change"] if names else []
        ways += ["give"] if "responsible_id" in names else []
        if ways:
            found[row.id] = ways
    return found


def show(view: RecordView) -> ResponseReturnValue:
    """Show the records with a field for the new value; change them all, once nothing is against it."""
    is_final = request.method == "POST" and not is_only_shown()
    asked = _asked(view, is_final=is_final)
    if not is_final:
        return _page(view, asked, {}, {})
    if sent_twice.earlier_record_id() is not None:
        return _tell(view, [row for row in asked.rows if row.version == _seen().get(row.id, 0) + 1])
    if not asked.form.validate() or not _is_meant(asked):
        return _page(view, asked, {}, {}), 422
    changed = [
        row
        for row in asked.rows
        if _seen().get(row.id) != row.version and getattr(row, asked.name) != asked.field.data
    ]
    if changed:
        return _page(view, asked, {}, _meanwhile(view, asked.name, changed)), 409
    return _save(view, asked)


def _asked(view: RecordView, *, is_final: bool) -> Asked:
    """Return what address and form ask for; refuse what who acts now may not change in all the records."""
    sent = request.form if request.method == "POST" else request.args
    rows = deletion.chosen_rows(view, sent.getlist("id"), is_final=is_final)
    gone = len(deletion.keys_of(sent.getlist("id"))) - len(rows)
    if gone and rows and is_final:
        words = ngettext(
            "%(num)d of them is not there any more.", "%(num)d of them are not there any more.", gone
        )
        flash(words, "warning")
    if request.form.get(GO_ON) == REST:
        held = deletion.keys_of(request.form.getlist(HELD))
        rows = [row for row in rows if row.id not in held]
    if not rows:
        abort(404)
    offered = [view.changeable_names(row) for row in rows]
    names = tuple(name for name in view.changed_together if all(name in each for each in offered))
    name = request.values.get("column") or _first(names)
    if name not in names:
        abort(403)
    return Asked(name, names, rows, _form(view, name, rows))


def _first(names: tuple[str, ...]) -> str:
    """Return the column to begin with: one that is changed in cells, for giving has a button of its own."""
    return next((name for name in names if name != "responsible_id"), next(iter(names), ""))


def _form(view: RecordView, name: str, rows: list[Any]) -> RecordForm:
    """Return a form of one field, without a record of its own: with what all have in common, or was sent."""
    values = {getattr(row, name) if not isinstance(getattr(row, name), list) else None for row in rows}
    sent = None
    if request.method == "POST":
        sent = MultiDict((name, value) for value in request.form.getlist(name) or [""])
    shared = {name: values.pop()} if len(values) == 1 and sent is None else {}
    form = view.form_for_names(view.settable_names(rows[0]))(formdata=sent, data=shared)
    form.only = (name,)
    return form


def _is_meant(asked: Asked) -> bool:
    """Tell whether an empty field is to empty the column: asked once more, with the number of records."""
    if asked.field.data not in (None, "") or isinstance(asked.field, CheckField):
        return True
    filled = sum(getattr(row, asked.name) not in (None, "") for row in asked.rows)
    sentence = ngettext(
        "Nothing is filled in: that would empty this in %(num)d record.",
        "Nothing is filled in: that would empty this in %(num)d records.",
        filled,
    )
    refusal = Refusal(asked.name, sentence, can_insist=True)
    return not filled or saving.is_insisted_on(refusal) or saving.refuse(asked.form, refusal)


def _seen() -> dict[int, int]:
    """Return the version of each record that the page had shown."""
    pairs = (each.partition(":") for each in request.form.getlist("seen")[: deletion.ROWS_MOST])
    return {int(key): int(version) for key, _colon, version in pairs if _is_number(key, version)}


def _is_number(*raw: str) -> bool:
    return all(each.isascii() and each.isdigit() and len(each) < 19 for each in raw)


def _save(view: RecordView, asked: Asked) -> ResponseReturnValue:
    forms = [(view.form_for(row, (asked.name,)), row) for row in asked.rows]
    refusal = view.check_together(forms)
    if refusal is not None and not saving.is_insisted_on(refusal):
        saving.refuse(asked.form, refusal)
        return _page(view, asked, {}, {}), 422
    changed = [(form, row) for form, row in forms if form[asked.name].data != getattr(row, asked.name)]
    sent = sent_twice.claim()
    problems = set_each(view, changed)
    if problems:
        db.session.rollback()
        return _page(view, _asked(view, is_final=False), problems, {}), 422
    if sent is not None:
        sent.record_id = asked.rows[0].id
    rows = [row for _form, row in changed]
    answer = _tell(view, rows)
    db.session.commit()
    for row in rows:
        view.after_commit(row, is_created=False)
    return answer


def set_each(view: RecordView, forms: list[tuple[RecordForm, Any]]) -> dict[int, str]:
    """Set each record from its form, and flush; return why some can't be, by the record's id."""
    problems = {}
    for form, row in forms:
        key = row.id
        try:
            # Each in a savepoint of its own: so it is known which of them can't.
            with db.session.begin_nested():
                saving.set_fields(form, row)
                db.session.flush()
                view.on_save(form, row, is_created=False)
        except (IntegrityError, DataError) as error:
            problems[key] = refusal_of(error).sentence
    return problems


def _tell(view: RecordView, rows: list[Any]) -> ResponseReturnValue:
    """Say how many were changed, with the way to take it back, and lead to the list."""
    if rows:
        words = ngettext("%(num)d record was changed.", "%(num)d records were changed.", len(rows))
        undo.tell(words, undo.changed(*rows))
    else:
        flash(_("All of them had this value already."), "info")
    return redirect(view.list_address)


def _meanwhile(view: RecordView, name: str, rows: list[Any]) -> dict[int, Meanwhile]:
    """Return what others did with these records since the page was shown; few queries, however many."""
    missed = {row.id: row.version - _seen().get(row.id, row.version) for row in rows}
    found = select(AuditEntry).where(
        AuditEntry.table_name == view.model.__tablename__, AuditEntry.row_id.in_(missed)
    )
    entries = db.session.scalars(found.order_by(AuditEntry.id.desc()).limit(ENTRIES_MOST)).all()
    by_row: dict[int, list[AuditEntry]] = {}
    for entry in entries:
        if len(own := by_row.setdefault(entry.row_id, [])) < missed[entry.row_id]:
            own.append(entry)
    kept = [entry for own in by_row.values() for entry in own]
    column = getattr(column_of(view.model, name), "name", name)
    words, who = readable_values(view, kept, {column: name}), who_did(kept)
    told = {}
    for row in rows:
        own = by_row.get(row.id, [])
        touching = [entry for entry in own if column in entry.changes]
        newest = (touching or own)[0] if own else None
        told[row.id] = Meanwhile(
            words(name, touching[-1].changes[column][0]) if touching else None,
            who[newest.id] if newest else "",
            newest.at if newest else None,
        )
    return told


def _page(
    view: RecordView, asked: Asked, problems: Mapping[int, str], changed: Mapping[int, Meanwhile]
) -> str:
    asked.form.fetch_labels()
    labels = labels_for(view.model, [row.id for row in asked.rows])
    values = fetch_labels(view, [asked.name], asked.rows)
    lines = [
        Line(
            row,
            labels[row.id].text,
            cell(view, row, asked.name, values),
            problems.get(row.id),
            changed.get(row.id),
        )
        for row in asked.rows
    ]
    return view.render(
        "change.html",
        asked=asked,
        form=asked.form,
        lines=lines,
        held=[line for line in lines if line.is_held],
        is_draft=is_only_shown(),
    )
