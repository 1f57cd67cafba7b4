"""What hangs on a record, on its page: how many of each type, with the way to the list of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy import func, select

from models import db
from views.deletion import holds
from views.lookups import view_of

if TYPE_CHECKING:
    from views.base import RecordView

COUNT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Linked:
    """Records of a type that refer to the one shown; `new_url` is None where the reader may enter none."""

    label: str
    count: int
    url: str
    new_url: str | None

    @property
    def is_counted_out(self) -> bool:
        """Tell whether `count` is exact."""
        return self.count <= COUNT_MOST


def linked_records(view: RecordView, row: Any) -> list[Linked]:
    """Return the types of records that refer to `row`, where the reader may list them; one query in all."""
    found: list[tuple[RecordView, str]] = []
    for record, held in holds(view.model):
        other = view_of(record)
        if other is not None and held.key in other.column_filters and other.is_allowed("list"):
            found.append((other, held.key))
    if not found:
        return []
    counts = db.session.execute(select(*(_count(other, name, row.id) for other, name in found))).one()
    return [_linked(other, name, row.id, count) for (other, name), count in zip(found, counts, strict=True)]


def _count(other: RecordView, name: str, key: int) -> Any:
    model = other.model
    capped = select(model.id).where(getattr(model, name) == key).limit(COUNT_MOST + 1).subquery()
    return select(func.count()).select_from(capped).scalar_subquery()


def _linked(other: RecordView, name: str, key: int, count: int) -> Linked:
    filtered: dict[str, Any] = {f"flt_{name}": key}
    filled: dict[str, Any] = {name: key}
    can_enter = other.is_allowed("create") and name in other.form_names
    return Linked(
        label=str(other.plural),
        count=count,
        url=url_for(f"{other.endpoint}.index_view", **filtered),
        new_url=url_for(f"{other.endpoint}.create_view", **filled) if can_enter else None,
    )
