"""One page of a list: what the URL asks for, in bounds, and the queries that answer it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy import ColumnElement, DateTime, Select, select
from werkzeug.datastructures import MultiDict

from models import db
from views.clock import start_of_day
from views.counting import COUNT_MOST, count_rows, first_rows, reached
from views.days import parse_day
from views.fields import clean_line, coerce_id
from views.filters import ActiveFilter, read_filters
from views.finding import (
    SEARCH_MOST,
    Search,
    rows_found,
    rows_of,
    search_condition,
    search_for,
)
from views.ordering import Order, Place, is_served, order_of
from views.trees import tree_order

if TYPE_CHECKING:
    from views.base import RecordView

_PAGES_MOST = 1_000_000
PAGE_SIZES = (25, 50, 100)
TREE_MOST = 2_000


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list's URL asks for, after everything that makes no sense was put right.

    The page begins after the row `after`, or ends before the row `before`, or at the end of the list, or
    begins with the day `at`; with none of them it is the first. `page` only numbers it, from 0 on: None where
    nobody knows its number.
    """

    page: int | None
    after: int | None
    before: int | None
    at: date | None
    is_last: bool
    page_size: int
    sort: str | None
    is_descending: bool
    search: str
    conditions: tuple[ColumnElement[bool], ...]
    active: tuple[ActiveFilter, ...]
    nonsense: tuple[str, ...]
    kept_args: tuple[tuple[str, str], ...]

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a search or a filter is at work."""
        return bool(self.search or self.conditions)


@dataclass(frozen=True, slots=True)
class ListPage:
    """The rows of one page, and how many there are in all; beyond COUNT_MOST `count` is an estimate.

    `page` is None where nobody knows how many rows stand before. `has_earlier` and `has_later` tell whether
    the list goes on, `is_by_time` whether one can go to a date in it. `offered` are the columns by which so
    many rows can be sorted in no time; where that asked for is not among them, they stand in the usual order.
    `reach` says how many records, the newest, were searched; None where all were.
    """

    rows: list[Any]
    depths: dict[int, int]
    count: int
    page: int | None
    page_size: int
    has_earlier: bool
    has_later: bool
    is_by_time: bool
    offered: frozenset[str]
    reach: int | None = None

    @property
    def is_exact(self) -> bool:
        """Tell whether `count` was counted and not estimated."""
        return self.count <= COUNT_MOST

    @property
    def count_shown(self) -> int:
        """Return the number of rows as it is told: of an estimate no more digits than it is worth."""
        return self.count if self.is_exact else round(self.count, 2 - len(str(self.count)))

    @property
    def pages(self) -> int | None:
        """Return how many pages there are; None where the rows were not counted."""
        return _last_page(self.count, self.page_size) + 1 if self.is_exact else None

    @property
    def first(self) -> int | None:
        """Return the number of the first row on the page; None where nobody knows."""
        return None if self.page is None else self.page * self.page_size + 1


def read_request(view: RecordView, args: MultiDict[str, str]) -> ListRequest:
    """Return what the URL asks of the list; numbers out of bounds and unknown names count as not given."""
    sort = args.get("sort")
    sort = sort if sort in view.sortable else None
    page_size = args.get("page_size", type=int)
    conditions, active, nonsense = read_filters(view.filters, args)
    keys = {key for each in view.filters.values() for key in each.keys} | {
        "search",
        "sort",
        "desc",
        "page_size",
    }
    after, before = (coerce_id(args.get(name, "")) for name in ("after", "before"))
    at, is_last = _day(args.get("at", "")), args.get("last") == "1"
    is_first = not (after or before or at or is_last)
    return ListRequest(
        page=args.get("page", 0 if is_first or view.is_tree else None, type=_small_int),
        after=after,
        before=before,
        at=at,
        is_last=is_last,
        page_size=page_size if page_size in PAGE_SIZES else PAGE_SIZES[0],
        sort=sort,
        is_descending=args.get("desc") == "1",
        search=clean_line(args.get("search", "")[:SEARCH_MOST]),
        conditions=tuple(conditions),
        active=tuple(active),
        nonsense=tuple(nonsense),
        kept_args=tuple((key, value) for key, value in args.items(multi=True) if key in keys and value),
    )


def _small_int(raw: str) -> int:
    number = int(raw)
    if not 0 <= number < _PAGES_MOST:
        raise ValueError(raw)
    return number


def _day(raw: str) -> date | None:
    try:
        return parse_day(raw)
    except ValueError:
        return None


def list_url(view: RecordView, wanted: ListRequest, *, drop: tuple[str, ...] = (), **changed: Any) -> str:
    """Return the list's address with arguments changed (None: left out), and all of `drop` left out."""
    args: dict[str, list[str]] = {}
    for key, value in wanted.kept_args:
        if key not in drop and key not in changed:
            args.setdefault(key, []).append(value)
    for key, value in changed.items():
        if value is not None:
            args[key] = [str(value)]
    address: str = url_for(f"{view.endpoint}.index_view", **args)  # type: ignore[arg-type]  # of any type
    return address


