"""What an address says of a new record: relations and closed lists only, each as if it had been chosen."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import request
from sqlalchemy import Date, Enum, String

from views.fields import coerce_id, member_of
from views.forms import column_of, labelled, target_of
from views.relation_fields import can_see
from views.suggestions import look_up

if TYPE_CHECKING:
    from views.record_type import RecordType


def address_values(view: RecordType) -> dict[str, Any]:
    """Return the values that the address chooses, and what each choice fills in; nonsense is left out.

    A form names what is chosen, so an address may choose only what its reader sees. No text is taken
    here, it would put words into a person's mouth; what somebody typed to find a record is the one exception,
    and fills its name alone (RecordType.new_values).
    """
    chosen = {
        name: value
        for name in view.form_names
        if name in request.args and (value := _chosen(view, name, request.args[name])) is not None
    }
    return _filled_in(view, chosen) | chosen


def _chosen(view: RecordType, name: str, raw: str) -> Any:
    column, target = column_of(view.model, name), target_of(view.model, name)
    if column is None:
        return None
    if target is not None:
        key = coerce_id(raw)
        return key if key is not None and can_see(target, key) else None
    return member_of(labelled(column.type), raw) if isinstance(column.type, Enum) else None


def _filled_in(view: RecordType, chosen: dict[str, Any]) -> dict[str, Any]:
    """Return what the records chosen fill in elsewhere in the form."""
    filled: dict[str, Any] = {}
    waiting = [(name, key) for name, key in chosen.items() if name in view.fills]
    for name, key in waiting:
        target = target_of(view.model, name)
        for hit in look_up(target, "", view.fills[name], key) if target is not None else ():
            for field, offered in hit["fills"].items():
                value = _stored(view, field, offered["value"])
                if value is None or field in filled or field in chosen:
                    continue
                filled[field] = value
                # A vehicle fills in its customer, who fills in a phone.
                if field in view.fills:
                    waiting.append((field, value))
    return filled


def _stored(view: RecordType, field: str, raw: str) -> Any:
    """Return what a form holds for a value as the look-up writes it; None where a form can't take it."""
    column = column_of(view.model, field)
    if not raw or column is None:
        return None
    if target_of(view.model, field) is not None:
        return coerce_id(raw)
    if isinstance(column.type, Enum):
        return member_of(labelled(column.type), raw)
    if isinstance(column.type, Date):
        return date.fromisoformat(raw)
    return raw if isinstance(column.type, String) else None
