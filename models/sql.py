"""The one module with SQL that the row limits of the ORM don't reach: Core, text() and bulk statements.

A test refuses such statements anywhere else, so each function here says why it may stand here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from models.actor import current_actor
from models.base import Record, db
from models.scope import visible_and_kept


@dataclass(frozen=True, slots=True)
class Label:
    """Name a record to a reader; `is_visible` says whether the reader may also open it."""

    text: str
    is_visible: bool


def labels_for(model: type[Record], ids: Collection[int]) -> dict[int, Label]:
    """Return the labels of the rows of `model` with these ids, in one query.

    Not limited: a visible record always shows what it belongs to, also where that lies in another region
    or was deleted. Nothing but the label leaves this function.
    """
    if not ids:
        return {}
    rows = db.session.connection().execute(
        select(model.id, model.label_column(), visible_and_kept(model, current_actor())).where(
            model.id.in_(set(ids))
        )
    )
    return {key: Label(str(text or key), bool(is_visible)) for key, text, is_visible in rows}


def begin_snapshot() -> None:
    """Begin a transaction whose reads all see the same moment; what the session had open is rolled back."""
    db.session.rollback()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
