"""What is due: answers, calls and decisions that the records there are owe to somebody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import Subquery

from models.actor import current_actor
from models.base import Record, db, now
from models.centre import centre_facts, site_zone
from models.customer import Customer
from models.dealer import Dealer
from models.due_kinds import RULES, DueKind, kinds_shown
from models.due_source import Source, Window
from models.need_to_know import readable, readable_label, readable_text
from models.organisation import Staff
from models.sql import labels_for
from models.vehicle import Vehicle

__all__ = [
    "DEPARTMENT",
    "NOBODY",
    "QUEUE",
    "DueItem",
    "DueKind",
    "Wanted",
    "Window",
    "count_due",
    "due_by_person",
    "due_items",
    "due_lists",
]

# Among the people asked for: what nobody is responsible for.
NOBODY = 0
# Given when a statement runs that was put together for whoever asks: the people whose work is the own.
QUEUE = bindparam("queue", type_=BigInteger, expanding=True)
# And their department; None where they belong to none.
DEPARTMENT = bindparam("department", type_=BigInteger)

# And whose record it is that they ask about.
_ABOUT = {name: bindparam(name, type_=BigInteger) for name in ("customer_id", "vehicle_id", "dealer_id")}

# What is told of each thing where it is not asked for in brief.
_IN_FULL: Mapping[str, Any] = {
    "who": String,
    "phone": String,
    "attempts": BigInteger,
    "tried_at": DateTime(timezone=True),
}
_NAMED: Mapping[str, type[Record]] = {
    "customer_id": Customer,
    "vehicle_id": Vehicle,
    "dealer_id": Dealer,
    "responsible_id": Staff,
}


@dataclass(frozen=True, slots=True)
class DueItem:
    """One thing to do, with the record that asks for it: `table`, `row_id`, and `label` as people name it.

    `due_at` is None where a day says it all, `starts_on` where it can be done at once. `who` is the customer,
    of a claim the dealer; `about` what was said or done last. What the reader need not know is masked.
    """

    kind: DueKind
    due_on: date
    due_at: datetime | None
    starts_on: date | None
    is_late: bool
    table: str
    row_id: int
    label: str
    who: str
    phone: str | None
    about: str | None
    customer_id: int | None
    vehicle_id: int | None
    vehicle: str | None
    dealer_id: int | None
    responsible_id: int | None
    responsible: str | None
    # Calls that were made for it and reached nobody, and when the last was.
    attempts: int
    tried_at: datetime | None
    # Severe or safety relevant: it comes first.
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; None leaves that open, and `responsible_ids` may name NOBODY.

    `department_id` adds to what these people are responsible for what their department has to do.
    `is_in_queue` looks for what those in QUEUE, those of DEPARTMENT, or nobody are responsible for.
    `is_brief` leaves out who is to be called, about which vehicle, and how often that was tried.
    """

    customer_id: int | None = None
    vehicle_id: int | None = None
    dealer_id: int | None = None
    responsible_ids: Collection[int] | None = None
    region_ids: Collection[int] | None = None
    kinds: Collection[DueKind] | None = None
    is_in_queue: bool = False
    department_id: int | None = None
    is_brief: bool = False

    def as_key(self) -> Wanted:
        """Return it as the statement depends on it: which record is asked about is told when it runs."""

        def fixed(value: Collection[Any] | None) -> frozenset[Any] | None:
            return None if value is None else frozenset(value)

        return replace(
            self,
            customer_id=None if self.customer_id is None else 0,
            vehicle_id=None if self.vehicle_id is None else 0,
            dealer_id=None if self.dealer_id is None else 0,
            responsible_ids=fixed(self.responsible_ids),
            region_ids=fixed(self.region_ids),
            kinds=fixed(self.kinds),
        )


def due_items(
    until: date,
    *,
    zone: ZoneInfo,
    since: date | None = None,
    customer_id: int | None = None,
    vehicle_id: int | None = None,
    dealer_id: int | None = None,
    responsible_ids: Collection[int] | None = None,
    kinds: Collection[DueKind] | None = None,
    is_brief: bool = False,
    limit: int = 100,
) -> list[DueItem]:
    """Return what is due by the day `until` in `zone`, the oldest first, within the reader's row limits.

    What complaints owe is said by their deadlines, and stays like promises and undecided claims until
    somebody does it. Follow-ups and maintenances drop out LAPSES_AFTER_DAYS after the visit or their day,
    and the end of a warranty once it has passed, so that vehicles of former years don't bury the work of
    today. Kinds whose lines tell of records of a type that the reader may not list are left out. A first
    follow-up is done by a call that names the receipt and reached the customer, or by attempts on
    ATTEMPT_DAYS different days; a second is owed only to a customer whom the first reached. Maintenance and
    end of warranty are told to the customer: a call to remind of it, or the maintenance itself, from
    TELL_DAYS before settles them.
    Five queries, however much is found; in brief two.
    """
    wanted = Wanted(customer_id, vehicle_id, dealer_id, responsible_ids, None, kinds, is_brief=is_brief)
    return due_lists([Window(until, since)], wanted, zone=zone, limit=limit)[0]


