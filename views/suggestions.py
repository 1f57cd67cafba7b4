"""What a relation field offers as one types, and what a choice fills in elsewhere in the form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, select

from models import Record, db
from models.base import reads_english
from models.need_to_know import is_label_masked, readable, readable_label
from models.pinyin import initials_of
from models.sql import Label, labels_for
from views.fields import clean_line
from views.finding import SEARCH_MOST, search_condition
from views.forms import column_of, target_of
from views.lookups import small_options, view_of

FOUND_MOST = 20
HINT_MOST = 80
NOTHING_FILLED: Mapping[str, str] = MappingProxyType({})
# A circle in a tree must not turn for ever.
DEEPEST = 8
EMPTY = {"value": "", "label": ""}
# What a form has chosen already: a record that belongs to it too is the likeliest.
OWNERS = ("vehicle_id", "customer_id")
NO_OWNERS: Mapping[str, int] = MappingProxyType({})


def look_up(
    model: type[Record],
    typed: str,
    fills: Mapping[str, str] = NOTHING_FILLED,
    only: int | None = None,
    owners: Mapping[str, int] = NO_OWNERS,
) -> list[dict[str, Any]]:
    """Return the first visible records that match what was typed: id, label, and what tells them apart.

    `fills` names fields of a form, and the column of the record found that each is filled in from; with
    `only`, nothing but the record of this id is answered. What belongs to `owners` comes first, and before
    anything is typed alone. Who may not list these records on their own screen gets labels only.
    """
    view = view_of(model)
    may_list = view is not None and view.is_allowed("list")
    hints = view.hint_columns if view is not None and may_list else ()
    wanted = fills if may_list else NOTHING_FILLED
    label = model.label_column()
    columns = (*hints, *wanted.values())
    # Sorted by a label of which the reader sees a part, the order would tell the rest.
    order = [model.id.desc()] if is_label_masked(model) else [model.sort_column(), model.id]
    statement = (
        select(model.id, label, *(getattr(model, name) for name in columns))
        .order_by(*order)
        .limit(FOUND_MOST)
    )
    condition = search_condition(model, typed)
    if condition is not None:
        statement = statement.where(condition)
    if only is not None:
        statement = statement.where(model.id == only)
    rows = _rows_of(statement, _owned(model, owners), has_typed=condition is not None)
    labels = {
        name: labels_for(target, [row[at] for row in rows if row[at] is not None])
        for at, name in enumerate(columns, 2)
        if (target := target_of(model, name)) is not None
    }
    found = []
    for key, text, *values in rows:
        shown = [
            _shown(model, name, value, labels.get(name))
            for name, value in zip(hints, values[: len(hints)], strict=True)
        ]
        known = zip(wanted.items(), values[len(hints) :], strict=True)
        found.append(
            {
                "id": key,
                "label": readable_label(model, text) or str(key),
                "hint": " · ".join(text for text in shown if text)[:HINT_MOST],
                "fills": {
                    name: _filled(name, _known(model, column, value), labels.get(column))
                    for (name, column), value in known
                },
            }
        )
    return found


def look_up_small(model: type[Record], typed: str) -> list[dict[str, Any]]:
    """Return the records of a small table that match what was typed, the likeliest first, else as they stand.

    Found by name, code, another word for it, or the pinyin of the name: its initials, or as one would write
    it. The hint says under what a record stands in its tree, and by which other word it was found.
    """
    wanted = clean_line(unicodedata.normalize("NFKC", typed[:SEARCH_MOST])).casefold()
    kept = ("code", "name", "name_en", "also_called", "name_sort", "parent_id")
    names = [name for name in kept if hasattr(model, name)]
    columns = (getattr(model, name) for name in names)
    rows = {row.id: row for row in db.session.execute(select(model.id, *columns))}
    found = []
    for key, label in small_options(model):
        closeness = _closeness(rows[int(key)], wanted) if int(key) in rows else None
        if closeness is not None:
            row = rows[int(key)]
            hints = [_above(int(key), rows, model), *_called_otherwise(row, wanted)]
            hint = " · ".join(text for text in hints if text)
            found.append((closeness, {"id": int(key), "label": label.strip(), "hint": hint}))
    return [hit | {"fills": {}} for _near, hit in sorted(found, key=lambda each: each[0])]


def _closeness(row: Any, wanted: str) -> int | None:
    """Return how near a row is to what was typed, 0 for the nearest; None where it does not match."""
    said = [*_names_of(row), *(text.casefold() for text in _other_words(row))]
    sounds = initials_of(getattr(row, "name_sort", ""))
    words = wanted.split()
    if not words:
        return 0
    if wanted in (*said, *sounds):
        return 0
    if any(text.startswith(wanted) for text in (*said, *sounds)):
        return 1
    return 2 if all(any(word in text for text in (*said, *sounds)) for word in words) else None


def _names_of(row: Any) -> list[str]:
    return [text.casefold() for name in ("name", "name_en", "code") if (text := getattr(row, name, None))]


def _other_words(row: Any) -> list[str]:
    """Return what a record is also called, word for word."""
    return re.findall(r"[^\s,;/，、；]+", getattr(row, "also_called", None) or "")


def _called_otherwise(row: Any, wanted: str) -> list[str]:
    """Return the other words in which stands what was typed, where it stands in no name of the record."""
    if not wanted or any(wanted in text for text in _names_of(row)):
        return []
    return [text for text in _other_words(row) if wanted in text.casefold()]


def _above(key: int, rows: Mapping[int, Any], model: type[Record]) -> str:
    """Return under what a record stands in its tree, from the top; empty where it stands by itself."""
    names: list[str] = []
    parent: Any = getattr(rows[key], "parent_id", None)
    while parent in rows and len(names) < DEEPEST:
        row = rows[parent]
        shown = (getattr(row, "name_en", None) if reads_english() else None) or row.name
        names.insert(0, readable_label(model, shown))
        parent = row.parent_id
    return " › ".join(names)


def _owned(model: type[Record], owners: Mapping[str, int]) -> ColumnElement[bool] | None:
    """Return the condition that a record belongs to what the form has chosen; None where it can't."""
    known = [
        getattr(model, name) == key for name, key in owners.items() if column_of(model, name) is not None
    ]
    return and_(*known) if known else None


