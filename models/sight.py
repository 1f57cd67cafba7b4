"""Whose records a person sees: own regions, people at lower positions, and absent colleagues."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Date, Select, String, cast, literal, null, select, union_all
from sqlalchemy.orm import aliased

from models.absence import Absence
from models.actor import Actor, acting_as, system_actor
from models.base import db, now
from models.centre import site_zone
from models.organisation import Position, Region, Staff
from models.permissions import ALL_REGION_ROLES

_REGION, _BELOW, _ABSENT = "region", "below", "absent"


def actor_for(staff: Staff) -> Actor:
    """Return the actor that a person is now; one query for regions, people below and absent colleagues.

    Asked at each request: a move in one of the trees, and the end of an absence, count at once.
    """
    roles = frozenset(staff.role_names)
    sees_all = bool(roles & ALL_REGION_ROLES)
    # Who sees every region sees the work of everybody.
    region_id, position_id = (None, None) if sees_all else (staff.region_id, staff.position_id)
    today = now().date()
    found: dict[str, set[int]] = {_REGION: set(), _BELOW: set(), _ABSENT: set()}
    with acting_as(system_actor("login")):
        for kind, key, starts_on, ends_on in db.session.execute(
            _seen(staff.id, region_id, position_id, today)
        ):
            if kind != _ABSENT or starts_on <= now().astimezone(site_zone()).date() <= ends_on:
                found[kind].add(key)
    return Actor(
        staff_id=staff.id,
        source="request",
        roles=roles,
        region_ids=None if sees_all else frozenset(found[_REGION]),
        region_id=staff.region_id,
        department_id=staff.department_id,
        below_ids=frozenset(found[_BELOW]),
        stands_in_for=frozenset(found[_ABSENT]),
    )


def regions_under(region_id: int) -> set[int]:
    """Return a region with all under it: what somebody means who chooses it; one query."""
    return set(db.session.scalars(select(_tree_under(Region, region_id).c.id)))


def people_below(actor: Actor) -> set[int]:
    """Return the people at positions under the actor's own, also for who sees every region; two queries."""
    own = select(Staff.position_id).where(Staff.id == actor.staff_id)
    position_id = db.session.scalar(own)
    if position_id is None:
        return set()
    return set(db.session.scalars(select(_people_below(position_id).subquery().c.key)))


@lru_cache(maxsize=500)
def _seen(staff_id: int, region_id: int | None, position_id: int | None, today: date) -> CompoundSelect[Any]:
    """Return the statement for regions, people below and absent colleagues; None: of that nothing is asked.

    To put it together takes longer than to run it; the row limits are added when it runs.
    """
    parts = [_absent_colleagues(staff_id, today)]
    if region_id is not None:
        parts.append(_regions(region_id))
    if position_id is not None:
        parts.append(_people_below(position_id))
    # A subquery each: the row limits reach it there, also inside the union.
    return union_all(*(select(part.subquery()) for part in parts))


def _kind(kind: str, key: Any, starts_on: Any = None, ends_on: Any = None) -> Select[Any]:
    days = (cast(null() if day is None else day, Date) for day in (starts_on, ends_on))
    return select(literal(kind, String).label("kind"), key.label("key"), *days)


def _regions(region_id: int) -> Select[Any]:
    """Return a region with all under it."""
    return _kind(_REGION, _tree_under(Region, region_id).c.id)


def _people_below(position_id: int) -> Select[Any]:
    """Return the people at positions under one, those at the same position excepted."""
    tree = _tree_under(Position, position_id)
    return _kind(_BELOW, Staff.id).join(tree, tree.c.id == Staff.position_id).where(tree.c.id != position_id)


def _tree_under(model: type[Region | Position], key: int) -> Any:
    """Return the ids of a tree's node and of all under it; UNION drops what a circle comes back to."""
    tree = select(model.id).where(model.id == key).cte(f"{model.__tablename__}_tree", recursive=True)
    child = aliased(model)
    return tree.union(select(child.id).join(tree, child.parent_id == tree.c.id))


def _absent_colleagues(staff_id: int, day: date) -> Select[Any]:
    """Return for whom a person may stand in about this day in UTC, whatever day it is at the centre.

    Chains are not followed.
    """
    margin = timedelta(days=1)
    return _kind(_ABSENT, Absence.staff_id, Absence.starts_on, Absence.ends_on).where(
        Absence.substitute_id == staff_id,
        Absence.ends_on >= day - margin,
        Absence.starts_on <= day + margin,
    )