def due_lists(
    windows: Sequence[Window], wanted: Wanted, *, zone: ZoneInfo, limit: int = 100, offset: int = 0
) -> list[list[DueItem]]:
    """Return what is due in each of the windows: one query for each, and four for the names, in brief one."""
    found = [_fetch(window, wanted, zone, limit, offset) for window in windows]
    named = ("responsible_id",) if wanted.is_brief else tuple(_NAMED)
    names = {
        name: labels_for(_NAMED[name], {key for part in found for row in part if (key := getattr(row, name))})
        for name in named
    }

    def name_of(name: str, key: int | None) -> str | None:
        label = names[name].get(key) if name in names and key is not None else None
        return label.text if label else None

    day, moment = datetime.now(zone).date(), now()
    return [[_item(row, name_of, day, moment) for row in part] for part in found]


def count_due(window: Window, wanted: Wanted, *, zone: ZoneInfo, most: int) -> Select[int]:
    """Return a statement that counts what is due, up to `most`: more is not read."""
    rows = _union(window, wanted, zone, most)
    if rows is None:
        return select(literal(0))
    return select(func.count()).select_from(select(rows.c.row_id).limit(most).subquery())


def due_by_person(people: Collection[int], day: date, until: date) -> Select[Any] | None:
    """Return a statement that counts by kind and person what is late, due on `day`, and after it `until`.

    For these people and for nobody, whose id is None; None where the reader may read of no kind.
    """
    window, moment = Window(until), now()
    parts = []
    for kind in kinds_shown(current_actor()):
        rows = (
            _rows_of(kind, RULES[kind].make(window, site_zone()), window, Wanted()).order_by(None).subquery()
        )
        is_late = case((rows.c.due_at.is_(None), rows.c.due_on < day), else_=rows.c.due_at < moment)
        who, number = rows.c.responsible_id, func.count()
        counted = select(
            rows.c.kind,
            who.label("responsible_id"),
            number.filter(is_late).label("late"),
            number.filter(~is_late, rows.c.due_on <= day).label("today"),
            number.filter(~is_late, rows.c.due_on > day).label("coming"),
        ).select_from(rows)
        parts.append(counted.where(or_(who.in_(sorted(people)), who.is_(None))).group_by(rows.c.kind, who))
    return select(union_all(*parts).subquery()) if parts else None


def _fetch(window: Window, wanted: Wanted, zone: ZoneInfo, limit: int, offset: int) -> Sequence[Any]:
    about = {name: getattr(wanted, name) for name in _asked_about(wanted)}
    kinds = tuple(kinds_shown(current_actor()))
    known = (datetime.now(zone).date(), kinds, centre_facts().is_confirmed_by_other)
    statement = _statement(window, wanted.as_key(), zone, (limit, offset), known)
    return [] if statement is None else db.session.execute(statement, about).all()


@lru_cache(maxsize=200)
def _statement(
    window: Window,
    wanted: Wanted,
    zone: ZoneInfo,
    part: tuple[int, int],
    _known: tuple[date, tuple[DueKind, ...], bool],
) -> Select[Any] | None:
    """Return the statement for a part (limit, offset) of what is wanted; None where no kind is allowed.

    To put it together takes longer than to run it; nothing but the arguments goes into it, the row limits are
    added when it runs. Today, what the reader may read, and whether somebody other than the handler asks for
    the satisfaction, are told for the cache alone.
    """
    limit, offset = part
    rows = _union(window, wanted, zone, limit + offset)
    if rows is None:
        return None
    order = (rows.c.due_on, rows.c.due_at.nulls_last(), rows.c.kind, rows.c.row_id)
    left_out = [null().label(name) for name in _IN_FULL if wanted.is_brief]
    return select(rows, *left_out).order_by(*order).limit(limit).offset(offset)


