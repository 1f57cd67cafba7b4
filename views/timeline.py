"""Everything that happened around a record, newest first, whatever type of record tells of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, false, or_, select, true

from models import db
from models.centre import site_zone
from models.need_to_know import readable_text
from views.cells import Cell, Labels, cell, fetch_labels_of, plain_cell
from views.clock import start_of_day
from views.fields import coerce_id
from views.linked import Linked, newest_first
from views.notes import NoteEntry

if TYPE_CHECKING:
    from views.base import RecordView

ENTRIES_MOST = 20
NOTES = "note"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry stands: later instants come first, then by table and key, so that no two are equal."""

    at: datetime
    table: str
    key: int

    def __str__(self) -> str:
        """Return the place as an address names it."""
        return f"{self.at.astimezone(UTC).strftime('%Y%m%dT%H%M%S.%f')}~{self.table}~{self.key}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: when, of what kind, the record that tells of it, and what it says in short."""

    place: Place
    at: Cell
    kind: str
    icon: str
    title: Cell
    parts: list[Cell]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entry that the reader can ask for alone."""

    name: str
    label: str
    icon: str
    count: int
    is_counted_out: bool = True


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of the timeline; `earlier` is the place after which the next page begins, None at the end."""

    kinds: list[Kind]
    chosen: str | None
    entries: list[Entry]
    earlier: Place | None
    is_first: bool


def kinds_of(listed: Iterable[Linked], notes: list[NoteEntry]) -> list[Kind]:
    """Return the kinds of a timeline: whatever is listed on the record's page and has a day, and notes."""
    kinds = [
        Kind(each.view.model.__tablename__, each.label, each.view.icon, each.count, each.is_counted_out)
        for each in _dated(listed)
    ]
    return [*kinds, Kind(NOTES, str(_("Notes")), "digest", len(notes))] if kinds else []


def timeline(
    row: Any, listed: Iterable[Linked], notes: list[NoteEntry], *, kind: str = "", before: str = ""
) -> Timeline:
    """Return the newest entries of one kind, or of all, before the place that `before` names.

    One query for each kind that has entries, one for each table that they name.
    """
    dated, kinds = _dated(listed), kinds_of(listed, notes)
    chosen = kind if kind in {each.name for each in kinds} else None
    place = read_place(before)
    wanted = [each for each in dated if each.count and chosen in (None, each.view.model.__tablename__)]
    found = [(each, _rows(each, row.id, place)) for each in wanted]
    ordered = sorted(
        [
            *((_place(each.view, one), each, one) for each, rows in found for one in rows),
            *(_note_places(notes, place) if chosen in (None, NOTES) else ()),
        ],
        key=lambda each: each[0],
        reverse=True,
    )
    shown = ordered[:ENTRIES_MOST]
    labels = fetch_labels_of(
        (each.view, each.names, [one for _place_, other, one in shown if other is each])
        for each, _rows_ in found
    )
    entries = [
        _note_entry(at, one) if each is None else _entry(at, each, one, labels) for at, each, one in shown
    ]
    earlier = shown[-1][0] if len(ordered) > len(shown) else None
    return Timeline(kinds, chosen, entries, earlier, place is None)


def read_place(raw: str) -> Place | None:
    """Return the place that an address names; None for none, and for what makes no sense."""
    at, _sep, rest = raw.partition("~")
    table, _sep, key = rest.partition("~")
    number = coerce_id(key)
    try:
        instant = datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
        # Near the ends of the calendar another zone's day does not exist.
        instant.astimezone(site_zone())
    except (ValueError, OverflowError):
        return None
    return Place(instant, table, number) if number is not None else None


def _dated(listed: Iterable[Linked]) -> list[Linked]:
    return [each for each in listed if each.view.happens is not None]


def _rows(linked: Linked, key: int, place: Place | None) -> list[Any]:
    """Return one row more than a page has, so that it is known whether there are earlier ones."""
    view = linked.view
    # What has not happened yet, such as a letter not sent, has no place.
    happened: Any = getattr(view.model, view.happens or "")
    statement = select(view.model).where(getattr(view.model, linked.held_by) == key, happened.is_not(None))
    if place is not None:
        statement = statement.where(_is_before(view, place))
    return list(db.session.scalars(newest_first(view, statement).limit(ENTRIES_MOST + 1)))


def _is_before(view: RecordView, place: Place) -> ColumnElement[bool]:
    """Return the condition that a record follows `place` on the timeline; a day counts as its beginning."""
    column: Any = getattr(view.model, view.happens or "")
    bound: date | datetime = place.at
    if not _holds_instants(view):
        bound = place.at.astimezone(site_zone()).date()
        if start_of_day(bound) != place.at:
            return column <= bound  # type: ignore[no-any-return]  # an SQL condition
    table = view.model.__tablename__
    same = true() if table < place.table else view.model.id < place.key if table == place.table else false()
    # The first condition alone is what the index serves.
    return and_(column <= bound, or_(column < bound, same))


def _holds_instants(view: RecordView) -> bool:
    return bool(getattr(view.model, view.happens or "").type.python_type is datetime)


def _place(view: RecordView, row: Any) -> Place:
    at = getattr(row, view.happens or "")
    return Place(at if isinstance(at, datetime) else start_of_day(at), view.model.__tablename__, row.id)


def _note_places(
    notes: Iterable[NoteEntry], place: Place | None
) -> list[tuple[Place, Linked | None, NoteEntry]]:
    placed = [(Place(entry.note.created_at, NOTES, entry.note.id), None, entry) for entry in notes]
    return [each for each in placed if place is None or each[0] < place]


def _entry(at: Place, linked: Linked, row: Any, labels: Labels) -> Entry:
    view = linked.view
    title = view.column_list[0]
    url = url_for(f"{view.endpoint}.details_view", id=row.id) if view.is_allowed("read") else None
    cells = [
        (name, cell(view, row, name, labels)) for name in linked.names if name not in (title, view.happens)
    ]
    return Entry(
        place=at,
        at=cell(view, row, view.happens or "", labels),
        kind=str(view.singular),
        icon=view.icon,
        title=Cell(cell(view, row, title, labels).text, "relation", url=url),
        parts=[said for name, one in cells if (said := _said(str(view.get_column_name(name)), one))],
    )


def _said(label: str, shown: Cell) -> Cell | None:
    """Return what an entry says of one value: of an answer its question, and only where it is yes."""
    if shown.drawn_as in ("empty", "no"):
        return None
    if shown.drawn_as == "yes":
        return Cell(label, "badge", value="answer-yes")
    if shown.drawn_as in ("number", "day", "instant"):
        return Cell(_("%(label)s: %(value)s", label=label, value=shown.text))
    return shown


def _note_entry(at: Place, entry: NoteEntry) -> Entry:
    files = [Cell(file.file_name) for file in entry.files]
    body = [Cell(readable_text(entry.note.body), "long")] if entry.note.body else []
    return Entry(
        place=at,
        at=plain_cell(entry.note.created_at),
        kind=str(_("Note")),
        icon="digest",
        title=Cell(entry.who),
        parts=[*body, *files],
    )
