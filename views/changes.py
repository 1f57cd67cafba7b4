"""Changes of rows, from the audit log, as sentences: on a record's page, in the audit log and in its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup
from sqlalchemy import inspect, select
from sqlalchemy.orm import MANYTOMANY, ONETOMANY, RelationshipProperty

from models import Attachment, AuditEntry, Note, Record, current_actor, db
from models.audit import ChangeKind
from models.labels import FIELD_LABELS
from models.need_to_know import readable_text
from models.permissions import allows
from models.sql import labels_for
from views.forms import column_of
from views.history import in_what_way, readable_values, who_did
from views.lookups import view_named
from views.plain_rows import PLAIN, show_plain, words_ahead

if TYPE_CHECKING:
    from views.base import RecordView

# Characters of a value on a page; a file has all of them.
SHOWN_MOST = 300
_AT_ONE_GO_SECONDS = 1.0
# Told by when and by whom, not as values.
_TOLD_OTHERWISE = frozenset({"updated_at", "created_at", "created_by_id", "deleted_at"})
# What people call the tables whose rows are no records of their own.
TABLE_LABELS = {
    "note": lazy_gettext("Note"),
    "attachment": lazy_gettext("File"),
    "centre": lazy_gettext("The centre"),
    "invitation": lazy_gettext("Invitation"),
    "second_factor": lazy_gettext("Second factor"),
    "own_right": lazy_gettext("Rights in own records"),
    "daily_close": lazy_gettext("Close of a day"),
    "summary": lazy_gettext("Summary"),
    "deadline": lazy_gettext("Deadline"),
    "told_once": lazy_gettext("Reminder"),
    "bad_address": lazy_gettext("Address that gave a mail back"),
    "failed_job": lazy_gettext("Failed job"),
    "supplier_alias": lazy_gettext("Other spelling of a supplier"),
    "subject_department": lazy_gettext("Department told of a subject"),
}
# By kind of change: what was done with a note, and with a file.
_OF_NOTES = {
    ChangeKind.CREATED: lazy_gettext("Wrote a note: %(what)s"),
    ChangeKind.CHANGED: lazy_gettext("Changed a note: %(what)s"),
    ChangeKind.REMOVED: lazy_gettext("Removed a note: %(what)s"),
    ChangeKind.RETURNED: lazy_gettext("Put a note back: %(what)s"),
}
_OF_FILES = {
    ChangeKind.CREATED: lazy_gettext("Added a file: %(what)s"),
    ChangeKind.CHANGED: lazy_gettext("Changed a file: %(what)s"),
    ChangeKind.REMOVED: lazy_gettext("Removed a file: %(what)s"),
    ChangeKind.RETURNED: lazy_gettext("Put a file back: %(what)s"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What became of the field `name`: words with places, and what stands in them."""

    name: str
    words: str
    values: Mapping[str, str]
    # Whether what stood there before can be brought back.
    has_before: bool = False

    @property
    def text(self) -> str:
        """Return the sentence as plain text."""
        return self.words % self.values

    def __html__(self) -> Markup:
        """Return the sentence with its values marked as what was and what is."""
        tags = {"before": "del", "after": "ins", "what": "ins", "field": "strong"}
        marked = {
            key: Markup("<{0}>{1}</{0}>").format(tags[key], _shortened(value))
            for key, value in self.values.items()
        }
        return Markup(self.words) % marked  # noqa: S704 - words of the catalogue; values are escaped above


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_MOST else f"{text[:SHOWN_MOST]}…"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one row, in words; `way` is empty where a form was sent."""

    entry_id: int
    table: str
    row_id: int
    at: datetime
    kind: ChangeKind
    who: str
    way: str
    sentences: list[Sentence]


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows of a table without a screen that belong to records of a type, under one of their fields."""

    model: type[Record]
    name: str
    column: str
    target: type[Record] | None


def lines_of(model: type[Record]) -> dict[str, Lines]:
    """Return by table what belongs to records of a type: many-to-many relations, and lines of a list."""
    found = {}
    for relation in inspect(model).relationships:
        target = relation.mapper.class_
        if relation.direction is MANYTOMANY and relation.secondary is not None:
            column = _other_column(relation)
            found[str(relation.secondary.name)] = Lines(model, relation.key, column, target)  # type: ignore[attr-defined]  # a table
        elif relation.direction is ONETOMANY and not issubclass(target, Record):
            found[target.__tablename__] = Lines(model, relation.key, "name", None)
    return found


def _other_column(relation: RelationshipProperty[Any]) -> str:
    pairs = relation.secondary_synchronize_pairs or ()
    return str(next(pair[1].key for pair in pairs))


def shown_columns(view: RecordView) -> dict[str, str]:
    """Return the attribute of each column that the pages of a type show, by the column's name."""
    return {
        column.name: name
        for name in view.shown_names()
        if (column := column_of(view.model, name)) is not None
    }


