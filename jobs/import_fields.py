"""Values of an import as the attributes of records hold them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Boolean, Date, DateTime, Enum, Integer

from models import Record, Staff

_MAKERS: tuple[tuple[Any, Callable[[str], Any]], ...] = (
    (ARRAY, lambda value: value.split(",")),
    (DateTime, datetime.fromisoformat),
    (Date, date.fromisoformat),
    (Boolean, "true".__eq__),
    (Integer, int),
)


def python_value(model: type[Record], name: str, value: str | None) -> Any:
    """Return a stored form as what the record's attribute holds."""
    if value is None:
        return None
    kind = model.__mapper__.column_attrs[name].columns[0].type
    if isinstance(kind, Enum) and kind.enum_class:
        return kind.enum_class(value)
    makers = (make for type_, make in _MAKERS if isinstance(kind, type_))
    return next(makers, str)(value)


def new_values(model: type[Record]) -> dict[str, Any]:
    """Return what a new record of this type needs beyond what a row says."""
    # A person whose logins nobody can guess; the password is set by who gets the mail.
    return {"fs_uniquifier": secrets.token_hex(32)} if issubclass(model, Staff) else {}


def fill_gaps(record: Record, values: Mapping[str, Any]) -> bool:
    """Set what stands open in a record that staff entered, and tell whether that was anything."""
    gaps = [name for name in values if getattr(record, name) in (None, "", [])]
    for name in gaps:
        setattr(record, name, values[name])
    return bool(gaps)
