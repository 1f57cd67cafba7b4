"""The rows of a list, which templates drew three times as slowly; what each row has alike is made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from markupsafe import Markup

from views.addresses import after_id, before_id
from views.cells import Cell, CellMaker, Labels, cell_maker, fetch_labels, show
from views.changing import ways_of
from views.markup import element, icon, start_tag

if TYPE_CHECKING:
    from views.base import RecordView

# Stands for a record's name in a sentence that is translated once for all rows.
_NAME = "\ufffc"
# Of a long text the two lines of a narrow column show a word that begins by here; one that stands further
# on is shown with so much before it.
SEEN_AT_ONCE, AROUND = 20, 8


@dataclass(frozen=True, slots=True, eq=False)
class ListColumn:
    """What a column has in each row: its label, what makes its cells, and what names the way to change it."""

    name: str
    label: str
    make_cell: CellMaker
    is_number: bool
    change_html: str


class RowDrawer:
    """Draw records as rows of one list; each table that they refer to is asked once for labels.

    Strings whose names end with `html` are escaped, and joined as they are.
    """

    def __init__(self, view: RecordView, rows: Sequence[Any], back: str, searched: str = "") -> None:
        """Take the records of the page, the query of the list for the way back, and what it searches."""
        self._view = view
        self._words = searched.lower().split()
        labels = fetch_labels(view, view.column_list, rows)
        self._columns = [_column(view, name, labels) for name in view.column_list]
        self._ways = ways_of(view, rows)
        self._details_html = escape(before_id(f"{view.endpoint}.details_view"))
        self._edit_html = escape(before_id(f"{view.endpoint}.edit_view"))
        self._back_html = escape(after_id(back=back))
        self._pen_html = icon("edit")
        self._select_html = escape(_("Select %(record)s", record=_NAME))
        self._start_html, self._show_html = cache(_start_tag), cache(show)

    @property
    def ways(self) -> set[str]:
        """Return all that rows can be ticked for."""
        return {way for ways in self._ways.values() for way in ways}

    def row(self, row: Any, depth: int = 0) -> Markup:
        """Return one record as a row of the table, in a tree at this depth."""
        view, key = self._view, row.id
        cells = [column.make_cell(row) for column in self._columns]
        name_html, editable = escape(cells[0].text), view.editable_names(row)
        drawn = [self._start_of_row(row)]
        if self._ways:
            drawn.append(self._tick(key, name_html))
        of_title = f" title depth-{depth}"
        for column, value in zip(self._columns, cells, strict=True):
            is_editable = column.name in editable
            drawn.append(self._start_html(column, value.drawn_as, " editable" * is_editable + of_title))
            drawn.append(self._title(row, value) if of_title else self._content(value))
            if is_editable:
                drawn.append(self._change(row, column, name_html))
            drawn.append("</td>")
            of_title = ""
        drawn.append("</tr>")
        return Markup("".join(drawn))  # noqa: S704 - all in it is escaped

    def _start_of_row(self, row: Any) -> str:
        if not self._view.is_allowed_on("edit", row):
            return f'<tr data-row="{row.id}">'
        return f'<tr data-row="{row.id}" data-edit="{self._edit_html}{row.id}{self._back_html}">'

    def _tick(self, key: int, name_html: str) -> str:
        """Return the cell in which a record is ticked, empty where nothing can be done with it."""
        ways = " ".join(self._ways.get(key, ()))
        if not ways:
            return '<td class="tick"></td>'
        label = self._select_html.replace(_NAME, name_html)
        box = f'<input type="checkbox" name="id" value="{key}" data-ways="{ways}" aria-label="{label}">'
        return f'<td class="tick">{box}</td>'

    def _title(self, row: Any, value: Cell) -> str:
        """Return what a record is recognised by, with the way to its page."""
        if not self._view.is_allowed_on("read", row):
            return show(value)
        url = f"{self._details_html}{row.id}{self._back_html}"
        return f'<a class="title-link" href="{url}">{escape(value.text) or "—"}</a>'

    def _content(self, value: Cell) -> str:
        if value.drawn_as == "long":
            return element("span", _from_word(value.text, self._words), class_="clip", title=value.text)
        return self._show_html(value)

    def _change(self, row: Any, column: ListColumn, name_html: str) -> str:
        """Return the way to change a value in its cell."""
        url = f"{self._edit_html}{row.id}&amp;only={column.name}&amp;version={row.version}{self._back_html}"
        label = column.change_html.replace(_NAME, name_html)
        return f'<a class="edit-cell" href="{url}" aria-label="{label}">{self._pen_html}</a>'


def _column(view: RecordView, name: str, labels: Labels) -> ListColumn:
    label = str(view.get_column_name(name))
    change = _("Change %(field)s of %(record)s", field=label, record=_NAME)
    return ListColumn(name, label, cell_maker(view, name, labels), name in view.numbers, escape(change))


def _start_tag(column: ListColumn, drawn_as: str, css: str) -> Markup:
    """Return how a cell of the column begins: in rows stand few different ones."""
    number = " number" if column.is_number and drawn_as == "empty" else ""
    return start_tag("td", class_=f"{drawn_as} column-{column.name}{number}{css}", data_label=column.label)


def _from_word(text: str, words: Sequence[str]) -> str:
    """Return a text so that two lines of it show a word that was searched; on paper stands all of it."""
    small = text.lower()
    at = min((at for word in words if (at := small.find(word)) >= 0), default=0)
    if at < SEEN_AT_ONCE:
        return text
    start = at - AROUND
    return element("span", text[:start], class_="before") + element("span", text[start:])
