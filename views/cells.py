"""Values as people read them: in lists, on a record's page, in history and in exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import ARRAY, Boolean, Column, Enum, String, Text

from models import Record
from models.base import Labelled, reads_english
from models.need_to_know import readable
from models.sealing import SealedText
from models.sql import Label, labels_for
from views.addresses import before_id
from views.clock import show_date
from views.fields import SEALED
from views.forms import column_of, target_of
from views.lookups import view_of
from views.markup import element
from views.moments import dated_moment, moment
from views.revealed import is_revealed

if TYPE_CHECKING:
    from views.base import RecordView

Labels = dict[type[Record], dict[int, Label]]


class Cell(NamedTuple):
    """A value on a page: its text, how it is drawn, where it leads, its class as a badge, its day or instant.

    `is_masked` says that the reader does not see all of the text.
    """

    text: str
    drawn_as: str = "text"
    url: str | None = None
    value: str = ""
    at: date | None = None
    is_masked: bool = False


EMPTY = Cell("", "empty")
_NOTHING: tuple[Any, ...] = ("", [])
# Columns of these types have few values.
_CLOSED = (Enum, Boolean)
# Takes a record.
CellMaker = Callable[[Any], Cell]


def show(value: Cell, *, is_dated: bool = False) -> Markup:
    """Return a cell as pages draw it; `is_dated` writes the date first where it is near, and words beside it.

    No macro of a template: of a long list, calling those took as long as all else.
    """
    if value.drawn_as == "empty":
        return element("span", "—", class_="empty", aria_label=_("none"))
    if value.url:
        return element("a", value.text, href=value.url)
    if value.drawn_as == "badge":
        return element("span", value.text, class_=f"badge {value.value}")
    if value.at is not None:
        return dated_moment(value.at, value.text) if is_dated else moment(value.at, value.text)
    if value.drawn_as in ("yes", "no"):
        return element("span", value.text, class_=f"answer {value.drawn_as}")
    return escape(value.text)


def fetch_labels(view: RecordView, names: Iterable[str], rows: Iterable[Any]) -> Labels:
    """Return the labels of all records that the rows refer to: one query for each table."""
    return fetch_labels_of([(view, names, rows)])


def fetch_labels_of(parts: Iterable[tuple[RecordView, Iterable[str], Iterable[Any]]]) -> Labels:
    """Return the labels of all records that rows of several types refer to: one query for each table."""
    wanted: dict[type[Record], set[int]] = {}
    for view, names, rows in parts:
        kept = list(rows)
        for name in names:
            target = target_of(view.model, name)
            if target is not None and column_of(view.model, name) is not None:
                wanted.setdefault(target, set()).update(
                    k for row in kept if (k := getattr(row, name)) is not None
                )
    return {target: labels_for(target, ids) for target, ids in wanted.items()}


def cell(view: RecordView, row: Any, name: str, labels: Labels) -> Cell:
    """Return one value of a record as its cell."""
    value = getattr(row, name)
    return EMPTY if value is None or value in _NOTHING else _maker_of_filled(view, name, labels)(row, value)


def cell_maker(view: RecordView, name: str, labels: Labels) -> CellMaker:
    """Return what makes the cell of an attribute of a record; what all records have alike is asked once."""
    make = _maker_of_filled(view, name, labels)

    def make_cell(row: Any) -> Cell:
        value = getattr(row, name)
        return EMPTY if value is None or value in _NOTHING else make(row, value)

    return make_cell


def _maker_of_filled(view: RecordView, name: str, labels: Labels) -> Callable[[Any, Any], Cell]:
    target, column = target_of(view.model, name), column_of(view.model, name)
    if target is not None and column is None:
        return lambda _row, value: Cell(_(", ").join(own_label(each) for each in value), "several")
    if target is not None:
        return _of_value(_relation_maker(target, labels.get(target, {})))
    kind = getattr(view.model, name).type if column is None else column.type
    if isinstance(kind, _CLOSED):
        return _of_value(lambda value: plain_cell(value, name))
    if isinstance(kind, ARRAY):
        return lambda _row, value: Cell(several_labels(value, column), "several")
    if isinstance(kind, String):
        return _text_maker(view.model, name, kind)
    return lambda _row, value: plain_cell(value, name)


def _of_value(make: Callable[[Any], Cell]) -> Callable[[Any, Any], Cell]:
    """Return what makes the cell of each value once: rows have few different ones."""
    kept = cache(make)
    return lambda _row, value: kept(value)


def _text_maker(model: type[Record], name: str, kind: String) -> Callable[[Any, Any], Cell]:
    if isinstance(kind, SealedText):
        return lambda _row, _value: Cell(SEALED)
    drawn_as = "long" if isinstance(kind, Text) else "text"

    def make_text(row: Any, value: str) -> Cell:
        text = readable(model, name, value)
        if text != value and not is_revealed(row, name):
            return Cell(text, drawn_as, is_masked=True)
        return Cell(value, drawn_as)

    return make_text


def plain_cell(value: Any, name: str = "") -> Cell:
    """Return the cell of a value that leads nowhere."""
    if isinstance(value, bool):
        return Cell(_("Yes") if value else _("No"), "yes" if value else "no")
    if isinstance(value, Labelled):
        return Cell(str(value.label), "badge", value=f"{name}-{value.value}")
    if isinstance(value, date):
        return Cell(show_date(value), "instant" if isinstance(value, datetime) else "day", at=value)
    if isinstance(value, int | Decimal):
        return Cell(f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}", "number")
    return Cell(str(value))


def several_labels(stored: list[str], column: Column[Any] | None) -> str:
    """Return several values of the closed list that the column names, in words."""
    values = column.info["values"] if column is not None else ()
    labels = {member.value: str(member.label) for member in values}
    return str(_(", ").join(labels.get(each, each) for each in stored))


def _relation_maker(target: type[Record], labels: dict[int, Label]) -> Callable[[int], Cell]:
    """Return what makes the cell of a record referred to; a link where the reader may open it."""
    view = view_of(target)
    before = None
    if view is not None and view.is_allowed("read"):
        before = before_id(f"{view.endpoint}.details_view")

    def make_relation(key: int) -> Cell:
        label = labels.get(key)
        if label is None:
            return Cell(str(key))
        if before is None or not label.is_visible:
            return Cell(label.text)
        return Cell(label.text, "relation", url=f"{before}{key}")

    return make_relation


def own_label(record: Any) -> str:
    """Return the name of a record at hand, in the reader's language."""
    return str((getattr(record, "name_en", None) if reads_english() else None) or record.name)
