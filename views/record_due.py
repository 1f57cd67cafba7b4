"""What is due about a record, on its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from models.centre import site_zone
from models.due import DueItem, due_items
from views.clock import today
from views.lookups import page_of

if TYPE_CHECKING:
    from views.base import RecordView

WEEKS = 4
ITEMS_MOST = 5


@dataclass(frozen=True, slots=True)
class DueEntry:
    """One thing to do: the page of the record that asks for it, and where it is done with one click.

    Both addresses are None where the reader may not go there; `url` also where that record is the page's own.
    """

    item: DueItem
    url: str | None
    way_label: str
    way_url: str | None


@dataclass(frozen=True, slots=True)
class DueCard:
    """What is due about a record within WEEKS, the oldest first; `is_more` where there are further ones."""

    entries: list[DueEntry]
    is_more: bool


def due_card(view: RecordView, row: Any) -> DueCard | None:
    """Return what is due about `row`; None for a type about which nothing can be due."""
    if view.due_key is None:
        return None
    found = due_items(
        today() + timedelta(weeks=WEEKS),
        zone=site_zone(),
        is_brief=True,
        limit=ITEMS_MOST + 1,
        **{view.due_key: row.id},
    )
    return DueCard([_entry(view, row, item) for item in found[:ITEMS_MOST]], len(found) > ITEMS_MOST)


def _entry(view: RecordView, row: Any, item: DueItem) -> DueEntry:
    # The page of everything that is due stands on the same base as this one.
    from views.due import way_to_do

    way = way_to_do(item)
    is_own = (item.table, item.row_id) == (view.model.__tablename__, row.id)
    url = None if is_own else page_of(item.table, item.row_id)
    # What is done by a form of its own is done on its record's page, or on the page of what is due.
    if way is None or way.is_post:
        return DueEntry(item, url, "", None)
    return DueEntry(item, url, way.label, way.url + way.anchor)
