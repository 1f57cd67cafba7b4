"""Two people edit one record: the second sees who changed what, keeps the draft, and decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from models import AuditEntry
from views.cells import Cell, cell, fetch_labels
from views.fields import RecordField
from views.forms import RecordForm, column_of
from views.history import entries_of, who_did
from views.relation_fields import RelationField

if TYPE_CHECKING:
    from views.base import RecordView


@dataclass(frozen=True, slots=True)
class Theirs:
    """What stands in the record now, beside the draft.

    `is_taken` says that the editor had not touched the field, so the new value was put into the draft.
    """

    cell: Cell
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """Who changed the record meanwhile and when, and per field what stands there now."""

    changes: list[tuple[str, datetime]]
    fields: dict[str, Theirs]


def conflict_of(view: RecordView, form: RecordForm, row: Any) -> Conflict:
    """Return what happened to `row` since the form was opened; fields only others changed follow them."""
    # Each change of a row is one version and one entry.
    entries = entries_of(row, max(0, row.version - (form.seen_version or 0)))
    who = who_did(entries)
    before = _values_before(entries)
    labels = fetch_labels(view, view.form_names, [row])
    fields: dict[str, Theirs] = {}
    for field in form.record_fields():
        now = getattr(row, field.name)
        if field.data == now:
            continue
        column = column_of(view.model, field.name)
        untouched = column is not None and column.name in before and is_same(field.data, before[column.name])
        if untouched:
            _take(field, now)
        fields[field.name] = Theirs(cell(view, row, field.name, labels), untouched)
    return Conflict([(who[entry.id], entry.at) for entry in entries], fields)


def _values_before(entries: list[AuditEntry]) -> dict[str, Any]:
    """Return what stood in each changed column before the oldest of the entries (newest come first)."""
    before: dict[str, Any] = {}
    for entry in entries:
        before.update({column: pair[0] for column, pair in entry.changes.items()})
    return before


def _take(field: RecordField, value: Any) -> None:
    field.data = value
    field.process_errors = []
    if isinstance(field, RelationField):
        field.label_of_data = None


def is_same(value: Any, stored: Any) -> bool:
    """Tell whether a form's value equals one of the audit log, which is JSON."""
    if isinstance(value, datetime) and isinstance(stored, str):
        # Inputs show minutes only.
        return abs(datetime.fromisoformat(stored) - value) < timedelta(minutes=1)
    if isinstance(value, date):
        return bool(value.isoformat() == stored)
    if isinstance(value, Decimal):
        return stored is not None and value == Decimal(str(stored))
    if isinstance(value, Enum):
        return bool(value.value == stored)
    return bool(value == stored)
