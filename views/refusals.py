"""Refused accesses in the access log: what somebody who is logged in was kept from."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, request
from sqlalchemy import select

from models import current_actor, db
from models.access import AccessEntry, AccessKind, record_access
from models.base import now
from views.fields import coerce_id

# A crawl of one endpoint leaves one entry a minute, so that nothing else is flooded out of sight.
ONCE_IN = timedelta(minutes=1)


def record_refusal() -> None:
    """Write down and commit that who acts now was refused this request, once a minute for each endpoint."""
    actor = current_actor()
    if actor is None or actor.staff_id is None:
        return
    # Whatever was begun before the refusal must not be saved along with it.
    db.session.rollback()
    if _is_recorded(actor.staff_id):
        return
    record_access(
        AccessKind.REFUSED,
        table=_table(),
        row_id=coerce_id(request.values.get("id", "")),
        remote_address=request.remote_addr,
        endpoint=request.endpoint,
        method=request.method,
    )
    db.session.commit()


def _is_recorded(staff_id: int) -> bool:
    found = select(AccessEntry.id).where(
        AccessEntry.at > now() - ONCE_IN,
        AccessEntry.actor_id == staff_id,
        AccessEntry.kind == AccessKind.REFUSED,
        AccessEntry.detail["endpoint"].astext == request.endpoint,
    )
    return db.session.scalar(found.limit(1)) is not None


def _table() -> str | None:
    """Return under what name models.permissions knows the page; None for what is no page of the panel."""
    pages = current_app.extensions["pages"]
    return next((page.permission for page in pages if page.endpoint == request.blueprint), None)
