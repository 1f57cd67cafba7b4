"""Two people edit one record: the second sees both versions, keeps the draft, and chooses field by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from difflib import SequenceMatcher
from enum import Enum
from typing import TYPE_CHECKING, Any

from flask import request

from models import current_actor
from views.cells import Cell, Labels, cell, fetch_labels
from views.fields import RecordField
from views.forms import RecordForm, column_of
from views.history import entries_of, readable_values, who_did
from views.relation_fields import RelationField

if TYPE_CHECKING:
    from views.base import RecordView

# Names of the inputs that say which version of a field counts, and what stood in one that has no column.
CHOICE, SEEN = "_take_", "_seen_"
# Comparing two texts takes time in the square of their length.
MARKED_MOST = 2000
_ALIKE_ENOUGH = 0.3


@dataclass(frozen=True, slots=True)
class Change:
    """One change that was saved meanwhile: who, when, and the fields of the form that it concerned."""

    who: str
    at: datetime
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in both versions: what stood there, what stands there now, and by whom.

    `before` is None where that is not known, `by` where nobody changed it. `is_taken` says that the editor
    had not touched the field, so the new value was put into the draft; `takes_theirs` which version was
    chosen. `parts` are the new text in pieces, each with whether it is new.
    """

    name: str
    before: str | None
    now: Cell
    parts: list[tuple[str, bool]]
    by: Change | None
    is_taken: bool
    takes_theirs: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """Who changed the record meanwhile and when, newest first, and the fields that differ from the draft."""

    changes: list[Change]
    fields: dict[str, Difference]

    @property
    def open(self) -> list[Difference]:
        """Return the fields of which the editor has to choose a version."""
        return [each for each in self.fields.values() if not each.is_taken]

    @property
    def taken(self) -> list[Difference]:
        """Return the fields that follow the other change, because the editor had not touched them."""
        return [each for each in self.fields.values() if each.is_taken]


def choose(form: RecordForm, row: Any) -> None:
    """Put the record's own value into each field of which the editor takes the other version."""
    for field in form.record_fields():
        if takes_theirs(field.name):
            take(field, getattr(row, field.name))


def takes_theirs(name: str) -> bool:
    """Tell whether what was sent takes the other version of this field."""
    return request.form.get(f"{CHOICE}{name}") == "theirs"


def is_saved_already(form: RecordForm, row: Any) -> bool:
    """Tell whether the form was sent twice: its sender alone changed the record since, to what it says."""
    missed = row.version - (form.seen_version or 0)
    if (
        form.seen_version is None
        or missed < 1
        or any(f.data != getattr(row, f.name) for f in form.record_fields())
    ):
        return False
    actor, entries = current_actor(), entries_of(row, missed)
    return len(entries) == missed and {entry.actor_id for entry in entries} == {actor and actor.staff_id}


def conflict_of(view: RecordView, form: RecordForm, row: Any) -> Conflict:
    """Return what happened to `row` since the form was opened; fields only others changed follow them."""
    meanwhile = _meanwhile(view, form, row)
    found = [meanwhile.difference(field) for field in form.record_fields()]
    return Conflict(meanwhile.changes, {each.name: each for each in found if each is not None})


def since_listed(view: RecordView, form: RecordForm, row: Any) -> Conflict | None:
    """Return what others changed in the fields asked for since the list showed them; None where nothing."""
    form.version.data = request.args.get("version", "")
    if form.seen_version is None or form.seen_version == row.version:
        return None
    meanwhile = _meanwhile(view, form, row)
    changes = [change for change in meanwhile.changes if change.names]
    return Conflict(changes, {}) if changes else None


def _meanwhile(view: RecordView, form: RecordForm, row: Any) -> _Meanwhile:
    # Each change of a row is one version and one entry.
    entries = entries_of(row, max(0, row.version - (form.seen_version or 0)))
    names = [field.name for field in form.record_fields()]
    columns = {column.name: name for name in names if (column := column_of(view.model, name)) is not None}
    who = who_did(entries)
    changes = [
        Change(who[entry.id], entry.at, tuple(name for key, name in columns.items() if key in entry.changes))
        for entry in entries
    ]
    before = {
        # The newest entry comes first: the oldest has the last word on what stood there before.
        columns[key]: pair[0]
        for entry in entries
        for key, pair in entry.changes.items()
        if key in columns
    }
    words = readable_values(view, entries, columns)
    is_whole = form.seen_version is not None and form.seen_version + len(entries) == row.version
    return _Meanwhile(view, row, changes, is_whole, before, words, fetch_labels(view, names, [row]))


@dataclass(frozen=True, slots=True)
class _Meanwhile:
    """What happened to a record since a form of it was opened; `before` holds stored values by field.

    `is_whole` says that every change since then is known.
    """

    view: RecordView
    row: Any
    changes: list[Change]
    is_whole: bool
    before: dict[str, Any]
    words: Callable[[str, Any], str]
    labels: Labels

    def difference(self, field: RecordField) -> Difference | None:
        """Compare a field with the record; None where both say the same."""
        name, present, before = field.name, getattr(self.row, field.name), self.before
        field.object_data = present
        seen = _seen(name)
        is_changed = name in before or (seen is not None and seen != field.key_of(present))
        # What can't be read is a draft too, though it left the field as it was.
        if field.data == present and not (is_changed and field.process_errors):
            return None
        if not is_changed and self.is_whole:
            # Only the editor changed it: there is nothing to choose.
            return None
        is_untouched = not field.process_errors and (
            is_same(field.data, before[name])
            if name in before
            else seen is not None and field.key_of(field.data) == seen
        )
        if is_untouched:
            take(field, present)
        text = (
            self.words(name, before[name]) if name in before else field.words_of(seen) if is_changed else None
        )
        shown = cell(self.view, self.row, name, self.labels)
        is_prose = shown.drawn_as in ("text", "long")
        parts = marked(text, shown.text) if is_prose else [(shown.text, False)]
        by = self._by(name, is_changed=is_changed)
        return Difference(name, text, shown, parts, by, is_untouched, takes_theirs(name))

    def _by(self, name: str, *, is_changed: bool) -> Change | None:
        by = next((change for change in self.changes if name in change.names), None)
        # Rows of another table are no column: whoever saved last changed them, or knew them changed.
        return self.changes[0] if by is None and is_changed and self.changes else by


def _seen(name: str) -> str | None:
    key = request.form.get(f"{SEEN}{name}")
    # Browsers send line ends of their own.
    return None if key is None else key.replace("\r\n", "\n")


def take(field: RecordField, value: Any) -> None:
    """Put a value of the record into a field, in place of what was typed."""
    field.data = value
    field.process_errors = []
    if isinstance(field, RelationField):
        field.label_of_data = None


def marked(before: str | None, after: str) -> list[tuple[str, bool]]:
    """Return `after` in pieces, each with whether it is new; one piece where little is in common."""
    if not before or not after or max(len(before), len(after)) > MARKED_MOST:
        return [(after, False)]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE_ENOUGH:
        return [(after, False)]
    steps = ((after[j:k], tag != "equal") for tag, _from, _to, j, k in matcher.get_opcodes())
    return [(text, is_new) for text, is_new in steps if text]


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
