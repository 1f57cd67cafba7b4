"""The rows of a list as its template draws them, with all that is the same in each row made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from markupsafe import Markup

from views.addresses import record_address
from views.cells import Cell, cell, fetch_labels, show
from views.changing import ways_of
from views.markup import element

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


@dataclass(frozen=True, slots=True)
class RowCell:
    """A cell of a row as it is drawn; `change_url` is None where nothing can be changed in it."""

    css: str
    label: str
    content: Markup
    change_url: str | None
    change_label: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list; `ways` says what it can be ticked for, `edit_url` is None where it is only read."""

    id: int
    cells: list[RowCell]
    ways: str
    select_label: str
    edit_url: str | None


class RowDrawer:
    """Draw records as rows of one list; each table that they refer to is asked once for labels."""

    def __init__(self, view: RecordView, rows: Sequence[Any], back: str, searched: str = "") -> None:
        """Take the records of the page, the query of the list for the way back, and what it searches."""
        self._view, self._back = view, back
        self._words = searched.lower().split()
        self._labels = fetch_labels(view, view.column_list, rows)
        self._columns = [_column(view, name) for name in view.column_list]
        self._ways = ways_of(view, rows)
        self._select_label = _("Select %(record)s", record=_NAME)

    @property
    def ways(self) -> set[str]:
        """Return all that rows can be ticked for."""
        return {way for ways in self._ways.values() for way in ways}

    def row(self, row: Any, depth: int = 0) -> Row:
        """Return one record as a row, in a tree at this depth."""
        view = self._view
        title, *others = (cell(view, row, column.name, self._labels) for column in self._columns)
        editable = view.editable_names(row)
        url = self._url("details_view", row) if view.is_allowed_on("read", row) else None
        cells = [self._title(row, title, url, depth, editable)]
        for column, value in zip(self._columns[1:], others, strict=True):
            cells.append(self._cell(row, column, value, title, editable))
        return Row(
            row.id,
            cells,
            " ".join(self._ways.get(row.id, ())),
            self._select_label.replace(_NAME, title.text),
            self._url("edit_view", row) if view.is_allowed_on("edit", row) else None,
        )

    def _title(self, row: Any, value: Cell, url: str | None, depth: int, editable: Sequence[str]) -> RowCell:
        drawn = self._cell(row, self._columns[0], value, value, editable)
        content = (
            show(value) if url is None else element("a", value.text or "—", class_="title-link", href=url)
        )
        return replace(drawn, css=f"{drawn.css} title depth-{depth}", content=content)

    def _cell(
        self, row: Any, column: ListColumn, value: Cell, title: Cell, editable: Sequence[str]
    ) -> RowCell:
        css = f"{value.drawn_as}{column.css}"
        if column.is_number and value.drawn_as == "empty":
            css = f"{css} number"
        if column.name not in editable:
            return RowCell(css, column.label, _content(value, self._words), None, "")
        url = self._url("edit_view", row, only=column.name, version=row.version)
        return RowCell(
            f"{css} editable",
            column.label,
            _content(value, self._words),
            url,
            column.change_label.replace(_NAME, title.text),
        )

    def _url(self, endpoint: str, row: Any, **args: str | int) -> str:
        return record_address(f"{self._view.endpoint}.{endpoint}", row.id, **args, back=self._back)


def _column(view: RecordView, name: str) -> ListColumn:
    label = str(view.get_column_name(name))
    change = _("Change %(field)s of %(record)s", field=label, record=_NAME)
    return ListColumn(name, label, f" column-{name}", name in view.numbers, change)


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
