"""What a relation field offers as one types, and what a choice fills in elsewhere in the form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, select

from models import Record, db
from models.need_to_know import is_label_masked, readable, readable_label
from models.sql import Label, labels_for
from views.forms import column_of, target_of
from views.lookups import search_condition, searched_names, view_of

FOUND_MOST = 20
HINT_MOST = 80
NOTHING_FILLED: Mapping[str, str] = MappingProxyType({})
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
    condition = search_condition(model, searched_names(model), typed)
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
