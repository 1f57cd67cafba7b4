"""In what order a list stands, and how to read it from any place on: by values, never by counting rows.

An OFFSET reads all that it passes over. Here a place is the row after which to go on, found by an index over
the column and the key. No index gives the order of a closed list, or empty values last in both directions:
such an order is read in segments, one after the other, each of which an index serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, ColumnElement, Date, DateTime, Enum, Select, literal, select, tuple_

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
    """The order of a list: its segments, and whether rows stand from the greatest to the least."""

    model: Any
    column: Any
    segments: tuple[Segment, ...]
    is_descending: bool

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
    # A name sorts by the key that is kept for that.
    column: Any = getattr(view.model, f"{name}_sort", getattr(view.model, name))
    assert stored is not None
    segments = [Segment(column=column)]
    if isinstance(stored.type, (Boolean, Enum)):
        # A closed list in its own order, not in that of its spelling.
        values = [False, True] if isinstance(stored.type, Boolean) else list(labelled(stored.type))
        segments = [Segment(column == value) for value in (reversed(values) if is_descending else values)]
    elif stored.nullable:
        segments = [Segment(column.is_not(None), column)]
    if stored.nullable:
        is_first = view.starts_with_empty and sort is None
        segments.insert(0 if is_first else len(segments), Segment(column.is_(None)))
    return Order(view.model, column, tuple(segments), is_descending)


def is_by_time(order: Order) -> bool:
    """Tell whether rows stand by a day or an instant, so that one can go to a date."""
    return isinstance(order.column.type, (Date, DateTime))
