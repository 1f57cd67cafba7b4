"""Letting records go: refused while others hang on them, and never out of the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, inspect, select
from sqlalchemy.orm import MANYTOMANY

from models import Record, acting_as, db, record_types, system_actor
from models.base import now
from models.keeping import NAMED_MOST, Held, Kept, kept_among
from models.sql import labels_for
from views import sent_twice
from views.fields import coerce_id
from views.lookups import view_of

if TYPE_CHECKING:
    from views.base import RecordView

ROWS_MOST = 100
# Who entered a record stays known also when that person has left.
HOLDS_NOTHING = frozenset({"created_by_id"})


@dataclass(frozen=True, slots=True)
class Reference:
    """How many records of a type hang on the one that should go; `url` is their list, None for none."""

    type_label: str
    count: int
    url: str | None


def chosen_rows(view: RecordView, raw_ids: list[str], *, is_final: bool) -> list[Any]:
    """Return the visible records with these ids; what is no id, or not visible, is left out.

    Where the choice is final the rows are locked: who deletes the same one next waits, and finds it gone.
    """
    model = view.model
    statement = select(model).where(model.id.in_(keys_of(raw_ids))).order_by(model.id)
    if is_final:
        # Whoever had the lock before may have changed what the session holds.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(statement))


def keys_of(raw_ids: list[str]) -> set[int]:
    """Return the ids among what was sent, as many as can be chosen at once."""
    return {key for raw in raw_ids[:ROWS_MOST] if (key := coerce_id(raw)) is not None}


def changed_since(rows: list[Any], seen: list[str]) -> list[Any]:
    """Return the records that somebody changed since the page that asked was shown.

    `seen` holds "id:version" of each; a record that it doesn't name was not looked at, and isn't compared.
    """
    versions = dict(each.partition(":")[::2] for each in seen[:ROWS_MOST])
    return [row for row in rows if versions.get(str(row.id), str(row.version)) != str(row.version)]


@cache
def holds(model: type[Record]) -> tuple[tuple[type[Record], Any], ...]:
    """Return each record type with how it hangs on `model`: a foreign key or a many-to-many relation."""
    return tuple(_holds(model))


def _holds(model: type[Record]) -> Iterator[tuple[type[Record], Any]]:
    for record in record_types():
        mapper = inspect(record)
        for name, column in mapper.columns.items():
            if name not in HOLDS_NOTHING and any(
                key.column.table is model.__table__ for key in column.foreign_keys
            ):
                yield record, getattr(record, name)
        for relation in mapper.relationships:
            if relation.direction is MANYTOMANY and relation.mapper.class_ is model:
                yield record, getattr(record, relation.key)


def condition(held: Any, model: type[Record], ids: list[int]) -> ColumnElement[bool]:
    """Return the condition under which a record hangs on one of `ids` by the given column or relation."""
    is_relation = hasattr(held.property, "direction")
    found: ColumnElement[bool] = held.any(model.id.in_(ids)) if is_relation else held.in_(ids)
    return found


def references_to(model: type[Record], ids: list[int]) -> list[Reference]:
    """Return what hangs on these records and is not itself among them, by type."""
    by_type: dict[type[Record], list[ColumnElement[bool]]] = {}
    for record, held in (each for each in holds(model) if not each[0].is_log):
        by_type.setdefault(record, []).append(condition(held, model, ids))
    found = []
    # The panel looks itself: what hangs on the record in another region holds it too.
    with acting_as(system_actor("deletion")):
        for record, conditions in by_type.items():
            statement = select(func.count(record.id)).where(
                conditions[0].self_group() if not conditions[1:] else _any(conditions)
            )
            if record is model:
                statement = statement.where(record.id.not_in(ids))
            count = db.session.scalar(statement) or 0
            if count:
                view = view_of(record)
                label = str(view.plural if view else record.__tablename__)
                names = [held.key for other, held in holds(model) if other is record]
                found.append((label, count, view, names))
    return [Reference(label, count, _list_url(view, names, ids)) for label, count, view, names in found]


def _list_url(view: RecordView | None, names: list[str], ids: list[int]) -> str | None:
    """Return the list of what hangs on one record by one column; None where no filter tells that."""
    if view is None or len(ids) != 1 or len(names) != 1:
        return None
    if names[0] not in view.column_filters or not view.is_allowed("list"):
        return None
    filtered: dict[str, Any] = {f"flt_{names[0]}": ids[0]}
    return url_for(f"{view.endpoint}.index_view", **filtered)


def _any(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    from sqlalchemy import or_

    return or_(*conditions)


def why_kept(model: type[Record], ids: list[int]) -> list[str]:
    """Return why papers keep some of these records: a sentence a rule, with their names among several."""
    kept = kept_among(model, ids)
    labels = labels_for(model, [key for each in kept for key in each.ids]) if len(ids) > 1 else {}
    return [
        _(
            "%(records)s: %(sentence)s",
            records=_(", ").join(labels[key].text for key in each.ids),
            sentence=_sentence(each),
        )
        if labels
        else _sentence(each)
        for each in kept
    ]


def _sentence(kept: Kept) -> str:
    if not kept.held:
        return str(kept.sentence)
    return str(kept.sentence) % {"held": _("; ").join(_held(each) for each in kept.held)}


def _held(held: Held) -> str:
    """Return how many of a kind keep a record; the few there are by name, for who may list them."""
    view = view_of(held.model)
    if held.count > NAMED_MOST or view is None or not view.is_allowed("list"):
        return str(_("%(kind)s: %(count)s", kind=held.plural, count=held.count))
    labels = labels_for(held.model, held.first_ids)
    names = _(", ").join(labels[key].text for key in held.first_ids)
    return str(_("%(kind)s: %(count)s (%(names)s)", kind=held.plural, count=held.count, names=names))


def delete(rows: list[Any]) -> dict[int, int]:
    """Mark the records as deleted and commit, all or none; return the version of each by its id."""
    versions: dict[int, int] = {}

    def effect() -> int:
        for row in rows:
            row.deleted_at = now()
        db.session.flush()
        versions.update({row.id: row.version for row in rows})
        return min(versions)

    sent_twice.do_once(effect)
    return versions
