"""Values as people read them: in lists, on a record's page, in history and in exports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import Column, Text

from models import Record
from models.base import Labelled, reads_english
from models.need_to_know import readable
from models.sealing import SealedText
from models.sql import Label, labels_for
from views.addresses import record_address
from views.clock import show_instant
from views.fields import SEALED
from views.forms import column_of, target_of
from views.lookups import view_of
from views.markup import element
from views.moments import dated_moment, moment
from views.revealed import is_revealed

if TYPE_CHECKING:
    from views.base import RecordView

Labels = dict[type[Record], dict[int, Label]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value on a page: its text, how it is drawn, where it leads, and for machines its exact value.

    `is_masked` says that the reader does not see all of the text.
    """

    text: str
    drawn_as: str = "text"
    url: str | None = None
    value: str = ""
    is_masked: bool = False


EMPTY = Cell("", "empty")


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
    if value.drawn_as in ("instant", "day"):
        return dated_moment(value.value) if is_dated else moment(value.value)
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
    if value is None or value in ("", []):
        return EMPTY
    target = target_of(view.model, name)
    column = column_of(view.model, name)
    if target is None:
        if isinstance(value, list):
            return Cell(several_labels(value, column), "several")
        return _value_cell(view, row, name, column)
    if column is None:
        return Cell(_(", ").join(own_label(each) for each in value), "several")
    return relation_cell(target, value, labels.get(target, {}))


def _value_cell(view: RecordView, row: Any, name: str, column: Column[Any] | None) -> Cell:
    value, kind = getattr(row, name), getattr(column, "type", None)
    if isinstance(kind, SealedText):
        return Cell(SEALED)
    drawn_as = "long" if isinstance(kind, Text) else "text"
    # Closed lists are strings too, and have words of their own.
    if isinstance(value, str) and not isinstance(value, Labelled):
        text = readable(view.model, name, value)
        if text != value and not is_revealed(row, name):
            return Cell(text, drawn_as, is_masked=True)
    return Cell(str(value), drawn_as) if drawn_as == "long" else plain_cell(value, name)


def plain_cell(value: Any, name: str = "") -> Cell:
    """Return the cell of a value that leads nowhere."""
    if isinstance(value, bool):
        return Cell(_("Yes") if value else _("No"), "yes" if value else "no")
    if isinstance(value, Labelled):
        return Cell(str(value.label), "badge", value=f"{name}-{value.value}")
    if isinstance(value, date):
        exact = value.isoformat()
        return (
            Cell(show_instant(value), "instant", value=exact)
            if isinstance(value, datetime)
            else Cell(exact, "day", value=exact)
        )
    if isinstance(value, int | Decimal):
        return Cell(f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}", "number")
    return Cell(str(value))


def several_labels(stored: list[str], column: Column[Any] | None) -> str:
    """Return several values of the closed list that the column names, in words."""
    values = column.info["values"] if column is not None else ()
    labels = {member.value: str(member.label) for member in values}
    return str(_(", ").join(labels.get(each, each) for each in stored))


def relation_cell(target: type[Record], key: int, labels: dict[int, Label]) -> Cell:
    """Return the cell of a record referred to; a link where the reader may open it."""
    label = labels.get(key)
    if label is None:
        return Cell(str(key))
    view = view_of(target)
    if view is None or not label.is_visible or not view.is_allowed("read"):
        return Cell(label.text)
    return Cell(label.text, "relation", url=record_address(f"{view.endpoint}.details_view", key))


def own_label(record: Any) -> str:
    """Return the name of a record at hand, in the reader's language."""
    return str((getattr(record, "name_en", None) if reads_english() else None) or record.name)
