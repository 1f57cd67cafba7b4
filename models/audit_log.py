"""What happened, in one list: changes of rows and accesses, newest first, narrowed to what is asked for.

Each log is read in the order of its ids, which is that of its instants, and the two are merged: so every
filter has an index that ends in the id, and a page costs the same at the beginning and far back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, select, tuple_

from models.access import AccessEntry, AccessKind
from models.audit import AuditEntry, ChangeKind, is_of_kind
from models.base import db, now
from models.need_to_know import has_masked

# Two who write at once may take their ids in another order than their instants.
ID_SLACK = 1000
# No index finds a text of two characters: it is looked for in no more than so many days at once.
TEXT_DAYS = timedelta(days=31)
# Among the people asked for: where no person acted.
NOBODY = 0

Entry = AuditEntry | AccessEntry


@dataclass(frozen=True, slots=True)
class LogQuery:
    """What is asked of the log; None and an empty text ask for all.

    `person` is the id of who acted, or NOBODY; `records` are tables and ids; `until` is not included.
    """

    person: int | None = None
    kind: ChangeKind | AccessKind | None = None
    table: str | None = None
    records: tuple[tuple[str, int], ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""

    @property
    def looked_at_since(self) -> datetime | None:
        """Return from when on the log is read: with a text a month at most."""
        if not self.text:
            return self.since
        earliest = (self.until or now()) - TEXT_DAYS
        return earliest if self.since is None else max(self.since, earliest)


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where a page begins: below these ids of the two logs; None where nothing of a log came before."""

    change: int | None = None
    access: int | None = None


def read_log(query: LogQuery, place: LogPlace, most: int) -> tuple[list[Entry], LogPlace | None]:
    """Return entries from `place` on, newest first, and where the next ones begin; None at the end."""
    changes = _newest(AuditEntry, query, place.change, most) if _asks_for_changes(query) else []
    accesses = _newest(AccessEntry, query, place.access, most) if _asks_for_accesses(query) else []
    merged = _merged(changes, accesses)
    if len(merged) <= most:
        return merged, None
    shown = merged[:most]
    last_change = next((each.id for each in reversed(shown) if isinstance(each, AuditEntry)), place.change)
    last_access = next((each.id for each in reversed(shown) if isinstance(each, AccessEntry)), place.access)
    return shown, LogPlace(last_change, last_access)


def _asks_for_changes(query: LogQuery) -> bool:
    return not isinstance(query.kind, AccessKind)


def _asks_for_accesses(query: LogQuery) -> bool:
    return not isinstance(query.kind, ChangeKind)


def _merged(changes: list[AuditEntry], accesses: list[AccessEntry]) -> list[Entry]:
    """Return both lists as one: each keeps its own order, whatever their instants say."""
    merged: list[Entry] = []
    left, right = list(reversed(changes)), list(reversed(accesses))
    while left and right:
        merged.append(left.pop() if left[-1].at >= right[-1].at else right.pop())
    return merged + left[::-1] + right[::-1]


def _newest(model: type[Any], query: LogQuery, below: int | None, most: int) -> list[Any]:
    statement = statement_of(model, query)
    if below is not None:
        statement = statement.where(model.id < below)
    return list(db.session.scalars(statement.limit(most + 1)))


def statement_of(model: type[Any], query: LogQuery) -> Select[Any]:
    """Return the statement that reads one of the logs, newest first."""
    found: list[ColumnElement[bool]] = _in_days(model, query)
    if query.person is not None:
        found.append(model.actor_id.is_(None) if query.person == NOBODY else model.actor_id == query.person)
    if query.table is not None:
        found.append(model.table_name == query.table)
    if query.records is not None:
        found.append(tuple_(model.table_name, model.row_id).in_(query.records))
    if isinstance(query.kind, AccessKind):
        found.append(model.kind == query.kind)
    elif query.kind is not None:
        found.append(is_of_kind(query.kind))
    if query.text:
        values = model.changes if model is AuditEntry else model.detail
        found.append(cast(values, Text).icontains(_looked_for(query.text), autoescape=True))
    return select(model).where(*found).order_by(model.id.desc())


def _looked_for(text: str) -> str:
    """Return what to look for in the JSON: digits as a whole value only, for whom numbers are masked.

    Found by a part, a masked number would be learned digit by digit.
    """
    is_whole_only = has_masked() and any(sign.isdigit() for sign in text)
    return json.dumps(text, ensure_ascii=False) if is_whole_only else text


def _in_days(model: type[Any], query: LogQuery) -> list[ColumnElement[bool]]:
    """Return the condition of the days asked for, by ids too: newer ones are not read then."""
    found: list[ColumnElement[bool]] = []
    since = query.looked_at_since
    if since is not None:
        first = select(model.id).where(model.at >= since).order_by(model.at, model.id).limit(1)
        found += [model.at >= since, model.id >= (db.session.scalar(first) or 0) - ID_SLACK]
    if query.until is not None:
        last = (
            select(model.id).where(model.at < query.until).order_by(model.at.desc(), model.id.desc()).limit(1)
        )
        found += [model.at < query.until, model.id <= (db.session.scalar(last) or 0) + ID_SLACK]
    return found
