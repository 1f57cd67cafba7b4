"""The one module with SQL that the row limits of the ORM don't reach: Core, text() and bulk statements.

A test refuses such statements anywhere else, so each function here says why it may stand here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Select, select, text

from models.actor import current_actor
from models.base import Base, Record, db
from models.need_to_know import readable_label
from models.scope import limits, visible_and_kept
from models.small_tables import small_rows
from models.time_limit import statement_timeout

ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Label:
    """Name a record to a reader; `is_visible` says whether the reader may also open it."""

    text: str
    is_visible: bool


def labels_for(model: type[Record], ids: Collection[int]) -> dict[int, Label]:
    """Return the labels of the rows of `model` with these ids, in one query; of a small table in none.

    Not limited: a visible record always shows what it belongs to, also where that lies in another region
    or was deleted. Nothing but the label, masked as far as the reader need not know it, leaves this function.
    """
    if not ids:
        return {}
    if model.is_small:
        kept, is_somebody = small_rows(model), current_actor() is not None
        found = ((key, kept[key]) for key in set(ids) if key in kept)
        return {
            key: Label(readable_label(model, row.label) or str(key), is_somebody and not row.is_deleted)
            for key, row in found
        }
    rows = db.session.connection().execute(
        select(model.id, model.label_column(), visible_and_kept(model, current_actor())).where(
            model.id.in_(set(ids))
        )
    )
    return {
        key: Label(readable_label(model, text) or str(key), bool(is_visible))
        for key, text, is_visible in rows
    }


def estimated_rows(statement: Select[Any]) -> int:
    """Return how many rows the planner expects of a statement, limited as if it ran; none is read."""
    limited = statement.options(limits(current_actor()))
    connection = db.session.connection()
    compiled = limited.compile(connection, compile_kwargs={"render_postcompile": True})
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", dict(compiled.params)).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


def table_sizes() -> dict[str, int]:
    """Return about how many rows each table has, as the database last noted; reads no row of them."""
    asked = text("SELECT relname, reltuples FROM pg_class WHERE oid = ANY(CAST(:names AS regclass[]))")
    names = [f'"{name}"' for name in Base.metadata.tables]
    return {name: int(rows) for name, rows in db.session.execute(asked, {"names": names})}


def begin_snapshot() -> None:
    """Begin a transaction whose reads all see the same moment; what the session had open is rolled back."""
    db.session.rollback()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give each statement of the block so long; one that takes longer raises OperationalError.

    In a savepoint, so that the transaction goes on afterwards as before. Reads no table by itself.
    """
    with db.session.begin_nested():
        db.session.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
        yield
        db.session.execute(text(f"SET LOCAL statement_timeout = {statement_timeout() or 'DEFAULT'}"))


@contextmanager
def by_bitmaps() -> Iterator[None]:
    """Let the statements of the block find their rows by index and sort them, never walk an index in order.

    For what is known to be rare, where the planner may think otherwise and read a table from end to end.
    """
    db.session.execute(text("SET LOCAL enable_indexscan = off"))
    yield
    db.session.execute(text("SET LOCAL enable_indexscan TO DEFAULT"))


def insert_rows(model: type[Base], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows by the thousand; return their ids in the same order, none where the table has no `id`.

    It only adds, so no limit of rows concerns it. What the session works out of a single record (numbers of
    a phone, sort key of a name, days of a vehicle, defaults) the rows must bring along.
    """
    columns = {attribute.key: attribute.columns[0].name for attribute in model.__mapper__.column_attrs}
    returning = " RETURNING id" if "id" in columns else ""
    ids: list[int] = []
    for keys, alike in groupby(rows, key=tuple):
        names = ", ".join(f'"{columns[key]}"' for key in keys)
        # As JSON: parameters by the thousand take driver and planner longer than the rows themselves.
        statement = text(
            f"INSERT INTO {model.__tablename__} ({names}) SELECT {names}"  # noqa: S608 - names of our own tables
            f" FROM json_populate_recordset(NULL::{model.__tablename__}, :rows){returning}"
        )
        for chunk in batched(alike, ROWS_AT_ONCE):
            written = json.dumps(
                [{columns[key]: value for key, value in row.items()} for row in chunk], default=str
            )
            result = db.session.execute(statement, {"rows": written})
            ids += [key for (key,) in result] if returning else []
    return ids


def insert_unless_known(
    model: type[Base], rows: Sequence[dict[str, Any]], *returned: str
) -> list[tuple[Any, ...]]:
    """Insert the rows that no unique key knows yet, and return these columns of them; all of them are alike.

    It only adds, so no limit of rows concerns it.
    """
    if not rows:
        return []
    names = ", ".join(rows[0])
    statement = text(
        f"INSERT INTO {model.__tablename__} ({names}) SELECT {names}"  # noqa: S608 - names of our own tables
        f" FROM json_populate_recordset(NULL::{model.__tablename__}, :rows)"
        f" ON CONFLICT DO NOTHING RETURNING {', '.join(returned)}"
    )
    written = json.dumps(rows, default=str)
    return [tuple(row) for row in db.session.execute(statement, {"rows": written})]


def batched(rows: Iterable[dict[str, Any]], most: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows in lists of at most so many."""
    rest = iter(rows)
    while chunk := list(islice(rest, most)):
        yield chunk


def lock_tables(models: Sequence[type[Base]]) -> None:
    """Keep everybody else from writing to these tables until the transaction ends; reads nothing."""
    names = ", ".join(model.__tablename__ for model in models)
    db.session.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))