def _rows_of(statement: Any, owned: ColumnElement[bool] | None, *, has_typed: bool) -> list[Any]:
    """Return the owned rows, then the others: two statements, so that each goes by an index."""
    if owned is None:
        return list(db.session.execute(statement))
    rows = list(db.session.execute(statement.where(owned)))
    if len(rows) < FOUND_MOST and (has_typed or not rows):
        rows += db.session.execute(statement.where(not_(func.coalesce(owned, False))))
    return rows[:FOUND_MOST]


def _shown(model: type[Record], name: str, value: Any, labels: Mapping[int, Label] | None) -> str:
    """Return what a reader is shown of a value: of a relation its label."""
    if not value:
        return ""
    if labels is None:
        return readable(model, name, str(value))
    return labels[value].text if value in labels else ""


def _known(model: type[Record], name: str, value: Any) -> Any:
    """Return a value to fill a field with; None where the reader may not know the whole of it."""
    return None if isinstance(value, str) and readable(model, name, value) != value else value


def _filled(field: str, value: Any, labels: Mapping[int, Label] | None) -> dict[str, str]:
    """Return what a field is filled with: a relation by id and label, unless the reader may not use it.

    A field that is no relation itself takes the label as its text.
    """
    if value is None:
        return EMPTY
    if labels is None:
        return {"value": value.isoformat() if isinstance(value, date) else str(value), "label": ""}
    chosen = labels.get(value)
    if chosen is None:
        return EMPTY
    if not field.endswith("_id"):
        return {"value": chosen.text, "label": ""}
    return {"value": str(value), "label": chosen.text} if chosen.is_visible else EMPTY
