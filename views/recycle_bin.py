"""The recycle bin: deleted records by type, to be looked at and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from models import WITH_DELETED, AuditEntry, db
from models.audit import ChangeKind, is_of_kind
from models.sql import labels_for
from views.base import RecordView
from views.cells import cell, fetch_labels
from views.coming_back import Obstacle, bring_back, deleted_rows
from views.fields import clean_line, coerce_id
from views.finding import SEARCH_MOST, search_condition
from views.history import who_did
from views.lookups import view_named
from views.menu import Area
from views.page import Page
from views.record_history import history_of
from views.record_type import ORIGIN

PAGE_SIZE = 50
ROWS_MOST = 100


@dataclass(frozen=True, slots=True)
class DeletedType:
    """A type of record, with how many of it were deleted."""

    view: RecordView
    count: int


@dataclass(frozen=True, slots=True)
class DeletedRow:
    """A deleted record in the list; `who` is empty where nothing was recorded."""

    id: int
    label: str
    at: datetime
    who: str


class RecycleBinView(Page):
    """Show what was deleted, and bring it back."""

    permission = "recycle_bin"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "record": "read", "restore": "act"}
    area, icon, title = Area.ORGANISATION, "trash", _("Recycle bin")

    def __init__(self) -> None:
        super().__init__(name="recycle_bin", endpoint="recycle_bin", url="/recycle-bin")

    @expose("/")
    def index(self) -> str:
        """List the deleted records of one type, the last deleted first."""
        types = deleted_types()
        view = chosen_view(types)
        typed = clean_line(request.args.get("q", "")[:SEARCH_MOST])
        before = read_place(request.args.get("before", ""))
        rows = fetch_rows(view, typed, before) if view is not None else []
        return self.render(
            "recycle_bin.html",
            types=types,
            chosen=view,
            typed=typed,
            rows=rows[:PAGE_SIZE],
            earlier=place_of(rows[PAGE_SIZE - 1]) if len(rows) > PAGE_SIZE else None,
            is_first=before is None,
            can_restore=view is not None and self.may_restore(view),
        )

    @expose("/record")
    def record(self) -> ResponseReturnValue:
        """Show one deleted record, to be read only."""
        view, key = named_view(request.args), coerce_id(request.args.get("id", ""))
        statement = select(view.model).where(view.model.id == (key or 0))
        row = db.session.scalar(statement, execution_options={WITH_DELETED: True})
        if row is None:
            abort(404)
        if row.deleted_at is None:
            return redirect(url_for(f"{view.endpoint}.details_view", id=row.id))
        labels = fetch_labels(view, (*view.shown_names(), *ORIGIN), [row])
        return self.render(
            "deleted.html",
            record=view,
            row=row,
            shown=to_rows(view, [row])[0],
            origin=(*view.only_listed, *ORIGIN),
            get_cell=lambda name: cell(view, row, name, labels),
            history=history_of(view, row),
            can_restore=self.may_restore(view),
        )

    @expose("/restore", methods=("POST",))
    def restore(self) -> ResponseReturnValue:
        """Bring records back, all that were chosen or none."""
        view = named_view(request.form)
        ids = [key for raw in request.form.getlist("id")[:ROWS_MOST] if (key := coerce_id(raw)) is not None]
        rows = deleted_rows(view, ids)
        if not rows:
            flash(_("Nothing was chosen that could come back."), "warning")
            return redirect(url_for(".index", type=view.model.__tablename__))
        obstacles: list[Obstacle] = []
        for parent_view, parent_ids in sent_parents().items():
            self.insist(parent_view)
            obstacles += bring_back(parent_view, deleted_rows(parent_view, parent_ids))
        self.insist(view)
        obstacles += bring_back(view, rows)
        if obstacles:
            kept = [row.id for row in rows]
            db.session.rollback()
            return self.refuse(view, kept, obstacles), 409
        db.session.commit()
        flash(ngettext("%(num)d record is back.", "%(num)d records are back.", len(rows)), "success")
        if len(rows) == 1:
            return redirect(url_for(f"{view.endpoint}.details_view", id=rows[0].id))
        return redirect(url_for(".index", type=view.model.__tablename__))

    def may_restore(self, view: RecordView) -> bool:
        """Tell whether who acts now may bring records of a type back: who may delete them."""
        return self.is_allowed("act") and view.is_allowed("delete")

    def insist(self, view: RecordView) -> None:
        """Refuse who may not bring records of this type back."""
        if not self.may_restore(view):
            abort(403)

    def refuse(self, view: RecordView, ids: list[int], obstacles: list[Obstacle]) -> str:
        """Return the page that says why nothing came back, and offers to bring back what they belong to."""
        parents = {each.parent for each in obstacles if each.parent is not None}
        is_offered = all(each.parent is not None for each in obstacles) and all(
            (other := view_named(table)) is not None and self.may_restore(other) for table, _key in parents
        )
        sent = {tuple(raw.split(":")) for raw in request.form.getlist("parent")}
        return self.render(
            "not_restored.html",
            chosen=view,
            ids=ids,
            obstacles=obstacles,
            parents=sorted(
                {*(f"{table}:{key}" for table, key in parents), *(":".join(each) for each in sent)}
            ),
            is_offered=is_offered,
        )


def deleted_types() -> list[DeletedType]:
    """Return the types whose records the reader may read, with how many were deleted; one query."""
    views: Mapping[Any, RecordView] = current_app.extensions["record_views"]
    readable = [view for view in views.values() if view.is_allowed("read")]
    if not readable:
        return []
    counts = (
        select(func.count(view.model.id)).where(view.model.deleted_at.is_not(None)).scalar_subquery()
        for view in readable
    )
    found = db.session.execute(select(*counts), execution_options={WITH_DELETED: True}).one()
    return [DeletedType(view, count) for view, count in zip(readable, found, strict=True)]


def chosen_view(types: list[DeletedType]) -> RecordView | None:
    """Return the type that the address names, else the first with deleted records; None where none has."""
    wanted = request.args.get("type", "")
    named = [each.view for each in types if each.view.model.__tablename__ == wanted]
    return next(iter([*named, *(each.view for each in types if each.count)]), None)


def named_view(values: Mapping[str, str]) -> RecordView:
    """Return the type that is named, where the reader may read its records."""
    view = view_named(values.get("type", ""))
    if view is None:
        abort(404)
    if not view.is_allowed("read"):
        abort(403)
    return view


def sent_parents() -> dict[RecordView, list[int]]:
    """Return the records that are to come back first, sent as table:id, by type."""
    found: dict[RecordView, list[int]] = {}
    for raw in request.form.getlist("parent")[:ROWS_MOST]:
        table, _sign, key = raw.partition(":")
        view, number = view_named(table), coerce_id(key)
        if view is not None and number is not None:
            found.setdefault(view, []).append(number)
    return found


def fetch_rows(view: RecordView, typed: str, before: tuple[datetime, int] | None) -> list[DeletedRow]:
    """Return one page of deleted records and one more, the last deleted first; three queries."""
    model = view.model
    statement = select(model).where(model.deleted_at.is_not(None))
    searched = search_condition(model, typed)
    if searched is not None:
        statement = statement.where(searched)
    if before is not None:
        statement = statement.where(tuple_(model.deleted_at, model.id) < before)
    ordered = statement.order_by(model.deleted_at.desc(), model.id.desc()).limit(PAGE_SIZE + 1)
    return to_rows(view, list(db.session.scalars(ordered, execution_options={WITH_DELETED: True})))


def to_rows(view: RecordView, rows: list[Any]) -> list[DeletedRow]:
    """Return deleted records as the list shows them, with who deleted each."""
    ids = [row.id for row in rows]
    labels = labels_for(view.model, ids)
    last = (
        select(AuditEntry)
        .where(
            AuditEntry.table_name == view.model.__tablename__,
            AuditEntry.row_id.in_(ids),
            is_of_kind(ChangeKind.REMOVED),
        )
        .ext(distinct_on(AuditEntry.row_id))
        .order_by(AuditEntry.row_id, AuditEntry.id.desc())
    )
    entries = {entry.row_id: entry for entry in db.session.scalars(last)} if ids else {}
    who = who_did(entries.values())
    return [
        DeletedRow(
            row.id,
            labels[row.id].text,
            row.deleted_at,
            who[entries[row.id].id] if row.id in entries else "",
        )
        for row in rows
    ]


def place_of(row: DeletedRow) -> str:
    """Return the place of a row in the list, for an address."""
    return f"{row.at.isoformat()}~{row.id}"


def read_place(raw: str) -> tuple[datetime, int] | None:
    """Return the place that an address names; None for none, and for what is no place."""
    instant, _sign, key = raw.partition("~")
    number = coerce_id(key)
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    return (at, number) if number is not None and at.tzinfo is not None else None
