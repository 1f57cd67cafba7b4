"""Bringing earlier values of a record back, one field or all as they stood at a moment; shown first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm.exc import StaleDataError

from models import AuditEntry, acting_as, current_actor, db
from models.audit import AuditAction
from models.masking import MASK
from views import saving
from views.clock import show_instant
from views.days import parse_instant
from views.fields import RecordField, coerce_id
from views.forms import RecordForm, column_of
from views.history import as_stored, readable_values
from views.relation_fields import ManyRelationsField
from views.restoring_relations import held_before, missing_of, relations_of

if TYPE_CHECKING:
    from views.base import RecordView

# Changes that are taken back at one go; a record with more is nobody's by then.
ENTRIES_MOST = 5000


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that would change: what stands there now, what stood there, and why that can't come back."""

    name: str
    label: str
    now: str
    then: str
    problems: list[str]
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: before which entry, or at which moment (one of them None), and which field."""

    entry_id: int | None
    at: datetime | None
    name: str
    problem: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has said yet to which moment to go back."""
        return self.entry_id is None and self.at is None


def read_wanted() -> Wanted:
    """Return what the address, or the form, asks for."""
    values = request.values
    raw = values.get("at", "")
    try:
        at, problem = parse_instant(raw), ""
    except ValueError as error:
        at, problem = None, str(error)
    return Wanted(coerce_id(values.get("entry", "")), at, values.get("field", ""), problem)


def show(view: RecordView, row: Any) -> ResponseReturnValue:
    """Show what would change, or change it: POST is final, and only for the version that was looked at."""
    wanted = read_wanted()
    entries = _to_take_back(row, wanted)
    born = (view.model.__tablename__, AuditAction.INSERT)
    is_before_birth = any((entry.table_name, entry.action) == born for entry in entries)
    form = _form_of(view, row)
    before = {} if is_before_birth else _values_before(view, form, entries, wanted)
    if request.method == "GET":
        return _page(view, row, wanted, form, before, is_before_birth=is_before_birth)
    if not before or is_before_birth:
        abort(404)
    if coerce_id(request.form.get("version", "")) != row.version:
        return _changed_meanwhile(view, row, wanted)
    chosen = {name: pair for name, pair in before.items() if name in request.form.getlist("take")}
    try:
        done = bool(chosen) and _restore(view, form, row, chosen)
    except StaleDataError:
        db.session.rollback()
        return _changed_meanwhile(view, view.record_or_404(), wanted)
    if done:
        flash(_("%(record)s was saved.", record=view.label(row)), "success")
        return redirect(view.page_url("details_view", id=row.id, show="history"))
    if not chosen:
        flash(_("Tick at least one field."), "error")
    return _page(view, view.record_or_404(), wanted, form, before), 422


def _to_take_back(row: Any, wanted: Wanted) -> list[AuditEntry]:
    """Return the changes that stand between the record and the moment asked for, newest first."""
    since: ColumnElement[bool]
    if wanted.entry_id is not None:
        since = AuditEntry.id >= wanted.entry_id
    elif wanted.at is not None:
        since = AuditEntry.at > wanted.at
    else:
        return []
    tables = [row.__tablename__, *relations_of(type(row))]
    own = (AuditEntry.table_name.in_(tables), AuditEntry.row_id == row.id)
    found = select(AuditEntry).where(*own, since).order_by(AuditEntry.id.desc()).limit(ENTRIES_MOST)
    return list(db.session.scalars(found))


def _form_of(view: RecordView, row: Any) -> RecordForm:
    """Return the form over what who acts may set, filled in with what is stored."""
    return view.form_for_names(view.settable_names(row))(obj=row)


def _values_before(
    view: RecordView, form: RecordForm, entries: list[AuditEntry], wanted: Wanted
) -> dict[str, tuple[RecordField, Any]]:
    """Return field and stored value of what was otherwise before `entries`, and fill the form with it."""
    fields = {field.name: field for field in form.record_fields()}
    columns = {column.name: name for name in fields if (column := column_of(view.model, name)) is not None}
    stored: dict[str, Any] = {}
    for entry in entries:
        if entry.table_name != view.model.__tablename__:
            continue
        for key, pair in entry.changes.items():
            name = columns.get(key)
            if name is not None and wanted.name in ("", name):
                stored[name] = pair[0]
    before: dict[str, tuple[RecordField, Any]] = {}
    for name, value in stored.items():
        field, column = fields[name], column_of(view.model, name)
        if is_erased(value):
            before[name] = (field, value)
            continue
        earlier = as_stored(getattr(column, "type", None), value)
        if earlier != field.data:
            field.data = earlier
            before[name] = (field, value)
    return before | held_before(view.model, fields, entries, wanted.name)


