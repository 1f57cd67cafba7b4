"""One page of a list: what the URL asks for, in bounds, and the queries that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy import ColumnElement, Enum, Select, case, func, select
from werkzeug.datastructures import MultiDict

from models import db
from views.fields import clean_line
from views.filters import ActiveFilter, read_filters
from views.forms import column_of, labelled
from views.lookups import SEARCH_MOST, search_condition
from views.trees import tree_order

if TYPE_CHECKING:
    from views.base import RecordView

# Counting stops here, and so do pages: beyond it, people search or filter.
COUNT_MOST = 10_000
PAGE_SIZES = (25, 50, 100)
TREE_MOST = 2_000


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list's URL asks for, after everything that makes no sense was put right."""

    page: int
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
    """The rows of one page; `count` is COUNT_MOST + 1 where there are more than COUNT_MOST."""

    rows: list[Any]
    depths: dict[int, int]
    count: int
    page: int
    page_size: int

    @property
    def is_counted_out(self) -> bool:
        """Tell whether `count` is exact."""
        return self.count <= COUNT_MOST

    @property
    def pages(self) -> int:
        """Return how many pages can be opened."""
        return max(1, -(-min(self.count, COUNT_MOST) // self.page_size))


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
    return ListRequest(
        page=max(0, args.get("page", 0, type=_small_int)),
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
    number = int(raw[:9])
    return number if len(raw) <= 9 else COUNT_MOST


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


def narrowed(view: RecordView, statement: Select[Any], wanted: ListRequest) -> Select[Any]:
    """Return a statement over the view's model with the request's search and filters."""
    statement = statement.where(*wanted.conditions)
    condition = search_condition(view.model, view.column_searchable_list, wanted.search)
    return statement if condition is None else statement.where(condition)


def ordered(view: RecordView, statement: Select[Any], wanted: ListRequest) -> Select[Any]:
    """Return the statement in the order asked for, which always ends in the key and so is stable."""
    name, is_descending = view.default_sort if wanted.sort is None else (wanted.sort, wanted.is_descending)
    # A name sorts by the key that is kept for that.
    column: Any = getattr(view.model, f"{name}_sort", getattr(view.model, name))
    kind = getattr(column_of(view.model, name), "type", None)
    if isinstance(kind, Enum):
        # In the order of the list of values, not of their spelling.
        column = case({str(member.value): at for at, member in enumerate(labelled(kind))}, value=column)
    key = view.model.id
    if is_descending:
        # Descending, the database begins with what is empty, and its index serves that.
        starts_with_empty = view.starts_with_empty and wanted.sort is None
        order = column.desc() if starts_with_empty else column.desc().nulls_last()
        return statement.order_by(order, key.desc())
    return statement.order_by(column.asc().nulls_last(), key.asc())


def count_rows(view: RecordView, wanted: ListRequest) -> int:
    """Count the rows, and stop counting one past COUNT_MOST."""
    capped = narrowed(view, select(view.model.id), wanted).limit(COUNT_MOST + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(capped)) or 0


def fetch_page(view: RecordView, wanted: ListRequest) -> ListPage:
    """Return the rows of the page asked for, or of the last one there is."""
    if view.is_tree and not wanted.is_narrowed and wanted.sort is None:
        return _tree_page(view, wanted)
    count = count_rows(view, wanted)
    size = wanted.page_size
    page = min(wanted.page, max(0, -(-min(count, COUNT_MOST) // size) - 1))
    statement = ordered(view, narrowed(view, select(view.model), wanted), wanted)
    rows = db.session.scalars(statement.options(*view.list_options).limit(size).offset(page * size)).all()
    return ListPage(list(rows), {}, count, page, size)


def _tree_page(view: RecordView, wanted: ListRequest) -> ListPage:
    model: Any = view.model
    pairs = db.session.execute(
        select(model.id, model.parent_id).order_by(model.sort_column(), model.id).limit(TREE_MOST)
    )
    order = tree_order(pairs.all())
    size = wanted.page_size
    page = min(wanted.page, max(0, -(-len(order) // size) - 1))
    depths = dict(order[page * size : (page + 1) * size])
    rows = db.session.scalars(select(model).where(model.id.in_(depths)).options(*view.list_options)).all()
    place = {key: at for at, key in enumerate(depths)}
    return ListPage(sorted(rows, key=lambda row: place[row.id]), depths, len(order), page, size)
