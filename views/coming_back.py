"""Letting deleted records come back, unless a name was taken since or what they belong to is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import WITH_DELETED, Record, acting_as, db, system_actor
from models.sql import labels_for
from views.constraint_refusals import refusal_of
from views.forms import column_of, target_of
from views.lookups import view_of

if TYPE_CHECKING:
    from views.base import RecordView


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a record can't come back; `parent` is the deleted one that it belongs to, by table and id."""

    label: str
    sentence: str
    parent: tuple[str, int] | None = None


def deleted_rows(view: RecordView, ids: Iterable[int]) -> list[Any]:
    """Return the deleted records with these ids, as far as they may be seen, locked."""
    model = view.model
    statement = select(model).where(model.id.in_(set(ids)), model.deleted_at.is_not(None)).order_by(model.id)
    return list(db.session.scalars(statement.with_for_update(), execution_options={WITH_DELETED: True}))


def bring_back(view: RecordView, rows: list[Any]) -> list[Obstacle]:
    """Let the records be there again, and flush; return what is against it, then the caller rolls back."""
    found = []
    labels = labels_for(view.model, [row.id for row in rows])
    for row in rows:
        label = labels[row.id].text
        try:
            # Each in a savepoint of its own: so it is known which of them can't.
            with db.session.begin_nested():
                row.deleted_at = None
        except IntegrityError as error:
            found.append(Obstacle(label, refusal_of(error).sentence))
    # What was refused stands as it was, and is asked about all the same.
    found += _missing_parents(view, rows, {key: label.text for key, label in labels.items()})
    return found


def _missing_parents(view: RecordView, rows: list[Any], labels: dict[int, str]) -> Iterator[Obstacle]:
    """Yield what the rows name that was deleted since; they no longer kept it from going."""
    for name in view.form_names:
        target = target_of(view.model, name)
        if target is None or column_of(view.model, name) is None:
            continue
        gone = _gone_among(target, {key for row in rows if (key := getattr(row, name)) is not None})
        names = labels_for(target, gone)
        other = view_of(target)
        for row in rows:
            key = getattr(row, name)
            if key in gone:
                sentence = _(
                    "It belongs to this record, which was deleted too: %(kind)s %(label)s.",
                    kind=other.singular if other else "",
                    label=names[key].text,
                )
                yield Obstacle(labels[row.id], sentence, (target.__tablename__, key))


def _gone_among(target: type[Record], keys: set[int]) -> set[int]:
    if not keys:
        return set()
    statement = select(target.id).where(target.id.in_(keys), target.deleted_at.is_not(None))
    # The panel looks itself: what lies in another region counts too.
    with acting_as(system_actor("undo")):
        return set(db.session.scalars(statement, execution_options={WITH_DELETED: True}))
