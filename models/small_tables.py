"""The small tables that an office fills by hand, kept in memory as long as nobody changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, select

from models.actor import acting_as, system_actor
from models.base import Record, db, reads_english
from models.centre import centre_facts
from models.scope import WITH_DELETED

# Each table in two languages, and the states of a few changes in a row.
STATES_MOST = 32


@dataclass(frozen=True, slots=True)
class SmallRow:
    """A row of a small table; `parent_id` is None at the top, and where there is no tree."""

    label: str
    parent_id: int | None
    is_deleted: bool


def small_rows(model: type[Record]) -> Mapping[int, SmallRow]:
    """Return all rows of a small table by id, deleted ones too, in the order of lists.

    Labels are in the reader's language. Not limited: everybody sees these tables. What marks the state of
    each is read with the centre's facts, so that the first transaction after a change reads the rows anew.
    """
    return _read(db.engine, model, centre_facts().marks[model.__tablename__], reads_english())


@lru_cache(STATES_MOST)
def _read(_engine: Engine, model: type[Record], _mark: str, _is_english: bool) -> Mapping[int, SmallRow]:
    columns: list[Any] = [model.id, model.label_column(), model.deleted_at.is_not(None)]
    if hasattr(model, "parent_id"):
        columns.append(model.parent_id)
    statement = select(*columns).order_by(model.sort_column(), model.id)
    with acting_as(system_actor("small tables")), db.session.no_autoflush:
        rows = db.session.execute(statement, execution_options={WITH_DELETED: True}).all()
    return {
        row[0]: SmallRow(label=row[1], parent_id=row[3] if len(row) > 3 else None, is_deleted=row[2])
        for row in rows
    }