def describe(entries: Iterable[AuditEntry], lines: Mapping[str, Lines]) -> list[Change]:
    """Return the changes in the same order; `lines` says what tables without a screen belong to.

    One query for the people, one for each table that values refer to, two for notes and files, one for what
    goes before the columns of a table without a screen.
    """
    kept = list(entries)
    who = who_did(kept)
    by_table: dict[str, list[AuditEntry]] = {}
    for entry in kept:
        by_table.setdefault(entry.table_name, []).append(entry)
    said: dict[int, list[Sentence]] = {}
    for table, own in by_table.items():
        view = view_named(table)
        if view is not None:
            said |= _of_records(view, own)
        elif table in lines:
            said |= _of_lines(lines[table], own)
        elif table in ("note", "attachment"):
            said |= _of_notes(table, own)
        elif table in PLAIN:
            said |= _of_plain(table, own)
    return [
        Change(
            entry.id,
            entry.table_name,
            entry.row_id,
            entry.at,
            entry.kind,
            who[entry.id],
            in_what_way(entry),
            said.get(entry.id, []),
        )
        for entry in kept
    ]


def _of_records(view: RecordView, entries: list[AuditEntry]) -> dict[int, list[Sentence]]:
    columns = shown_columns(view)
    readable = readable_values(view, entries, columns)
    order = {name: place for place, name in enumerate(view.shown_names())}
    said = {}
    for entry in entries:
        names = {columns[key]: pair for key, pair in entry.changes.items() if key in columns}
        said[entry.id] = [
            of_field(
                name,
                str(view.get_column_name(name)),
                readable(name, pair[0]),
                readable(name, pair[1]),
                has_before=entry.kind is ChangeKind.CHANGED,
            )
            for name, pair in sorted(names.items(), key=lambda each: order[each[0]])
            if name not in _TOLD_OTHERWISE
        ]
    return said


def of_field(name: str, label: str, before: str, after: str, *, has_before: bool = False) -> Sentence:
    """Return what became of a field; an empty text stands for nothing."""
    if before and after:
        words = _("%(field)s: changed from %(before)s to %(after)s")
    elif after:
        words = _("%(field)s: set to %(after)s")
    else:
        words = _("%(field)s: emptied, was %(before)s")
    values = {"field": label, "before": before, "after": after}
    return Sentence(
        name, words, {key: text for key, text in values.items() if f"%({key})s" in words}, has_before
    )


def _of_lines(lines: Lines, entries: list[AuditEntry]) -> dict[int, list[Sentence]]:
    values = {entry.id: _line_value(lines, entry) for entry in entries}
    if lines.target is not None:
        labels = labels_for(lines.target, {key for key in values.values() if isinstance(key, int)})
        values = {key: labels[value].text if value in labels else value for key, value in values.items()}
    label = str(FIELD_LABELS[lines.name])
    said = {}
    for entry in entries:
        is_gone = entry.kind is ChangeKind.REMOVED
        words = _("%(field)s: took out %(what)s") if is_gone else _("%(field)s: added %(what)s")
        told = {"field": label, "what": str(values[entry.id])}
        said[entry.id] = [Sentence(lines.name, words, told, has_before=lines.target is not None)]
    return said


def _line_value(lines: Lines, entry: AuditEntry) -> Any:
    before, after = entry.changes.get(lines.column, [None, None])
    return before if after is None else after


def _of_notes(table: str, entries: list[AuditEntry]) -> dict[int, list[Sentence]]:
    ids = {entry.row_id for entry in entries}
    found: Any
    if table == "note":
        found = select(Note.id, Note.body).where(Note.id.in_(ids))
    else:
        found = select(Attachment.id, Attachment.file_name).join(Note, Note.id == Attachment.note_id)
        found = found.where(Attachment.id.in_(ids))
    if not allows(current_actor(), "recycle_bin", "read"):
        # Of what was removed others are told that it was there, and no more.
        is_kept = Note.deleted_at.is_(None)
        found = found.where(is_kept if table == "note" else is_kept & Attachment.deleted_at.is_(None))
    texts: dict[int, str | None] = dict(db.session.execute(found).all())
    words = _OF_NOTES if table == "note" else _OF_FILES
    return {
        entry.id: [
            Sentence("notes", str(words[entry.kind]), {"what": readable_text(texts.get(entry.row_id) or "…")})
        ]
        for entry in entries
    }


def _of_plain(table: str, entries: list[AuditEntry]) -> dict[int, list[Sentence]]:
    ahead, said = words_ahead(table, entries), dict[int, list[Sentence]]()
    for entry in entries:
        first = f"{ahead[entry.row_id]} · " if entry.row_id in ahead else ""
        said[entry.id] = [
            of_field(name, f"{first}{label}", show_plain(table, name, before), show_plain(table, name, after))
            for name, label in PLAIN[table].told.items()
            for before, after in [entry.changes.get(name, (None, None))]
            if before != after
        ]
    return said


def in_groups(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Yield what one person did at one go: rows of several tables that were saved together."""
    group: list[Change] = []
    for change in changes:
        if group and not _belong_together(group[-1], change):
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _belong_together(later: Change, earlier: Change) -> bool:
    is_same = (later.who, later.way) == (earlier.who, earlier.way)
    return is_same and (later.at - earlier.at).total_seconds() < _AT_ONE_GO_SECONDS
