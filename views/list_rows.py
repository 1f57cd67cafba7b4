"""The rows of a list, which templates drew three times as slowly; what each row has alike is made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from markupsafe import Markup

from views.addresses import record_address
from views.cells import Cell, cell, fetch_labels, show
from views.changing import ways_of
from views.markup import element, icon, void_element

if TYPE_CHECKING:
    from views.base import RecordView

# Stands for a record's name in a sentence that is translated once for all rows.
_NAME = "\ufffc"
# Of a long text the two lines of a narrow column show a word that begins by here; one that stands further
# on is shown with so much before it.
SEEN_AT_ONCE, AROUND = 20, 8


@dataclass(frozen=True, slots=True)
class ListColumn:
    """What a column has in each row: its classes, its label, and the words on the way to change it."""

    name: str
    label: str
    css: str
    is_number: bool
    change_label: str


class RowDrawer:
    """Draw records as rows of one list; each table that they refer to is asked once for labels."""

    def __init__(self, view: RecordView, rows: Sequence[Any], back: str, searched: str = "") -> None:
        """Take the records of the page, the query of the list for the way back, and what it searches."""
        self._view, self._back = view, back
        self._words = searched.lower().split()
        self._labels = fetch_labels(view, view.column_list, rows)
        self._columns = [_column(view, name) for name in view.column_list]
        self._ways = ways_of(view, rows)
        self._pen = icon("edit")
        self._select_label = _("Select %(record)s", record=_NAME)

    @property
    def ways(self) -> set[str]:
        """Return all that rows can be ticked for."""
        return {way for ways in self._ways.values() for way in ways}

    def row(self, row: Any, depth: int = 0) -> Markup:
        """Return one record as a row of the table, in a tree at this depth."""
        view = self._view
        values = [cell(view, row, column.name, self._labels) for column in self._columns]
        editable = view.editable_names(row)
        cells = [self._tick(row, values[0])] if self._ways else []
        for column, value in zip(self._columns, values, strict=True):
            is_first = column is self._columns[0]
            content = self._title(row, value) if is_first else _content(value, self._words)
            css = f" title depth-{depth}" if is_first else ""
            if column.name in editable:
                content, css = content + self._change(row, column, values[0]), f" editable{css}"
            cells.append(_cell(column, value, content, css))
        edit = self._url("edit_view", row) if view.is_allowed_on("edit", row) else None
        return element("tr", Markup().join(cells), data_row=str(row.id), data_edit=edit)

    def _tick(self, row: Any, title: Cell) -> Markup:
        """Return the cell in which a record is ticked, empty where nothing can be done with it."""
        ways = " ".join(self._ways.get(row.id, ()))
        label = self._select_label.replace(_NAME, title.text)
        box = void_element(
            "input", type="checkbox", name="id", value=str(row.id), data_ways=ways, aria_label=label
        )
        return element("td", box if ways else "", class_="tick")

    def _title(self, row: Any, value: Cell) -> Markup:
        """Return what a record is recognised by, with the way to its page."""
        if not self._view.is_allowed_on("read", row):
            return show(value)
        url = self._url("details_view", row)
        return element("a", value.text or "—", class_="title-link", href=url)

    def _change(self, row: Any, column: ListColumn, title: Cell) -> Markup:
        """Return the way to change a value in its cell."""
        url = self._url("edit_view", row, only=column.name, version=row.version)
        label = column.change_label.replace(_NAME, title.text)
        return element("a", self._pen, class_="edit-cell", href=url, aria_label=label)

    def _url(self, endpoint: str, row: Any, **args: str | int) -> str:
        return record_address(f"{self._view.endpoint}.{endpoint}", row.id, **args, back=self._back)


def _column(view: RecordView, name: str) -> ListColumn:
    label = str(view.get_column_name(name))
    change = _("Change %(field)s of %(record)s", field=label, record=_NAME)
    return ListColumn(name, label, f" column-{name}", name in view.numbers, change)


def _cell(column: ListColumn, value: Cell, content: Markup, css: str = "") -> Markup:
    number = " number" if column.is_number and value.drawn_as == "empty" else ""
    classes = f"{value.drawn_as}{column.css}{number}{css}"
    return element("td", content, class_=classes, data_label=column.label)


def _content(value: Cell, words: Sequence[str]) -> Markup:
    if value.drawn_as == "long":
        return element("span", _from_word(value.text, words), class_="clip", title=value.text)
    return show(value)


def _from_word(text: str, words: Sequence[str]) -> str:
    """Return a text so that two lines of it show a word that was searched; on paper stands all of it."""
    small = text.lower()
    at = min((at for word in words if (at := small.find(word)) >= 0), default=0)
    if at < SEEN_AT_ONCE:
        return text
    start = at - AROUND
    return element("span", text[:start], class_="before") + element("span", text[start:])
