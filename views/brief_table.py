"""The short lists on a record's page, which templates drew more slowly; what rows have alike is made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from views.addresses import record_address
from views.cells import Cell, Labels, cell, show
from views.markup import element

if TYPE_CHECKING:
    from views.base import RecordView


def brief_table(view: RecordView, names: Sequence[str], rows: Sequence[Any], labels: Labels) -> Markup:
    """Return these columns of records as a table; the first column of their list leads to their pages."""
    columns = [(name, f"column-{name}", str(view.get_column_name(name))) for name in names]
    heads = [
        element("th", label, scope="col", class_=f"{css} number" if name in view.numbers else css)
        for name, css, label in columns
    ]
    lines = []
    for row in rows:
        cells = []
        for name, css, label in columns:
            value = cell(view, row, name, labels)
            content = _title(view, row, value) if name == view.column_list[0] else _content(value)
            cells.append(element("td", content, class_=f"{value.drawn_as} {css}", data_label=label))
        lines.append(element("tr", _joined(cells)))
    body = element("thead", element("tr", _joined(heads))) + element("tbody", _joined(lines))
    return element("table", body, class_="brief")


def _joined(parts: list[Markup]) -> Markup:
    return Markup().join(parts)


def _title(view: RecordView, row: Any, value: Cell) -> Markup:
    url = record_address(f"{view.endpoint}.details_view", row.id)
    return element("a", value.text, class_="title-link", href=url)


def _content(value: Cell) -> Markup:
    if value.drawn_as in ("long", "several", "text"):
        return element("span", value.text, class_="line", title=value.text)
    return show(value)
