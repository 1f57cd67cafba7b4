"""What hangs on a record, on its page: the newest of each type as a short list, and the way to all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy import Select, bindparam, func, select

from models import Record, db
from views.brief_table import brief_table
from views.cells import fetch_labels_of
from views.deletion import holds
from views.lookups import view_of

if TYPE_CHECKING:
    from views.base import RecordView

COUNT_MOST = 1000
ROWS_MOST = 5
# So many columns of the list where a type doesn't say which ones its short list has.
COLUMNS_MOST = 5


@dataclass(frozen=True, slots=True)
class Linked:
    """Records of a type that name the one shown in their column `held_by`, as far as the reader may see them.

    `new_url` is None where the reader may enter none; `rows` are the first of the short list; `named_as` is
    the column's label where records of the type name this one in several ways, else empty.
    """

    view: RecordView
    held_by: str
    count: int
    url: str
    new_url: str | None
    rows: list[Any] = field(default_factory=list)
    named_as: str = ""

    @property
    def label(self) -> str:
        """Return what the records are called."""
        return str(self.view.plural)

    @property
    def is_counted_out(self) -> bool:
        """Tell whether `count` is exact."""
        return self.count <= COUNT_MOST

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns of the short list: those that say more than the page it stands on."""
        first = tuple(name for name in self.view.column_list if name != "updated_at")[:COLUMNS_MOST]
        # A copy of the name of the record that is shown says nothing new either.
        copies = {name for name, source in self.view.fills.get(self.held_by, {}).items() if source == "name"}
        return tuple(
            name for name in self.view.brief_columns or first if name != self.held_by and name not in copies
        )


@dataclass(frozen=True, slots=True)
class LinkedRecords:
    """Everything that hangs on a record: short lists, types of which there is none yet, and mere numbers."""

    cards: list[Linked]
    empty: list[Linked]
    others: list[Linked]
    draw: Callable[[Linked], Markup]

    @property
    def listed(self) -> list[Linked]:
        """Return the types that the page shows, be there records of them or not."""
        return [*self.cards, *self.empty]


def linked_records(view: RecordView, row: Any, *, with_rows: bool = True) -> LinkedRecords:
    """Return what refers to `row`, where the reader may list it.

    One query for all numbers, one for each short list that has rows, one for each table that they name.
    """
    found = count_linked(view, row)
    shown = found if view.cards is None else _in_order(found, view.cards)
    cards = [_with_rows(each, row.id) if with_rows else each for each in shown if each.count]
    labels = fetch_labels_of((each.view, each.names, each.rows) for each in cards)
    return LinkedRecords(
        cards=cards,
        empty=[each for each in shown if not each.count],
        others=[each for each in found if each not in shown],
        draw=lambda each: brief_table(each.view, each.names, each.rows, labels),
    )


def count_linked(view: RecordView, row: Any) -> list[Linked]:
    """Return the types of records that refer to `row`, with their numbers; one query in all."""
    found: list[tuple[RecordView, str]] = []
    for record, held in holds(view.model):
        other = view_of(record)
        if other is not None and held.key in other.column_filters and other.is_allowed("list"):
            found.append((other, held.key))
    if not found:
        return []
    counting = _counting(tuple((other.model, name) for other, name in found))
    counts = db.session.execute(counting, {"key": row.id}).one()
    ways = Counter(other for other, _name in found)
    return [
        _linked(other, name, row.id, count, is_one_of_several=ways[other] > 1 or other is view)
        for (other, name), count in zip(found, counts, strict=True)
    ]


def newest_first(view: RecordView, statement: Select[Any]) -> Select[Any]:
    """Return the statement in the order of the view's list, so that the index of a key serves it."""
    name, is_descending = view.default_sort
    column: Any = getattr(view.model, f"{name}_sort", getattr(view.model, name))
    key = view.model.id
    if not is_descending:
        return statement.order_by(column.asc(), key.asc())
    return statement.order_by(column.desc(), key.desc())


def _in_order(found: list[Linked], tables: tuple[str, ...]) -> list[Linked]:
    return [each for table in tables for each in found if each.view.model.__tablename__ == table]


def _with_rows(linked: Linked, key: int) -> Linked:
    rows = list(db.session.scalars(_newest(linked.view, linked.held_by), {"key": key}))
    return replace(linked, rows=rows)


@lru_cache(maxsize=200)
def _newest(view: RecordView, name: str) -> Select[Any]:
    """Return the statement that finds the rows of a short list, which name the record `key`."""
    statement = select(view.model).where(getattr(view.model, name) == bindparam("key"))
    return newest_first(view, statement).options(*view.list_options).limit(ROWS_MOST)


@lru_cache(maxsize=200)
def _counting(held: tuple[tuple[type[Record], str], ...]) -> Select[Any]:
    """Return the statement that counts what names the record `key`; to put it together takes longer."""
    return select(*(_count(model, name) for model, name in held))


def _count(model: type[Record], name: str) -> Any:
    key: Any = getattr(model, name)
    capped = select(model.id).where(key == bindparam("key")).limit(COUNT_MOST + 1).subquery()
    return select(func.count()).select_from(capped).scalar_subquery()


def _linked(other: RecordView, name: str, key: int, count: int, *, is_one_of_several: bool) -> Linked:
    filtered: dict[str, Any] = {f"flt_{name}": key}
    filled: dict[str, Any] = {name: key}
    can_enter = other.is_allowed("create") and name in other.form_names
    return Linked(
        view=other,
        held_by=name,
        count=count,
        url=url_for(f"{other.endpoint}.index_view", **filtered),
        new_url=url_for(f"{other.endpoint}.create_view", **filled) if can_enter else None,
        named_as=str(other.get_column_name(name)) if is_one_of_several else "",
    )
