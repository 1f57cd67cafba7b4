"""Finding a record to refer to: a plain list for small tables, a search as one types for all that grow."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from flask import current_app, url_for

from models import Record
from models.need_to_know import readable_label
from models.small_tables import small_rows
from views.trees import tree_order

if TYPE_CHECKING:
    from views.base import RecordView

SMALL_MOST = 500


def small_options(model: type[Record]) -> list[tuple[str, str]]:
    """Return id and label of the kept records of a small table, trees indented."""
    kept = {key: row for key, row in small_rows(model).items() if not row.is_deleted}
    first = dict(islice(kept.items(), SMALL_MOST))
    labels = {key: readable_label(model, row.label) for key, row in first.items()}
    if hasattr(model, "parent_id"):
        ordered = tree_order((key, row.parent_id) for key, row in first.items())
        return [(str(key), "\u3000" * depth + labels[key]) for key, depth in ordered]
    return [(str(key), label) for key, label in labels.items()]


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
