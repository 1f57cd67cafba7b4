"""How many rows a list has: counted as far as that takes no time, beyond that about how many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from models import current_actor, db
from models.sql import estimated_rows
from views.finding import Matches, Search, estimate_by_chance, first_matches, searched_from
from views.ordering import order_of

if TYPE_CHECKING:
    from views.base import RecordView
    from views.listing import ListRequest

# Counting stops here: beyond it a reader is told about how many there are.
COUNT_MOST = 10_000
# An estimate may be wrong by half; from here on there are more than COUNT_MOST all the same.
SURE_FROM = 2 * COUNT_MOST


def reached(view: RecordView, wanted: ListRequest, search: Search | None) -> ListRequest:
    """Return what is asked for, of the newest records alone where all can't be searched in no time."""
    since = None if search is None else searched_from(_whole(view, wanted), search, SURE_FROM)
    if since is None:
        return wanted
    return replace(wanted, conditions=(*wanted.conditions, view.model.id >= since))


def first_rows(view: RecordView, wanted: ListRequest, search: Search | None) -> Matches | None:
    """Return the first rows that match a search, a page of them or more, in the list's usual order.

    None without a search. Where an order is read in segments, the newest rows stand for its first ones.
    """
    if search is None:
        return None
    order, whole = order_of(view, None, is_descending=False), _whole(view, wanted)
    ordered = next(order.parts(whole)) if order.is_plain else whole.order_by(view.model.id.desc())
    return first_matches(ordered, search, wanted.page_size + 1, COUNT_MOST + 1)


def count_rows(view: RecordView, wanted: ListRequest, search: Search | None, first: Matches | None) -> int:
    """Return how many rows there are: counted up to COUNT_MOST, beyond that an estimate, which is more.

    `first` are the first rows that match the search.
    """
    whole = _whole(view, wanted)
    if search is not None and first is not None:
        return _count_found(whole, search, first)
    actor = current_actor()
    # Where it is sure that there are too many, to count as far as COUNT_MOST is time for nothing.
    if wanted.is_narrowed or (actor is not None and actor.region_ids is None):
        estimate = estimated_rows(whole)
        if estimate > SURE_FROM:
            return estimate
    count = _count(whole)
    return count if count <= COUNT_MOST else max(count, estimated_rows(whole))


def _count_found(whole: Select[Any], search: Search, first: Matches) -> int:
    if first.is_all:
        return len(first.keys)
    if first.tried is not None:
        estimate = first.estimate(whole)
        # Numbers follow time: part of one may stand in all of the newest rows, and in no others.
        if estimate > SURE_FROM and search.has_digit:
            estimate = estimate_by_chance(whole, search)
        if estimate > SURE_FROM:
            return estimate
        count = _count(whole.where(search.condition()))
        if count <= COUNT_MOST:
            return count
    # It stands in older rows more often than in the newest.
    return max(COUNT_MOST + 1, estimate_by_chance(whole, search))


def _count(whole: Select[Any]) -> int:
    capped = whole.limit(COUNT_MOST + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(capped)) or 0


def _whole(view: RecordView, wanted: ListRequest) -> Select[Any]:
    # The key alone: the columns of a statement take longer to put together than its conditions.
    return select(view.model.id).where(*wanted.conditions)