def _item(row: Any, name_of: Callable[[str, int | None], str | None], day: date, moment: datetime) -> DueItem:
    kind = DueKind[row.kind.upper()]
    party = "customer_id" if row.customer_id is not None else "dealer_id"
    model = RULES[kind].model
    return DueItem(
        kind=kind,
        due_on=row.due_on,
        due_at=row.due_at,
        starts_on=row.starts_on,
        is_late=row.due_at < moment if row.due_at else row.due_on < day,
        table=model.__tablename__,
        row_id=row.row_id,
        label=readable_label(model, row.label),
        who=readable_text(row.who or "") or name_of(party, getattr(row, party)) or "",
        # Only what a claim is about is the dealer's own number.
        phone=row.phone
        and readable(Dealer if kind is DueKind.WARRANTY_CLAIM else Customer, "phone", row.phone),
        about=row.about and readable_text(row.about),
        customer_id=row.customer_id,
        vehicle_id=row.vehicle_id,
        vehicle=name_of("vehicle_id", row.vehicle_id),
        dealer_id=row.dealer_id,
        responsible_id=row.responsible_id,
        responsible=name_of("responsible_id", row.responsible_id),
        attempts=row.attempts or 0,
        tried_at=row.tried_at,
        is_urgent=bool(row.is_urgent),
    )


def _union(window: Window, wanted: Wanted, zone: ZoneInfo, most: int) -> Subquery | None:
    """Return the things to do of the kinds asked for, each up to `most`; None where none is allowed."""
    kinds = [kind for kind in kinds_shown(current_actor()) if wanted.kinds is None or kind in wanted.kinds]
    sources = [(kind, RULES[kind].make(window, zone)) for kind in kinds]
    parts = [
        # A subquery each: the row limits reach it there, also inside the union.
        _rows_of(kind, source, window, wanted).limit(most).subquery()
        for kind, source in sources
        if _can_be(source, window, wanted)
    ]
    return union_all(*(select(part) for part in parts)).subquery() if parts else None


def _asked_about(wanted: Wanted) -> list[str]:
    return [name for name in _ABOUT if getattr(wanted, name) is not None]


def _can_be(source: Source, window: Window, wanted: Wanted) -> bool:
    """Tell whether a kind can be among what is wanted; it may belong to no such record, or never be urgent.

    With parts that can find nothing in it, the database made a plan anew each time, for 10 ms.
    """
    is_told = all(name in source.keys for name in _asked_about(wanted))
    return is_told and (source.is_urgent is not None or not window.is_urgent)


def _rows_of(kind: DueKind, source: Source, window: Window, wanted: Wanted) -> Select[Any]:
    def told(value: Any, kind_of: Any, name: str) -> ColumnElement[Any]:
        return cast(null() if value is None else value, kind_of).label(name)

    model = source.model
    columns = [
        literal(kind.value).label("kind"),
        source.due_on.label("due_on"),
        told(source.due_at, DateTime(timezone=True), "due_at"),
        told(source.starts_on, Date, "starts_on"),
        model.id.label("row_id"),
        model.label_column().label("label"),
        told(source.about, String, "about"),
        told(source.is_urgent, Boolean, "is_urgent"),
        *(told(source.keys.get(name), BigInteger, name) for name in _NAMED),
    ]
    if not wanted.is_brief:
        columns += [told(getattr(source, name), kind_of, name) for name, kind_of in _IN_FULL.items()]
    statement = select(*columns).select_from(model)
    for joined, condition in source.joins:
        statement = statement.outerjoin(joined, condition)
    conditions = [*source.conditions, *window.contains(source.due_on), *_narrowed(source, wanted)]
    if window.is_urgent is not None and source.is_urgent is not None:
        conditions.append(
            source.is_urgent if window.is_urgent else not_(func.coalesce(source.is_urgent, False))
        )
    order = source.due_on if source.due_at is None else source.due_at
    return statement.where(*conditions).order_by(order, model.id)


def _narrowed(source: Source, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the conditions for what is wanted."""
    conditions: list[ColumnElement[bool]] = [
        source.keys[name] == _ABOUT[name] for name in _asked_about(wanted)
    ]
    key = source.keys["responsible_id"]
    who: ColumnElement[Any] = cast(null(), BigInteger) if key is None else key
    never_by = source.never_by
    if wanted.responsible_ids is not None:
        people = sorted(set(wanted.responsible_ids) - {NOBODY})
        nobody = [who.is_(None)] if NOBODY in wanted.responsible_ids else []
        own = source.department_id
        shared = [own == wanted.department_id] if own is not None and wanted.department_id else []
        conditions.append(or_(who.in_(people), *nobody, *shared))
        if never_by is not None and people:
            conditions.append(or_(never_by.is_(None), never_by.not_in(people)))
    if wanted.is_in_queue:
        shared = [] if source.department_id is None else [source.department_id == DEPARTMENT]
        conditions.append(or_(who.in_(QUEUE), who.is_(None), *shared))
        if never_by is not None:
            conditions.append(or_(never_by.is_(None), never_by.not_in(QUEUE)))
    if wanted.region_ids is not None:
        conditions.append(source.model.region_id.in_(sorted(wanted.region_ids)))
    return conditions