def page_urls(view: RecordView, wanted: ListRequest, page: ListPage) -> dict[str, str | None]:
    """Return the addresses of the pages "first", "previous", "next" and "last"; None where there is none."""
    urls: dict[str, str | None] = dict.fromkeys(("first", "previous", "next", "last"))
    number = page.page
    if page.has_earlier:
        before = {} if page.depths else {"before": page.rows[0].id}
        is_second = number == 1
        urls["first"] = list_url(view, wanted)
        urls["previous"] = list_url(
            view, wanted, **({} if is_second else {**before, "page": number and number - 1})
        )
    if page.has_later:
        after = {} if page.depths else {"after": page.rows[-1].id}
        urls["next"] = list_url(view, wanted, **after, page=None if number is None else number + 1)
        urls["last"] = list_url(view, wanted, last=1)
    return urls


def narrowed(view: RecordView, statement: Select[Any], wanted: ListRequest) -> Select[Any]:
    """Return a statement over the view's model with the request's search and filters."""
    statement = statement.where(*wanted.conditions)
    condition = search_condition(view.model, wanted.search)
    return statement if condition is None else statement.where(condition)


def statements_of(view: RecordView, wanted: ListRequest) -> Iterator[Select[Any]]:
    """Yield statements whose rows, one after the other, are all rows asked for in the order asked for."""
    order = order_of(view, wanted.sort, is_descending=wanted.is_descending)
    return order.parts(narrowed(view, select(view.model), wanted))


def fetch_page(view: RecordView, wanted: ListRequest) -> ListPage:
    """Return the rows of the page asked for; beyond an end of the list, those that stand at that end."""
    if view.is_tree and not wanted.is_narrowed and wanted.sort is None:
        return _tree_page(view, wanted)
    search, asked = search_for(view.model, wanted.search), wanted
    wanted = reached(view, asked, search)
    first = first_rows(view, wanted, search)
    size, count = wanted.page_size, count_rows(view, wanted, search, first)
    statement = select(view.model).where(*wanted.conditions).options(*view.list_options)
    offered = _offered(view, count)
    sort = offered_sort(view, wanted, count)
    order = order_of(view, sort, is_descending=wanted.is_descending)
    place, backwards = _place(order, wanted)
    is_begun = sort is None and place is None and not backwards and order.is_plain
    if is_begun and search is not None and first is not None:
        rows = rows_of(next(order.parts(statement)), search, first.keys[: size + 1])
    else:
        rows = _read(order, statement, search, place, size + 1, backwards=backwards)
    if place is not None and len(rows) < (size if backwards else 1):
        # Nothing stands past it, or less than a page any more: the end of the list is meant.
        place, backwards = None, not backwards
        rows = _read(order, statement, search, None, size + 1, backwards=backwards)
    goes_on, shown = len(rows) > size, rows[:size]
    if backwards:
        shown.reverse()
    has_earlier, has_later = (goes_on, place is not None) if backwards else (place is not None, goes_on)
    if not has_earlier and not has_later:
        count = len(shown)
    page = wanted.page if has_earlier else 0
    if page is None and not has_later and count <= COUNT_MOST:
        page = _last_page(count, size)
    reach = None if search is None or wanted is asked else search.reach
    return ListPage(shown, {}, count, page, size, has_earlier, has_later, order.is_by_time, offered, reach)


def offered_sort(view: RecordView, wanted: ListRequest, count: int) -> str | None:
    """Return the column by which so many rows are sorted; None for the usual order."""
    return wanted.sort if wanted.sort in _offered(view, count) else None


def _offered(view: RecordView, count: int) -> frozenset[str]:
    return frozenset(name for name in view.sortable if count <= COUNT_MOST or is_served(view, name))


def _last_page(count: int, size: int) -> int:
    return max(0, -(-count // size) - 1)


def _place(order: Order, wanted: ListRequest) -> tuple[Place | None, bool]:
    """Return the place that the URL names, None for an end of the list, and whether to read backwards."""
    if wanted.after is not None:
        return order.place_of(wanted.after), False
    if wanted.before is not None and (place := order.place_of(wanted.before)) is not None:
        return place, True
    if wanted.at is not None and order.is_by_time:
        day = wanted.at + timedelta(days=1) if order.is_descending else wanted.at
        is_instant = isinstance(order.column.type, DateTime)
        return order.place_before(start_of_day(day) if is_instant else wanted.at), False
    return None, wanted.is_last


def _read(
    order: Order,
    statement: Select[Any],
    search: Search | None,
    place: Place | None,
    most: int,
    *,
    backwards: bool,
) -> list[Any]:
    """Return at most so many rows past a place; most orders take one query."""
    rows: list[Any] = []
    for part in order.parts(statement, place, backwards=backwards):
        left = most - len(rows)
        rows += db.session.scalars(part.limit(left)) if search is None else rows_found(part, search, left)
        if len(rows) >= most:
            break
    return rows


def _tree_page(view: RecordView, wanted: ListRequest) -> ListPage:
    model: Any = view.model
    pairs = db.session.execute(
        select(model.id, model.parent_id).order_by(model.sort_column(), model.id).limit(TREE_MOST)
    )
    order = tree_order(pairs.all())
    size, last = wanted.page_size, _last_page(len(order), wanted.page_size)
    page = last if wanted.is_last else min(wanted.page or 0, last)
    depths = dict(order[page * size : (page + 1) * size])
    rows = db.session.scalars(select(model).where(model.id.in_(depths)).options(*view.list_options)).all()
    place = {key: at for at, key in enumerate(depths)}
    shown = sorted(rows, key=lambda row: place[row.id])
    return ListPage(shown, depths, len(order), page, size, page > 0, page < last, False, view.sortable)
