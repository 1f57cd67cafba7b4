"""Which rows an actor may see: added to every ORM read, update and delete, in this one place."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, event, false, or_, true
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql.elements import True_

from models.actor import Actor, current_actor
from models.base import Base, Reach, Record

# Execution option that lets deleted rows through, for the few places that show or restore them.
WITH_DELETED = "with_deleted"


class UnlimitedStatementError(Exception):
    """Refuse a statement that the row limits would not reach."""


def visible(model: type[Base], actor: Actor | None) -> ColumnElement[bool]:
    """Return the condition under which `actor` sees a row of `model`; nobody (None) sees none."""
    if actor is None:
        return false()
    if not issubclass(model, Record) or actor.region_ids is None or model.reach is Reach.EVERYONE:
        return true()
    # Columns of the row itself: a look into another table costs 868 ms at a million rows, these 1 to 32.
    people = sorted(actor.staff_ids)
    own = actor.department_id if model.is_seen_by_department else None
    return or_(
        model.region_id.is_(None),
        model.region_id.in_(sorted(actor.region_ids)),
        model.created_by_id.in_(people),
        model.responsible_id.in_(people),
        *([model.department_id == own] if own is not None else []),
    )


def visible_and_kept(model: type[Base], actor: Actor | None) -> ColumnElement[bool]:
    """Return the condition under which `actor` sees a row of `model` that is not deleted."""
    condition = visible(model, actor)
    return condition & model.deleted_at.is_(None) if issubclass(model, Record) else condition


class RowLimit(LoaderCriteriaOption):
    """Limit the rows of one table in a statement; its part of the statement's cache key is made once.

    Each statement bears the limits of all tables: to write their keys anew took half of the time that a small
    one takes. A limit never changes, so that its key and the values in it are always those of the first time.
    """

    def __init__(self, model: type[Base], limit: ColumnElement[bool]) -> None:
        """Take the condition under which a row of `model` is seen, also under another name."""
        super().__init__(model, limit, include_aliases=True)
        plain = LoaderCriteriaOption(model, limit, include_aliases=True)
        key = plain._generate_cache_key()  # noqa: SLF001 - it is made anew otherwise, with each statement
        # Without a key one actor's statement would be taken for another's.
        assert key is not None
        self._own = key

    def _gen_cache_key(self, _anon_map: Any, bindparams: list[Any]) -> tuple[Any, ...]:
        bindparams.extend(self._own.bindparams)
        return self._own.key


@lru_cache(maxsize=1024)
def limits(actor: Actor | None, with_deleted: bool = False) -> tuple[LoaderCriteriaOption, ...]:
    """Return the options that limit a statement to what `actor` sees, kept rows alone or deleted ones too."""
    condition = visible if with_deleted else visible_and_kept
    models: list[type[Any]] = [mapper.class_ for mapper in Base.registry.mappers]
    limits = ((model, condition(model, actor)) for model in models)
    return tuple(
        # Finished expressions only: a Python `if` in a criteria lambda silently gives wrong SQL.
        RowLimit(model, limit)
        for model, limit in limits
        # Each one costs 20 µs a query, also where it lets everything through.
        if not isinstance(limit, True_)
    )


@event.listens_for(Session, "do_orm_execute")
def _limit_rows(state: ORMExecuteState) -> None:
    # Relationship loads are limited too: the usual guard against them leaks the lazy loads of new objects.
    if state.is_column_load or not (state.is_select or state.is_update or state.is_delete):
        return
    if (
        isinstance(state.statement, Select)
        and not state.is_orm_statement
        and state.statement.get_final_froms()
    ):
        # Columns of a table, and an aggregate with FILTER or OVER alone, don't tell SQLAlchemy their model.
        raise UnlimitedStatementError("name the model: select(...).select_from(Model)")
    with_deleted = bool(state.execution_options.get(WITH_DELETED))
    state.statement = state.statement.options(*limits(current_actor(), with_deleted))
