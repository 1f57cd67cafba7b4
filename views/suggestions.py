"""What a relation field offers as one types, and what a choice fills in elsewhere in the form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from models import Record, db
from models.sql import Label, labels_for
from views.forms import target_of
from views.lookups import search_columns, search_condition, view_of

FOUND_MOST = 20
HINT_MOST = 80
NOTHING_FILLED: Mapping[str, str] = MappingProxyType({})
EMPTY = {"value": "", "label": ""}


def look_up(
    model: type[Record], typed: str, fills: Mapping[str, str] = NOTHING_FILLED
) -> list[dict[str, Any]]:
    """Return the first visible records that match what was typed: id, label, and what tells them apart.

    `fills` names fields of a form, and the column of the record found that each is filled in from. Who may
    not list these records on their own screen gets labels only.
    """
    view = view_of(model)
    may_list = view is not None and view.is_allowed("list")
    hints = view.hint_columns if view is not None and may_list else ()
    wanted = fills if may_list else NOTHING_FILLED
    label = model.label_column()
    columns = [getattr(model, name) for name in (*hints, *wanted.values())]
    statement = select(model.id, label, *columns).order_by(label, model.id).limit(FOUND_MOST)
    condition = search_condition(search_columns(model), typed)
    if condition is not None:
        statement = statement.where(condition)
    rows = db.session.execute(statement).all()
    labels = {
        column: labels_for(target, [row[at] for row in rows if row[at] is not None])
        for at, column in enumerate(wanted.values(), 2 + len(hints))
        if (target := target_of(model, column)) is not None
    }
    found = []
    for key, text, *values in rows:
        known = zip(wanted.items(), values[len(hints) :], strict=True)
        filled = {name: _filled(value, labels.get(column)) for (name, column), value in known}
        found.append(
            {
                "id": key,
                "label": str(text or key),
                "hint": " · ".join(str(value) for value in values[: len(hints)] if value)[:HINT_MOST],
                "fills": filled,
            }
        )
    return found


def _filled(value: Any, labels: Mapping[int, Label] | None) -> dict[str, str]:
    """Return what a field is filled with: a relation by id and label, unless the reader may not use it."""
    if value is None:
        return EMPTY
    if labels is None:
        return {"value": value.isoformat() if isinstance(value, date) else str(value), "label": ""}
    chosen = labels.get(value)
    return {"value": str(value), "label": chosen.text} if chosen and chosen.is_visible else EMPTY
