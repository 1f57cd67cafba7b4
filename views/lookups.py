"""Finding a record to refer to: a plain list for small tables, a search as one types for all that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, g, url_for
from sqlalchemy import select

from models import Department, Position, Record, Region, Subject, db
from models.need_to_know import readable_label
from views.trees import tree_order

if TYPE_CHECKING:
    from views.base import RecordView

# Tables that an office fills by hand and that fit into one list; every other relation is looked up.
SMALL = frozenset({Department, Region, Position, Subject})
SMALL_MOST = 500


def is_small(model: type[Record]) -> bool:
    """Tell whether a table may be offered as one plain list."""
    return model in SMALL


def small_options(model: type[Record]) -> list[tuple[str, str]]:
    """Return id and label of the visible records of a small table, trees indented; one query a request."""
    kept: dict[type[Record], list[tuple[str, str]]] = g.setdefault("small_options", {})
    if model not in kept:
        kept[model] = _fetch_options(model)
    return kept[model]


def _fetch_options(model: type[Record]) -> list[tuple[str, str]]:
    statement = (
        select(model.id, model.label_column()).order_by(model.sort_column(), model.id).limit(SMALL_MOST)
    )
    if hasattr(model, "parent_id"):
        rows = db.session.execute(statement.add_columns(model.parent_id)).all()
        labels = {key: readable_label(model, text) for key, text, _parent in rows}
        ordered = tree_order([(key, parent) for key, _text, parent in rows])
        return [(str(key), "\u3000" * depth + labels[key]) for key, depth in ordered]
    return [(str(key), readable_label(model, text)) for key, text in db.session.execute(statement)]


def view_of(model: type[Record]) -> RecordView | None:
    """Return the screen on which a record type is kept; None where it has none."""
    views: dict[type[Record], RecordView] = current_app.extensions["record_views"]
    return views.get(model)


def view_named(table: str) -> RecordView | None:
    """Return the screen on which the records of a table are kept; None where it has none."""
    views: dict[type[Record], RecordView] = current_app.extensions["record_views"]
    return next((view for model, view in views.items() if model.__tablename__ == table), None)


def page_of(table: str, key: int | None) -> str | None:
    """Return the address of a record's page; None where there is none, or the reader may not open it."""
    view = view_named(table)
    if key is None or view is None or not view.is_allowed("read"):
        return None
    return url_for(f"{view.endpoint}.details_view", id=key)
