"""What relations to several records held earlier, from the audit of the table that links them."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from models import AuditEntry, Record, db
from views.changes import Lines, lines_of
from views.relation_fields import ManyRelationsField

# A field with the ids of the records that it held.
Earlier = tuple[ManyRelationsField, list[int]]


def relations_of(model: type[Record]) -> dict[str, Lines]:
    """Return by table the relations of a type to several records, lines of a list left out."""
    return {table: lines for table, lines in lines_of(model).items() if lines.target is not None}


def held_before(
    model: type[Record], fields: dict[str, Any], entries: list[AuditEntry], name: str
) -> dict[str, Earlier]:
    """Return what relations held otherwise before `entries`, newest first, and fill the fields with it.

    With a `name` only that relation. What is gone since, or out of sight, stays out of the field.
    """
    found = {}
    for table, lines in relations_of(model).items():
        field = fields.get(lines.name)
        if not isinstance(field, ManyRelationsField) or name not in ("", lines.name):
            continue
        present = {each.id for each in field.data or ()}
        ids = set(present)
        for entry in entries:
            if entry.table_name == table:
                taken_out, added = entry.changes.get(lines.column, [None, None])
                ids = (ids - {added}) | ({taken_out} - {None})
        if ids != present:
            found[lines.name] = (field, sorted(ids))
            rows = select(field.target).where(field.target.id.in_(ids)).order_by(field.target.id)
            field.data = list(db.session.scalars(rows))
    return found


def missing_of(field: Any, stored: Any) -> list[str]:
    """Return the sentence about what a relation held and can't hold again; nothing for other fields."""
    if not isinstance(field, ManyRelationsField):
        return []
    there = set(db.session.scalars(select(field.target.id).where(field.target.id.in_(stored))))
    return [] if there == set(stored) else [_("This record is not there any more, or you may not use it.")]
