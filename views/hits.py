"""What the search over everything finds of one type: the likeliest first, with what tells them apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import g
from sqlalchemy import ColumnElement, String, any_, case, func, literal, or_, select

from models import Complaint, Customer, Dealer, Part, Record, Vehicle, db
from models.need_to_know import masked_names, readable, readable_label
from models.phones import HasPhone, digits_of
from models.pinyin import SortedByName, letters_of, pinyin_key
from models.searching import holds_pieces, indexed_names, pieces_in
from models.sql import Label, by_bitmaps, labels_for, table_sizes
from views.finding import (
    WINDOW,
    Search,
    escape_like,
    first_matches,
    is_exactly,
    search_for,
    searched_from,
)
from views.forms import column_of, target_of

if TYPE_CHECKING:
    from views.base import RecordView

# What people look for most often, in this order; every other type follows.
FIRST_TYPES: tuple[type[Record], ...] = (Customer, Vehicle, Complaint, Dealer, Part)
# How near a hit is to what was typed: it is that, it ends in it as one says a phone or a plate, or begins so.
SAME, ENDING, BEGINNING, WITHIN = range(4)
# Longer texts are sentences: that one begins or ends in what was typed says nothing.
NAME_MOST = 160
HINT_MOST = 60
# Of a table with more rows than one looks through, the likeliest are chosen from so many that match.
CHOSEN_FROM = 200
LAST_SIGN = chr(0x10FFFF)
# Of a sentence, so much is quoted, from so much before the word on.
QUOTED_MOST = 34
AROUND = 10
_FULL_NUMBER = re.compile(r"([A-Z]{2})-\d{4}-\d+", re.IGNORECASE)
_NUMBER_DEFAULT = re.compile(r"next_number\('([A-Z]+)'\)")


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found; `closeness` is SAME, ENDING, BEGINNING or WITHIN."""

    id: int
    label: str
    hint: str
    closeness: int


def find_hits(view: RecordView, typed: str, most: int) -> list[Hit]:
    """Return at most so many visible records that match what was typed, the likeliest first."""
    model = view.model
    search = search_for(model, typed)
    if search is None:
        return []
    names = _hint_names(view)
    near = _closeness(model, view.column_searchable_list, typed)
    # Names by the alphabet, numbered records from the newest on.
    order = model.sort_column().asc() if issubclass(model, SortedByName) else model.id.desc()
    columns = (getattr(model, name) for name in names)
    statement = (
        select(model.id, model.label_column(), near, *columns)
        .where(_likely(search, most))
        .order_by(near, order, model.id.desc())
        .limit(most)
    )
    rows = db.session.execute(statement).all()
    labels = {
        name: labels_for(target, [row[at] for row in rows if row[at] is not None])
        for at, name in enumerate(names, 3)
        if (target := target_of(model, name)) is not None
    }
    hits = []
    for key, stored, nearness, *values in rows:
        label = readable_label(model, stored) or str(key)
        hint = _hint(view, label, dict(zip(names, values, strict=True)), labels, typed)
        hits.append(Hit(key, label, hint, nearness))
    return hits


def _likely(search: Search, most: int) -> ColumnElement[bool]:
    """Return the condition on the rows to choose from: of a long table the newest that match, and namesakes.

    To tell how near each of a hundred thousand rows is takes longer than anybody waits.
    """
    model: Any = search.model
    if _sizes().get(model.__tablename__, 0) <= WINDOW:
        return search.condition()
    # Of one sign no index knows; who types a second one is answered from all of them.
    enough = most if pieces_in(search.line) else 0
    newest = select(model).order_by(model.id.desc())
    if (since := searched_from(newest, search)) is not None:
        newest = newest.where(model.id >= since)
    keys = [*first_matches(newest, search, enough, CHOSEN_FROM).keys[:CHOSEN_FROM]]
    if issubclass(model, SortedByName) and "name" not in masked_names(model):
        keys += _beginning(model, search.line)
    chosen: ColumnElement[bool] = model.id.in_(keys)
    return chosen


def _beginning(model: Any, line: str) -> list[int]:
    """Return those of the records whose names begin with what was typed, by the alphabet.

    Of a single Chinese character none: the pieces don't know it, and for what names sort by, a process that
    only reads would load the dictionary of pinyin, 55 MB.
    """
    found = select(model.id)
    if line.isascii():
        key = pinyin_key(line)
        found = found.where(model.name_sort >= key, model.name_sort < key + LAST_SIGN)
    elif pieces := pieces_in(line):
        names = indexed_names(model.__table__, model.searched)
        begins = model.name.ilike(f"{escape_like(line)}%", escape="\\")
        found = found.where(begins, holds_pieces(model, names, pieces))
    else:
        return []
    with by_bitmaps() if not line.isascii() else nullcontext():
        return list(db.session.scalars(found.order_by(model.name_sort).limit(CHOSEN_FROM)))


