"""Who acts: set for a request, a job, an import or a command, and told to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, bindparam, event, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from models.base import Record
from models.time_limit import statement_timeout


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or the process that reads and writes.

    `staff_id` is None for the panel itself. `region_ids` is None where every region is seen, else the
    own region with all below it. `below_ids` are the people at positions under the own one, left empty where
    every region is seen anyway; `stands_in_for` the colleagues who are absent today and whose work the
    person does. `on_behalf_of_id` says that all of it is done for one colleague, whoever answers for a row.
    """

    staff_id: int | None
    source: str
    roles: frozenset[str] = frozenset()
    region_ids: frozenset[int] | None = frozenset()
    region_id: int | None = None
    department_id: int | None = None
    on_behalf_of_id: int | None = None
    is_system: bool = field(default=False)
    below_ids: frozenset[int] = frozenset()
    stands_in_for: frozenset[int] = frozenset()

    @property
    def queue_ids(self) -> frozenset[int]:
        """Return whose work is the person's own today: the person's, and that of absent colleagues."""
        own = frozenset() if self.staff_id is None else frozenset({self.staff_id})
        return own | self.stands_in_for

    @property
    def staff_ids(self) -> frozenset[int]:
        """Return whose records the person sees in whatever region they lie."""
        return self.queue_ids | self.below_ids


def system_actor(source: str, staff_id: int | None = None) -> Actor:
    """Return the panel itself, seeing every row; `source` names the job, import or command in the audit."""
    return Actor(staff_id=staff_id, source=source, region_ids=None, is_system=True)


# Key of Session.info: the actor, in a tuple since nobody is None, that the open transaction was told of.
_ANNOUNCED = "announced_actor"

# Local to the transaction, so that the pool can't carry them over to somebody else.
_ANNOUNCEMENT = select(
    *(
        func.set_config(f"huisheng.{name}", bindparam(name, type_=String), True)
        for name in ("actor_id", "on_behalf_of_id", "stands_in_for", "source")
    )
)

# The same with how long each statement may take.
_LIMITED_ANNOUNCEMENT = _ANNOUNCEMENT.add_columns(
    func.set_config("statement_timeout", bindparam("statement_timeout", type_=String), True)
)

_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current_actor() -> Actor | None:
    """Return who acts now; None means nobody, who sees no row."""
    return _actor.get()


def set_actor(actor: Actor | None) -> Token[Actor | None]:
    """Say who acts from here on in this thread, and return what `reset_actor` needs to take it back."""
    return _actor.set(actor)


def reset_actor(token: Token[Actor | None]) -> None:
    """Let those act again who did before the `set_actor` that gave this token."""
    _actor.reset(token)


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Act as `actor` inside the block."""
    token = _actor.set(actor)
    try:
        yield actor
    finally:
        _actor.reset(token)


def announce_actor(session: Session, connection: Connection | None = None) -> None:
    """Tell the audit trigger who acts in the open transaction of `session`, unless it knows."""
    actor = _actor.get()
    if session.info.get(_ANNOUNCED) == (actor,):
        return
    settings = {
        "actor_id": str(actor.staff_id or "") if actor else "",
        "on_behalf_of_id": str(actor.on_behalf_of_id or "") if actor else "",
        "stands_in_for": ",".join(map(str, sorted(actor.stands_in_for))) if actor else "",
        "source": actor.source if actor else "",
    }
    announcement = _ANNOUNCEMENT
    if (timeout := statement_timeout()) is not None:
        announcement = _LIMITED_ANNOUNCEMENT
        settings["statement_timeout"] = timeout
    (connection or session.connection()).execute(announcement, settings)
    session.info[_ANNOUNCED] = (actor,)


@event.listens_for(Session, "after_begin")
def _announce_at_begin(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    session.info.pop(_ANNOUNCED, None)
    announce_actor(session, connection)


@event.listens_for(Session, "after_soft_rollback")
def _forget_announcement(session: Session, _previous: SessionTransaction) -> None:
    # A rolled-back savepoint takes the settings made inside it back.
    session.info.pop(_ANNOUNCED, None)


@event.listens_for(Session, "before_flush")
def _fill_in_origin(session: Session, _flush_context: Any, _instances: Any) -> None:
    # Somebody else may act now than when the transaction began, as in a login.
    announce_actor(session)
    actor = _actor.get()
    if actor is None or actor.staff_id is None:
        return
    for row in session.new:
        if isinstance(row, Record):
            row.created_by_id = row.created_by_id or actor.staff_id
            row.department_id = row.department_id or actor.department_id
            row.region_id = row.region_id or actor.region_id


@event.listens_for(Session, "do_orm_execute")
def _announce_at_change(state: ORMExecuteState) -> None:
    if state.is_update or state.is_delete or state.is_insert:
        announce_actor(state.session)
