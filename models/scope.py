"""Which rows an actor may see: added to every ORM read, update and delete, in this one place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, event, false, or_, true
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.interfaces import CriteriaOption
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.elements import True_
from sqlalchemy.sql.selectable import GenerativeSelect

from models.actor import Actor, current_actor
from models.base import Base, Reach, Record

# Execution option that lets deleted rows through, for the few places that show or restore them.
WITH_DELETED = "with_deleted"
# Of a record the columns of which a limit may ask.
LIMITING = ("region_id", "created_by_id", "responsible_id", "department_id", "deleted_at")


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
    """Limit the rows of one table, by the same expression wherever the table stands in a statement.

    SQLAlchemy marks a copy for each place, so that criteria with a SELECT in them don't limit themselves. The
    values in these copies are equal but not the same, and were told apart by comparing them as SQL does, at
    each execution: that took a tenth of a page. A limit has no SELECT in it.
    """

    _traverse_internals = LoaderCriteriaOption._traverse_internals  # noqa: SLF001 - a subclass has no key else

    def _resolve_where_criteria(self, _entity: Any) -> ColumnElement[bool]:
        assert isinstance(self.where_criteria, ColumnElement)
        return self.where_criteria


# What the limits of some actors have in common, and the key that stands for it; the values are theirs.
_SHAPES: dict[tuple[Any, ...], tuple[object]] = {}


class RowLimits(CriteriaOption):
    """Limit the rows of all tables in a statement: one option, whose part of the cache key is made once.

    One option for each table took a quarter of the time of a small statement.
    """

    # What a loaded record loads later is limited as it was.
    propagate_to_loaders = True

    def __init__(self, conditions: Mapping[type[Base], ColumnElement[bool]]) -> None:
        """Take the condition under which a row of each model is seen, also under another name."""
        self._limits = [RowLimit(*each, include_aliases=True) for each in conditions.items()]
        keys = [limit._generate_cache_key() for limit in self._limits]  # noqa: SLF001 - else made anew each time
        # Without a key one actor's statement would be taken for another's.
        assert None not in keys
        made = [key for key in keys if key is not None]
        shape = tuple(key.key for key in made)
        # Few kinds of people, and so few keys: that of thousands of parts would be compared each time.
        self.key = _SHAPES.setdefault(shape, (object(),))
        self.values = [value for key in made for value in key.bindparams]

    def process_compile_state(self, compile_state: Any) -> None:
        """Limit a statement that is turned into SQL."""
        self.get_global_criteria(compile_state.global_attributes)

    def process_compile_state_replaced_entities(self, compile_state: Any, _mapper_entities: Any) -> None:
        """Limit one whose columns were replaced."""
        self.process_compile_state(compile_state)

    def get_global_criteria(self, attributes: dict[Any, Any]) -> None:
        """Add the condition of each table."""
        for limit in self._limits:
            limit.get_global_criteria(attributes)

    def _gen_cache_key(self, _anon_map: Any, bindparams: list[Any]) -> tuple[Any, ...]:
        bindparams.extend(self.values)
        return self.key


@lru_cache(maxsize=1024)
def limits(actor: Actor | None, with_deleted: bool = False) -> RowLimits:
    """Return the option that limits a statement to what `actor` sees, kept rows alone or deleted ones too."""
    condition = visible if with_deleted else visible_and_kept
    models: list[type[Base]] = [mapper.class_ for mapper in Base.registry.mappers]
    # Finished expressions only: a Python `if` in a criteria lambda silently gives wrong SQL.
    conditions = {model: condition(model, actor) for model in models}
    # A condition takes time also where it lets everything through.
    return RowLimits({model: each for model, each in conditions.items() if not isinstance(each, True_)})


def limited(statement: Any, option: RowLimits) -> Any:
    """Return a SELECT, or several united, with limits; the cache key is put together from those of both.

    SQLAlchemy would go through the whole statement again, also where it is one that is kept and has its key.
    """
    own = statement._generate_cache_key()  # noqa: SLF001 - made once, and kept with the statement
    found = statement.options(option)
    if own is not None:
        # The values in the order in which SQLAlchemy comes upon them: it looks at options last.
        key = CacheKey((own.key, option.key), [*own.bindparams, *option.values], own.params)
        found._set_memoized_attribute("_generate_cache_key", lambda: key)  # noqa: SLF001 - as it keeps its own
    return found


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
    option = limits(current_actor(), with_deleted)
    if isinstance(state.statement, GenerativeSelect):
        state.statement = limited(state.statement, option)
    else:
        state.statement = state.statement.options(option)
