"""The history of one record: what was done to it and to what belongs to it, newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import Select, bindparam, select, union_all

from models import Attachment, AuditEntry, Note, Record, db
from models.audit import ChangeKind
from views.changes import Change, describe, in_groups, lines_of
from views.fields import coerce_id
from views.forms import column_of

if TYPE_CHECKING:
    from views.base import RecordView

PAGE_SIZE = 50
# So many at the side of a record's page.
NEWEST = 6
# The name of the filter that lets through notes and files.
NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Step:
    """What was done at one go; `entry_id` is its oldest change of the record itself, else None."""

    who: str
    way: str
    at: datetime
    kind: ChangeKind
    entry_id: int | None
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """One page of a history; `earlier` is the entry before which the next page begins, None on the last."""

    steps: list[Step]
    fields: list[tuple[str, str]]
    chosen: str
    earlier: int | None
    is_first: bool


def history_of(view: RecordView, row: Any) -> RecordHistory:
    """Return the page of a record's history that the address asks for, of one field where it names one."""
    fields = filter_fields(view)
    chosen = request.args.get("field", "")
    chosen = chosen if chosen in dict(fields) else ""
    before = coerce_id(request.args.get("before", ""))
    entries = entries_about(view, row, before=before, name=chosen, most=PAGE_SIZE + 1)
    return RecordHistory(
        steps=steps_of(row, entries[:PAGE_SIZE], chosen),
        fields=fields,
        chosen=chosen,
        earlier=entries[PAGE_SIZE - 1].id if len(entries) > PAGE_SIZE else None,
        is_first=before is None,
    )


def newest_of(view: RecordView, row: Any) -> list[Step]:
    """Return what was done last, for the side of a record's page."""
    return steps_of(row, entries_about(view, row, most=NEWEST))


def filter_fields(view: RecordView) -> list[tuple[str, str]]:
    """Return name and label of the fields to which a history can be narrowed."""
    names = [(name, str(view.get_column_name(name))) for name in view.shown_names()]
    return [*names, (NOTES, _("Notes and files"))]


def steps_of(row: Record, entries: list[AuditEntry], name: str = "") -> list[Step]:
    """Return the entries in words, by what was done at one go; with a `name` of that field alone."""
    steps = []
    for group in in_groups(narrowed(change, name) for change in describe(entries, lines_of(type(row)))):
        own = [change for change in group if change.table == row.__tablename__]
        first = (own or group)[0]
        changed = [change for change in own if change.kind is ChangeKind.CHANGED]
        entry_id = changed[-1].entry_id if changed and len(changed) == len(own) else None
        kind = first.kind if own else ChangeKind.CHANGED
        steps.append(Step(first.who, first.way, group[0].at, kind, entry_id, group))
    return steps


def narrowed(change: Change, name: str) -> Change:
    """Return a change with what it says of one field; of all where `name` is empty."""
    if not name:
        return change
    return replace(change, sentences=[each for each in change.sentences if each.name == name])


def entries_about(
    view: RecordView, row: Record, *, before: int | None = None, name: str = "", most: int
) -> list[AuditEntry]:
    """Return the newest entries about a record and what belongs to it, below the id `before` (None: all).

    Each table is asked for its own newest: so its index of rows serves, however long a history has become.
    """
    sources = _sources(view, row, name)
    if not sources:
        return []
    asked = tuple((table, column) for table, _ids, column in sources)
    values: dict[str, Any] = {f"ids_{at}": ids for at, (_table, ids, _column) in enumerate(sources)}
    if before is not None:
        values["before"] = before
    return list(db.session.scalars(_entries(asked, most, is_later_left_out=before is not None), values))


@lru_cache(maxsize=200)
def _entries(asked: tuple[tuple[str, str | None], ...], most: int, *, is_later_left_out: bool) -> Select[Any]:
    """Return the statement for tables, each with a column or all; it takes `ids_0` and on, and `before`."""
    parts = []
    for at, (table, column) in enumerate(asked):
        rows = AuditEntry.row_id.in_(bindparam(f"ids_{at}", expanding=True))
        statement = select(AuditEntry.id).where(AuditEntry.table_name == table, rows)
        if column is not None:
            statement = statement.where(AuditEntry.changes.has_key(column))
        if is_later_left_out:
            statement = statement.where(AuditEntry.id < bindparam("before"))
        newest = statement.order_by(AuditEntry.id.desc()).limit(most).subquery()
        parts.append(select(newest.c.id).select_from(newest))
    ids = union_all(*parts).subquery()
    found = select(AuditEntry).where(AuditEntry.id.in_(select(ids.c.id).select_from(ids)))
    return found.order_by(AuditEntry.id.desc()).limit(most)


def _sources(view: RecordView, row: Record, name: str) -> list[tuple[str, list[int], str | None]]:
    """Return table, ids and column (None: any) of what tells of a field; without a `name` of everything."""
    found: list[tuple[str, list[int], str | None]] = []
    column = column_of(view.model, name) if name and name != NOTES else None
    if not name or column is not None:
        found.append((row.__tablename__, [row.id], column.name if column is not None else None))
    for table, lines in lines_of(view.model).items():
        if name in ("", lines.name):
            found.append((table, [row.id], None))
    if name in ("", NOTES):
        found += _of_notes(row)
    return found


def _of_notes(row: Record) -> list[tuple[str, list[int], str | None]]:
    """Return the notes on a record and their files, those that were removed too."""
    on_it = select(Note.id).where(Note.table_name == row.__tablename__, Note.row_id == row.id)
    notes = list(db.session.scalars(on_it))
    if not notes:
        return []
    files = list(db.session.scalars(select(Attachment.id).where(Attachment.note_id.in_(notes))))
    return [("note", notes, None), *([("attachment", files, None)] if files else [])]
