"""Entries of the audit log as lines: who did what to which record, in words; on the page and in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from models import Attachment, AuditEntry, Note, Record, Staff, db
from models.access import AccessEntry, AccessKind
from models.audit_log import Entry
from models.sql import Label, labels_for
from views.base import RecordView
from views.changes import Change, Lines, describe, lines_of
from views.history import SOURCES, name_of
from views.log_details import table_label, told
from views.lookups import view_named
from views.plain_rows import Place, places_of

Labels = Mapping[str, Mapping[int, Label]]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log; `url` is None where there is no page of the record to open."""

    at: datetime
    who: str
    kind: str
    kind_label: str
    table_label: str
    label: str
    url: str | None
    # Texts, or what a template writes with marks.
    said: Sequence[Any]
    remote_address: str = ""


def lines_from(entries: Sequence[Entry]) -> list[LogLine]:
    """Return the entries as lines, in the same order; a query for each table that they name."""
    changes = {
        each.entry_id: each
        for each in describe((entry for entry in entries if isinstance(entry, AuditEntry)), all_lines())
    }
    owners = _owners(entries)
    labels = _labels(owners)
    names = labels_for(
        Staff,
        {
            key
            for entry in entries
            if isinstance(entry, AccessEntry)
            for key in (entry.actor_id, entry.on_behalf_of_id)
            if key is not None
        },
    )
    return [
        _of_access(entry, owner, labels, names)
        if isinstance(entry, AccessEntry)
        else _of_change(changes[entry.id], owner, labels)
        for entry, owner in zip(entries, owners, strict=True)
    ]


def all_lines() -> dict[str, Lines]:
    """Return what belongs to records of any type without being one, by table."""
    views: Mapping[type[Record], RecordView] = current_app.extensions["record_views"]
    return {table: lines for model in views for table, lines in lines_of(model).items()}


def _owners(entries: Sequence[Entry]) -> list[Place]:
    """Return table and id of the record that each entry is told of with: where a note stands, say."""
    lines, places = all_lines(), _places_of_notes(entries)
    places |= places_of(each for each in entries if isinstance(each, AuditEntry))
    found: list[Place] = []
    for entry in entries:
        table, key = entry.table_name, entry.row_id
        if table in lines:
            table = lines[table].model.__tablename__
        found.append(places.get((table, key), (table, key)))
    return found


def _places_of_notes(entries: Sequence[Entry]) -> dict[Place, Place]:
    """Return by table and id of each note, and of each file, the record on which it stands."""
    ids = {
        name: [each.row_id for each in entries if each.table_name == name] for name in ("note", "attachment")
    }
    places: dict[Place, Place] = {}
    if ids["note"]:
        notes = select(Note.id, Note.table_name, Note.row_id).where(Note.id.in_(ids["note"]))
        places |= {("note", key): (table, row_id) for key, table, row_id in db.session.execute(notes)}
    if ids["attachment"]:
        files = select(Attachment.id, Note.table_name, Note.row_id).join(Note, Note.id == Attachment.note_id)
        found = db.session.execute(files.where(Attachment.id.in_(ids["attachment"])))
        places |= {("attachment", key): (table, row_id) for key, table, row_id in found}
    return places


def _labels(owners: Sequence[Place]) -> Labels:
    wanted: dict[str, set[int]] = {}
    for table, key in owners:
        if table is not None and key is not None:
            wanted.setdefault(table, set()).add(key)
    return {
        table: labels_for(view.model, ids) for table, ids in wanted.items() if (view := view_named(table))
    }


def _named(owner: Place, labels: Labels) -> tuple[str, str, str | None]:
    """Return what a record's type is called, the record's label, and its address."""
    table, key = owner
    if table is None:
        return "", "", None
    if key is None:
        return table_label(table), "", None
    view, label = view_named(table), labels.get(table, {}).get(key)
    if view is None or label is None:
        return table_label(table), f"#{key}", None
    return table_label(table), label.text, _address(view, key, label)


def _address(view: RecordView, row_id: int, label: Label) -> str | None:
    if not view.is_allowed("read"):
        return None
    if label.is_visible:
        return url_for(f"{view.endpoint}.details_view", id=row_id)
    # Of the reader's region, and deleted: the recycle bin shows it, or leads on.
    return url_for("recycle_bin.record", type=view.model.__tablename__, id=row_id)


def _of_change(change: Change, owner: Place, labels: Labels) -> LogLine:
    table, label, url = _named(owner, labels)
    kind = str(change.kind.label)
    return LogLine(
        change.at,
        change.who,
        change.kind.value,
        f"{kind} ({change.way})" if change.way else kind,
        table,
        label,
        url,
        change.sentences,
    )


def _nobody(entry: AccessEntry) -> str:
    """Return who acted where no person did: the panel keeps its periods, anything else comes from outside."""
    return str(SOURCES["job"]) if entry.kind is AccessKind.PURGED else _("nobody who is logged in")


def _of_access(entry: AccessEntry, owner: Place, labels: Labels, names: Mapping[int, Label]) -> LogLine:
    table, label, url = _named(owner, labels)
    return LogLine(
        entry.at,
        name_of(names, entry.actor_id, entry.on_behalf_of_id) or _nobody(entry),
        entry.kind.value,
        str(entry.kind.label),
        table,
        label,
        url,
        told(entry.detail),
        str(entry.remote_address or ""),
    )
