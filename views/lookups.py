"""Finding a record to refer to: a plain list for small tables, a search as one types for all that grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flask import current_app, g, url_for
from sqlalchemy import ColumnElement, String, and_, any_, cast, func, literal, or_, select

from models import Department, Position, Record, Region, Subject, db
from models.need_to_know import masked_names, readable_label
from models.phones import HasPhone, digits_of
from models.pinyin import keys_sounding_like
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


def escape_like(term: str) -> str:
    """Return `term` so that its own % and _ are found, not obeyed."""
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search_condition(model: type[Record], names: Sequence[str], typed: str) -> ColumnElement[bool] | None:
    """Return the condition that each word typed stands in one of the attributes `names`; None for no word.

    What the reader reads masked is found by its whole value alone: parts of it would tell the rest.
    """
    line = clean_line(typed[:SEARCH_MOST])
    terms = line.split()[:TERMS_MOST]
    if not terms or not names:
        return None
    found = and_(*(or_(*(_matches(model, name, term) for name in names)) for term in terms))
    if len(terms) == 1:
        return found
    masked = [name for name in names if name in masked_names(model)]
    # A name that is written as it sounds, with blanks between the syllables.
    sounds = _sounds(model, line) if "name" in names else None
    return or_(
        found, *(is_exactly(model, name, line) for name in masked), *([] if sounds is None else [sounds])
    )


def searched_names(model: type[Record]) -> tuple[str, ...]:
    """Return the attributes in which a record type is searched: those that its own screen names."""
    view = view_of(model)
    return view.column_searchable_list if view else ()


def _matches(model: type[Record], name: str, term: str) -> ColumnElement[bool]:
    """Return the condition that `term` stands in an attribute, in a phone cell also as digits only."""
    from views.forms import column_of, target_of

    attribute = getattr(model, name)
    target = target_of(model, name)
    if target is not None and column_of(model, name) is None:
        found: ColumnElement[bool] = attribute.any(_contains(attribute.property.mapper.class_.name, term))
        return found
    if target is not None:
        return _matches_record(attribute, target, term)
    if name in masked_names(model):
        return is_exactly(model, name, term)
    digits = digits_of(term) if name == "phone" and issubclass(model, HasPhone) else None
    sounds = _sounds(model, term) if name == "name" else None
    if sounds is not None:
        return or_(_contains(attribute, term), sounds)
    if digits is None:
        return _contains(attribute, term)
    numbers = func.array_to_string(attribute.class_.phone_numbers, " ")
    return or_(_contains(attribute, term), numbers.like(f"%{digits}%"))


def is_exactly(model: type[Record], name: str, typed: str) -> ColumnElement[bool]:
    """Return the condition that an attribute is what was typed, a phone number one of those in its cell."""
    same: ColumnElement[bool] = getattr(model, name).ilike(escape_like(typed), escape="\\")
    digits = digits_of(typed) if name == "phone" and issubclass(model, HasPhone) else None
    if digits is None:
        return same
    numbers: Any = model.phone_numbers  # type: ignore[attr-defined]  # what has a phone has them
    return or_(same, literal(digits) == any_(numbers))


def _matches_record(attribute: Any, target: type[Record], term: str) -> ColumnElement[bool]:
    """Return the condition that the record referred to is found by `term` in its own plain attributes."""
    from views.forms import target_of

    plain = [name for name in searched_names(target) if target_of(target, name) is None]
    matches = select(target.id).where(or_(*(_matches(target, name, term) for name in plain)))
    # Not tied to the query around it, which may be over the same table.
    found: ColumnElement[bool] = attribute.in_(matches.correlate(None))
    return found


def _sounds(model: type[Record], typed: str) -> ColumnElement[bool] | None:
    """Return the condition that a name is typed as it sounds; None where it can't be, or is read masked."""
    keys = None if "name" in masked_names(model) else keys_sounding_like(model, typed)
    return None if keys is None else model.id.in_(keys)


def _contains(column: Any, term: str) -> ColumnElement[bool]:
    text = column if isinstance(column.type, String) else cast(column, String)
    return text.ilike(f"%{escape_like(term)}%", escape="\\")
