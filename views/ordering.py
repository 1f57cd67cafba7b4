"""In what order a list stands, and how to read it from any place on: by values, never by counting rows.

An OFFSET reads all that it passes over. Here a place is the row after which to go on, found by an index over
the column and the key. No index gives the order of a closed list, or empty values last in both directions:
such an order is read in segments, one after the other, each of which an index serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, ColumnElement, Date, DateTime, Enum, Select, Table, literal, select, tuple_

from models import db
from models.scope import WITH_DELETED
from views.forms import column_of, labelled

if TYPE_CHECKING:
    from views.base import RecordView


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows that stand together: those that meet `condition` (None: all), by `column`, then by the key.

    Without a column they stand by the key alone, since all have the same value.
    """

    condition: ColumnElement[bool] | None = None
    column: Any = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on reading: in which segment, past which value and key."""

    segment: int
    value: Any
    key: int


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: its segments, and whether rows stand from the greatest to the least.

    `column` is the one by which the rows of each segment stand that has one.
    """

    model: Any
    column: Any
    segments: tuple[Segment, ...]
    is_descending: bool
    # Whether rows stand by a day or an instant, so that one can go to a date.
    is_by_time: bool

    @property
    def is_plain(self) -> bool:
        """Tell whether the rows are not read in segments."""
        return len(self.segments) == 1

    def place_of(self, key: int) -> Place | None:
        """Return where the row with this key stands, also a deleted one; None where the reader sees none."""
        matches = (literal(True) if each.condition is None else each.condition for each in self.segments)
        statement = select(self.column, *matches).where(self.model.id == key)
        found = db.session.execute(statement, execution_options={WITH_DELETED: True}).first()
        if found is None:
            return None
        value, *is_in = found
        return Place(is_in.index(True), value, key)

    def place_before(self, value: Any) -> Place:
        """Return the place before all rows with this value; the order must be by one segment's column."""
        at = next(at for at, each in enumerate(self.segments) if each.column is not None)
        return Place(at, value, _LAST_KEY if self.is_descending else 0)

    def parts(
        self, statement: Select[Any], place: Place | None = None, *, backwards: bool = False
    ) -> Iterator[Select[Any]]:
        """Yield statements whose rows, one after the other, are those past a place (None: all).

        Backwards they come in reverse, the nearest first.
        """
        numbered = list(enumerate(self.segments))
        for at, segment in reversed(numbered) if backwards else numbered:
            part = statement if segment.condition is None else statement.where(segment.condition)
            if place is not None:
                if at < place.segment if not backwards else at > place.segment:
                    continue
                if at == place.segment:
                    part = part.where(self._is_past(segment, place, backwards=backwards))
            yield part.order_by(*self._by(segment, backwards=backwards))

    def _is_past(self, segment: Segment, place: Place, *, backwards: bool) -> ColumnElement[bool]:
        key = self.model.id
        here: Any = literal(place.key)
        if segment.column is not None:
            key = tuple_(segment.column, key)
            here = tuple_(literal(place.value, segment.column.type), here)
        past: ColumnElement[bool] = key < here if self.is_descending != backwards else key > here
        return past

    def _by(self, segment: Segment, *, backwards: bool) -> list[ColumnElement[Any]]:
        columns = [self.model.id] if segment.column is None else [segment.column, self.model.id]
        return [each.desc() if self.is_descending != backwards else each.asc() for each in columns]


# No key is greater.
_LAST_KEY = 2**63 - 1


def order_of(view: RecordView, sort: str | None, *, is_descending: bool) -> Order:
    """Return the order by a column of the list, or for None that of the view itself."""
    name, is_descending = view.default_sort if sort is None else (sort, is_descending)
    stored = column_of(view.model, name)
    assert stored is not None
    # A name sorts by the key that is kept for that.
    column: Any = getattr(view.model, f"{name}_sort", getattr(view.model, name))
    if isinstance(stored.type, (Boolean, Enum)):
        # A closed list in its own order, not in that of its spelling; within, by the time of the list.
        values = [False, True] if isinstance(stored.type, Boolean) else list(labelled(stored.type))
        within: Any = getattr(view.model, view.happens) if view.happens else None
        ordered = reversed(values) if is_descending else values
        segments = [Segment(column == value, within) for value in ordered]
        empty = Segment(column.is_(None), within)
        by = view.model.id if within is None else within
    else:
        segments = [Segment(column.is_not(None) if stored.nullable else None, column)]
        empty, by = Segment(column.is_(None)), column
    if stored.nullable:
        is_first = view.starts_with_empty and sort is None
        segments.insert(0 if is_first else len(segments), empty)
    return Order(view.model, by, tuple(segments), is_descending, is_by_time=by is column and _is_time(column))


def _is_time(column: Any) -> bool:
    return isinstance(column.type, (Date, DateTime))


def is_served(view: RecordView, sort: str) -> bool:
    """Tell whether an index gives the order by a column: without one all rows are sorted for each page."""
    stored = column_of(view.model, sort)
    assert stored is not None
    name = f"{sort}_sort" if hasattr(view.model, f"{sort}_sort") else sort
    wanted = [name]
    if isinstance(stored.type, (Boolean, Enum)):
        wanted.append(view.happens or "id")
    return any(columns[: len(wanted)] == wanted for columns in _indexed(view.model.__table__))


@cache
def _indexed(table: Table) -> tuple[list[str], ...]:
    """Return the columns of each index over all rows of a table that are kept, in order."""
    # Deleted rows stand in no list.
    whole = [
        index
        for index in table.indexes
        if str(index.dialect_options["postgresql"]["where"]) in ("None", "deleted_at IS NULL")
    ]
    unique = ([column.name] for column in table.columns if column.unique or column.primary_key)
    return (*([getattr(each, "name", "") for each in index.expressions] for index in whole), *unique)