def is_erased(value: Any) -> bool:
    """Tell whether a stored value, or a part of it, was taken out of the history."""
    return isinstance(value, str) and MASK in value


def _problems(form: RecordForm, before: dict[str, tuple[RecordField, Any]]) -> dict[str, list[str]]:
    """Return why values can't come back, by field: what any form refuses, and what was erased."""
    form.validate()
    found = {name: [str(error) for error in field.errors] for name, (field, _value) in before.items()}
    for name, (field, value) in before.items():
        found[name] += missing_of(field, value)
        if is_erased(value):
            found[name].append(_("The earlier value was erased."))
    return found


def _restore(
    view: RecordView, form: RecordForm, row: Any, chosen: dict[str, tuple[RecordField, Any]]
) -> bool:
    """Save the chosen fields as any form does; False, with the reasons in the form, where that is refused."""
    for field in form.record_fields():
        if field.name not in chosen:
            field.data = getattr(row, field.name)
    if any(_problems(form, chosen).values()):
        return False
    actor = current_actor()
    assert actor is not None
    with acting_as(replace(actor, source="restore")):
        return saving.save(view, form, row, is_created=False)


def _changed_meanwhile(view: RecordView, row: Any, wanted: Wanted) -> ResponseReturnValue:
    flash(_("Somebody has changed the record meanwhile. Look again at what would change."), "warning")
    form = _form_of(view, row)
    return _page(view, row, wanted, form, _values_before(view, form, _to_take_back(row, wanted), wanted)), 409


def _page(
    view: RecordView,
    row: Any,
    wanted: Wanted,
    form: RecordForm,
    before: dict[str, tuple[RecordField, Any]],
    *,
    is_before_birth: bool = False,
) -> str:
    kept = {name: list(field.errors) for name, (field, _value) in before.items()}
    problems = {name: found or kept[name] for name, found in _problems(form, before).items()}
    return view.render(
        "restore.html",
        row=row,
        label=view.label(row),
        wanted=wanted,
        typed=request.values.get("at", ""),
        moment=show_instant(wanted.at) if wanted.at else "",
        is_before_birth=is_before_birth,
        differences=_differences(view, row, before, problems),
    )


def _differences(
    view: RecordView,
    row: Any,
    before: dict[str, tuple[RecordField, Any]],
    problems: dict[str, list[str]],
) -> list[Difference]:
    """Return the fields that would change, in the order of the form; values as the history tells them."""
    names = [name for name in view.form_names if name in before]
    columns = {column.name: name for name in names if (column := column_of(view.model, name)) is not None}
    newest, is_sent = _present(row, columns), request.method == "POST"
    pairs = AuditEntry(changes={key: [newest[key], before[name][1]] for key, name in columns.items()})
    readable = readable_values(view, [pairs], columns)
    texts = {
        name: tuple(readable(name, each) for each in pairs.changes[key]) for key, name in columns.items()
    }
    for name, (field, stored) in before.items():
        if isinstance(field, ManyRelationsField):
            held = (field.key_of(getattr(row, name)), ",".join(map(str, stored)))
            texts[name] = tuple(field.words_of(each) for each in held)
    return [
        Difference(
            name,
            str(view.get_column_name(name)),
            texts[name][0],
            texts[name][1],
            problems.get(name, []),
            is_ticked=name in request.form.getlist("take") if is_sent else not problems.get(name),
        )
        for name in names
    ]


def _present(row: Any, columns: dict[str, str]) -> dict[str, Any]:
    """Return what stands in the columns now, as the audit log would keep it."""
    found = {}
    for key, name in columns.items():
        value = getattr(row, name)
        if isinstance(value, datetime):
            value = value.isoformat()
        found[key] = value
    return found
