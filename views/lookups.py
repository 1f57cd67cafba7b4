"""Finding a record to refer to: a plain list for small tables, a search as one types for all that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app, g
from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select

from models import Department, Position, Record, Region, Subject, db
from views.fields import clean_line
from views.trees import tree_order

if TYPE_CHECKING:
    from views.base import RecordView

# Tables that an office fills by hand and that fit into one list; every other relation is looked up.
SMALL = frozenset({Department, Region, Position, Subject})
SMALL_MOST = 500
TERMS_MOST = 6
SEARCH_MOST = 100


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
        select(model.id, model.label_column()).order_by(model.label_column(), model.id).limit(SMALL_MOST)
    )
    if hasattr(model, "parent_id"):
        rows = db.session.execute(statement.add_columns(model.parent_id)).all()
        labels = {key: text for key, text, _parent in rows}
        ordered = tree_order([(key, parent) for key, _text, parent in rows])
        return [(str(key), "\u3000" * depth + labels[key]) for key, depth in ordered]
    return [(str(key), text) for key, text in db.session.execute(statement)]


def view_of(model: type[Record]) -> RecordView | None:
    """Return the screen on which a record type is kept; None where it has none."""
    views: dict[type[Record], RecordView] = current_app.extensions["record_views"]
    return views.get(model)


def escape_like(term: str) -> str:
    """Return `term` so that its own % and _ are found, not obeyed."""
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search_condition(columns: list[ColumnElement[Any]], typed: str) -> ColumnElement[bool] | None:
    """Return the condition that each word typed stands in one of `columns`; None for no word."""
    terms = clean_line(typed[:SEARCH_MOST]).split()[:TERMS_MOST]
    if not terms or not columns:
        return None
    texts = [column if isinstance(column.type, String) else cast(column, String) for column in columns]
    # A phone is found by its last digits, however it was grouped when it was written down.
    texts += [func.translate(text, " -", "") for text in texts if getattr(text, "key", None) == "phone"]
    return and_(
        *(or_(*(text.ilike(f"%{escape_like(term)}%", escape="\\") for text in texts)) for term in terms)
    )


def search_columns(model: type[Record]) -> list[ColumnElement[Any]]:
    """Return the columns in which a record type is searched: those that its own screen names."""
    view = view_of(model)
    return [getattr(model, name) for name in view.column_searchable_list] if view else [model.label_column()]
