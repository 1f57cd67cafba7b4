"""The rows of a list as values of a file: typed, in the reader's words, read in pieces and drawn quickly.

Only the columns asked for are read. Each has one function that is made once and draws the column of a whole
piece, since a call for each cell took longer than all else. The labels of what columns refer to come with one
query for each table and piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from sqlalchemy import ARRAY, Boolean, Date, DateTime, Enum, Integer, Numeric, String, Text, type_coerce

from jobs.export_files import DIGITS_MOST, Value
from models import Record, db
from models.centre import site_zone
from models.need_to_know import has_masked, readable
from models.sealing import SealedText
from models.sql import labels_for
from views.cells import own_label, plain_cell, several_labels
from views.fields import SEALED
from views.forms import column_of, labelled, target_of
from views.listing import ListRequest, statements_of

if TYPE_CHECKING:
    from views.base import RecordView

CHUNK = 2_000
# More labels of one table are not kept from one piece to the next.
LABELS_MOST = 20_000
Texts = dict[int, str]
# Takes the values of one column, and returns them as they stand in a file.
Drawer = Callable[[Sequence[Any]], Sequence[Value]]


def export_names(view: RecordView, *, is_whole: bool) -> tuple[str, ...]:
    """Return the columns of the file: those of the list, and if whole all others of a record's page."""
    others = view.shown_names() if is_whole else ()
    return view.column_list + tuple(name for name in others if name not in view.column_list)


def export_columns(view: RecordView, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return heading and kind of each column."""
    return tuple((str(view.get_column_name(name)), _kind(view, name)) for name in names)


def export_rows(view: RecordView, wanted: ListRequest, names: Sequence[str]) -> Iterator[Sequence[Value]]:
    """Yield all rows asked for as values, in the order asked for."""
    known: dict[type[Record], Texts] = {}
    places = [(at, target) for at, name in enumerate(names) if (target := _labelled_by(view, name))]
    drawers = [_drawer(view, name, known) for name in names]
    columns = view.model.__mapper__.column_attrs
    is_plain = all(name in columns for name in names)
    for statement in statements_of(view, wanted):
        if is_plain:
            part = statement.with_only_columns(*(_read(view, name) for name in names))
        else:
            part = statement.options(*view.list_options)
        result = db.session.execute(part, execution_options={"yield_per": CHUNK})
        for found in result.partitions():
            rows = found if is_plain else [[getattr(row, name) for name in names] for (row,) in found]
            values: list[tuple[Any, ...]] = list(zip(*rows, strict=True))
            _fetch_labels(known, [(target, values[at]) for at, target in places])
            drawn = (draw(each) for draw, each in zip(drawers, values, strict=True))
            yield from zip(*drawn, strict=True)


def _read(view: RecordView, name: str) -> Any:
    """Return a column as it is read: of a closed list what is stored, without a member made for each cell."""
    attribute = getattr(view.model, name)
    return type_coerce(attribute, String) if isinstance(attribute.type, Enum) else attribute


def _labelled_by(view: RecordView, name: str) -> type[Record] | None:
    """Return the record type that a column refers to by its key; None for any other."""
    target = target_of(view.model, name)
    return target if target is not None and column_of(view.model, name) is not None else None


def _fetch_labels(
    known: dict[type[Record], Texts], columns: Sequence[tuple[type[Record], Sequence[int | None]]]
) -> None:
    """Have the labels of all that these columns refer to in `known`."""
    wanted: dict[type[Record], set[int | None]] = {}
    for target, keys in columns:
        wanted.setdefault(target, set()).update(keys)
    for target, found in wanted.items():
        texts = known[target]
        if len(texts) > LABELS_MOST:
            texts.clear()
        if missing := {key for key in found if key is not None and key not in texts}:
            texts.update((key, label.text) for key, label in labels_for(target, missing).items())


def _kind(view: RecordView, name: str) -> str:
    """Return how a column is shown, by its name in jobs.export_files."""
    if target_of(view.model, name) is not None:
        return "text"
    kind = getattr(column_of(view.model, name), "type", None)
    for types, word in ((Text, "long"), (Numeric, "amount"), (Integer, "number"), (DateTime, "instant")):
        if isinstance(kind, types):
            return word
    return "day" if isinstance(kind, Date) else "text"


def _drawer(view: RecordView, name: str, known: dict[type[Record], Texts]) -> Drawer:
    """Return what makes the values of a column those of a file."""
    target, column = target_of(view.model, name), column_of(view.model, name)
    kind = getattr(column, "type", None)
    if target is not None and column is None:
        joint = str(_(", "))
        return _each(lambda rows: joint.join(own_label(row) for row in rows) or None)
    if target is not None:
        texts = known.setdefault(target, {})
        return _each(lambda key: texts.get(key) or str(key))
    if isinstance(kind, ARRAY):
        return _each(lambda stored: several_labels(stored, column) or None)
    if (drawer := _drawer_of(kind)) is not None:
        return drawer
    if has_masked():
        model = view.model
        return _each(lambda text: readable(model, name, text) or None)
    return lambda texts: [text or None for text in texts]


def _drawer_of(kind: Any) -> Drawer | None:
    """Return the same where a column's type says it all; None where it does not."""
    if isinstance(kind, SealedText):
        return _each(lambda _value: SEALED)
    if words := _words(kind):
        return _each(words.__getitem__)
    if isinstance(kind, DateTime):
        zone = site_zone()
        return _each(lambda at: at.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0))
    if isinstance(kind, Integer):
        # A number so long names something; nobody adds it up.
        return _each(lambda number: number if abs(number) < 10**DIGITS_MOST else str(number))
    if isinstance(kind, String):
        return None
    return _as_they_are if isinstance(kind, Date | Numeric) else _each(lambda value: plain_cell(value).text)


def _each(draw: Callable[[Any], Value]) -> Drawer:
    """Return what draws each value of a column by a function that is never given None."""
    return lambda values: [None if value is None else draw(value) for value in values]


def _words(kind: Any) -> dict[Any, str]:
    """Return the words for each value of a closed list, or for yes and no; none for other types."""
    if isinstance(kind, Enum):
        # By what is stored, and by the member, which is the same to a dictionary.
        return {member.value: str(member.label) for member in labelled(kind)}
    return {True: _("Yes"), False: _("No")} if isinstance(kind, Boolean) else {}


def _as_they_are(values: Sequence[Any]) -> Sequence[Value]:
    """Return values that are those of a file already."""
    return values