def _sizes() -> Mapping[str, int]:
    if "table_sizes" not in g:
        g.table_sizes = table_sizes()
    sizes: Mapping[str, int] = g.table_sizes
    return sizes


def may_match(model: type[Record], typed: str) -> bool:
    """Tell whether a record of the type can be meant: a number written in full means one type alone."""
    found = _FULL_NUMBER.fullmatch(typed)
    prefixes = _prefixes()
    prefix = found[1].upper() if found else ""
    return prefix not in prefixes or prefixes[prefix] is model


@cache
def _prefixes() -> Mapping[str, type[Record]]:
    """Return the record type of each prefix that numbers begin with."""
    from models import record_types

    found = {}
    for model in record_types():
        default: Any = getattr(
            getattr(model.__table__.columns.get("number"), "server_default", None), "arg", ""
        )
        drawn = _NUMBER_DEFAULT.search(str(default))
        if drawn:
            found[drawn[1]] = model
    return found


def _hint_names(view: RecordView) -> tuple[str, ...]:
    """Return the columns read with each hit: its hints, then whatever was searched and can be quoted."""
    searched = (name for name in view.column_searchable_list if column_of(view.model, name) is not None)
    return tuple(dict.fromkeys((*view.hint_columns, *searched)))


def _closeness(model: type[Record], names: tuple[str, ...], typed: str) -> ColumnElement[int]:
    """Return the SQL expression of how near a row is to what was typed.

    What the reader reads masked brings it near as a whole only: the order of the hits would tell the rest.
    """
    masked = masked_names(model)
    short = [
        getattr(model, name)
        for name in names
        if name not in masked
        and isinstance(kind := getattr(column_of(model, name), "type", None), String)
        and kind.length is not None
        and kind.length <= NAME_MOST
    ]
    like = escape_like(typed)
    same = [column.ilike(like, escape="\\") for column in short]
    same += [is_exactly(model, name, typed) for name in names if name in masked]
    beginning = [column.ilike(f"{like}%", escape="\\") for column in short]
    # The last characters of a name say little, those of a number or a plate are what people know.
    has_digit = any(character.isdigit() for character in typed)
    ending = [column.ilike(f"%{like}", escape="\\") for column in short] if has_digit else []
    digits = digits_of(typed) if issubclass(model, HasPhone) and "phone" not in masked else None
    if digits is not None and issubclass(model, HasPhone):
        numbers: Any = model.phone_numbers
        same.append(literal(digits) == any_(numbers))
        ending.append((func.array_to_string(numbers, " ") + " ").like(f"%{digits} %"))
    letters = letters_of(typed) if issubclass(model, SortedByName) and "name" not in masked else None
    if letters is not None and issubclass(model, SortedByName):
        same.append(func.name_syllables(model.name_sort) == letters)
        beginning.append(func.name_initials(model.name_sort) == letters)
    steps = ((same, SAME), (ending, ENDING), (beginning, BEGINNING))
    tried = [(or_(*conditions), nearness) for conditions, nearness in steps if conditions]
    return case(*tried, else_=WITHIN) if tried else literal(WITHIN)


def _hint(
    view: RecordView,
    label: str,
    values: Mapping[str, Any],
    labels: Mapping[str, Mapping[int, Label]],
    typed: str,
) -> str:
    """Return what tells a record apart, with the words around a term that stands in what is not shown."""
    words = typed.casefold().split()
    texts = {name: _text(view.model, name, value, labels.get(name)) for name, value in values.items()}
    shown = [texts[name][:HINT_MOST] for name in view.hint_columns if texts[name]]
    said = " ".join((label, *shown)).casefold()
    for text in texts.values():
        word = next((word for word in words if word not in said and word in text.casefold()), None)
        if word is not None and text[:HINT_MOST] not in shown:
            shown.append(_around(text, word))
            said += f" {shown[-1].casefold()}"
    return " · ".join(shown)


def _text(model: type[Record], name: str, value: Any, labels: Mapping[int, Label] | None) -> str:
    if not value:
        return ""
    if labels is None:
        return " ".join(readable(model, name, str(value)).split())
    return labels[value].text if value in labels else ""


def _around(text: str, word: str) -> str:
    """Return a text as far as it fits, from shortly before the word on."""
    at = text.casefold().find(word)
    start = max(0, min(at - AROUND, len(text) - QUOTED_MOST))
    end = start + QUOTED_MOST
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
