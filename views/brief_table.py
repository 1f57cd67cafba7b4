"""The short lists on a record's page, which templates drew more slowly; what rows have alike is made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from views.addresses import record_address
from views.cells import Cell, CellMaker, Labels, cell_maker, show
from views.markup import element

if TYPE_CHECKING:
    from views.base import RecordView


@dataclass(frozen=True, slots=True)
class BriefColumn:
    """What a column has in each row; `is_title` where it leads to the record's page."""

    make_cell: CellMaker
    label: str
    css: str
    head_css: str
    is_title: bool


def brief_table(view: RecordView, names: Sequence[str], rows: Sequence[Any], labels: Labels) -> Markup:
    """Return these columns of records as a table; the first column of their list leads to their pages."""
    columns = [_column(view, name, labels) for name in names]
    heads = [element("th", each.label, scope="col", class_=each.head_css) for each in columns]
    lines = [element("tr", _joined([_cell(view, each, row) for each in columns])) for row in rows]
    body = element("thead", element("tr", _joined(heads))) + element("tbody", _joined(lines))
    return element("table", body, class_="brief")


def _joined(parts: list[Markup]) -> Markup:
    return Markup().join(parts)


def _column(view: RecordView, name: str, labels: Labels) -> BriefColumn:
    css = f"column-{name}"
    return BriefColumn(
        make_cell=cell_maker(view, name, labels),
        label=str(view.get_column_name(name)),
        css=css,
        head_css=f"{css} number" if name in view.numbers else css,
        is_title=name == view.column_list[0],
    )


def _cell(view: RecordView, column: BriefColumn, row: Any) -> Markup:
    value = column.make_cell(row)
    content = _title(view, row, value) if column.is_title else _content(value)
    return element("td", content, class_=f"{value.drawn_as} {column.css}", data_label=column.label)


def _title(view: RecordView, row: Any, value: Cell) -> Markup:
    url = record_address(f"{view.endpoint}.details_view", row.id)
    return element("a", value.text, class_="title-link", href=url)


def _content(value: Cell) -> Markup:
    if value.drawn_as in ("long", "several", "text"):
        return element("span", value.text, class_="line", title=value.text)
    return show(value)
