"""What of a record's values who acts now reads whole, and what masked; the table stands in permissions.py.

Everything that turns a value into text for a reader asks here. The panel itself reads everything, and so do
the roles that need it: for them each function returns at once what it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Enum, String, inspect

from models.actor import current_actor
from models.base import Base, Record
from models.masking import mask_email, mask_frame_number, mask_numbers, mask_phone, mask_plate
from models.permissions import SENSITIVE, SHOWN_TO_ALL, Sensitive, masked_columns, masked_kinds

_MASKS: Mapping[Sensitive, Callable[[str], str]] = {
    Sensitive.PHONE: mask_phone,
    Sensitive.PLATE: mask_plate,
    Sensitive.FRAME_NUMBER: mask_frame_number,
    Sensitive.EMAIL: mask_email,
}
_NOTHING: Mapping[str, Mapping[str, Sensitive]] = MappingProxyType({})
_NO_COLUMNS: Mapping[str, Sensitive] = MappingProxyType({})
_NO_KINDS: frozenset[Sensitive] = frozenset()
# In columns this long people write what they like, also a phone; shorter ones hold codes and batches.
_FREE_FROM = 80
# Between the parts of a label, as models put them together.
LABEL_JOINT = " · "


def _masked() -> Mapping[str, Mapping[str, Sensitive]]:
    actor = current_actor()
    if actor is None:
        return masked_columns(frozenset())
    return _NOTHING if actor.is_system else masked_columns(actor.roles)


def _kinds() -> frozenset[Sensitive]:
    actor = current_actor()
    if actor is None:
        return masked_kinds(frozenset())
    return _NO_KINDS if actor.is_system else masked_kinds(actor.roles)


def has_masked() -> bool:
    """Tell whether who acts now reads anything masked."""
    return bool(_masked())


def masked_names(model: type[Record]) -> Mapping[str, Sensitive]:
    """Return the attributes of a model that who acts now reads masked, each with its kind."""
    return _masked().get(model.__tablename__, _NO_COLUMNS)


def readable_text(text: str) -> str:
    """Return a free text as who acts now may read it: without the numbers that are masked for the reader."""
    kinds = _kinds()
    if not kinds:
        return text
    return mask_numbers(
        text,
        phones=Sensitive.PHONE in kinds,
        plates=Sensitive.PLATE in kinds,
        frame_numbers=Sensitive.FRAME_NUMBER in kinds,
        emails=Sensitive.EMAIL in kinds,
    )


def readable(model: type[Base], name: str, text: str) -> str:
    """Return the text of an attribute as who acts now may read it."""
    masked = _masked()
    if not masked:
        return text
    kind = masked.get(model.__tablename__, _NO_COLUMNS).get(name)
    if kind is not None:
        return _MASKS[kind](text)
    return readable_text(text) if name in _free_texts(model) else text


@cache
def _free_texts(model: type[Base]) -> frozenset[str]:
    """Return the attributes in which people write what they like."""
    table = model.__tablename__
    settled = {*SENSITIVE.get(table, ()), *(name for other, name in SHOWN_TO_ALL if other == table)}
    return frozenset(
        attribute.key
        for attribute in inspect(model).column_attrs
        if attribute.key not in settled
        and isinstance(kind := attribute.columns[0].type, String)
        and not isinstance(kind, Enum)
        and (kind.length is None or kind.length >= _FREE_FROM)
    )


def masked_texts(row: Record, names: Iterable[str]) -> dict[str, str]:
    """Return of these attributes of a row those that who acts now can't read whole, each as it is read."""
    if not _masked():
        return {}
    model, values = type(row), {name: getattr(row, name) for name in names}
    read = {name: readable(model, name, value) for name, value in values.items() if isinstance(value, str)}
    return {name: text for name, text in read.items() if text != values[name]}


def readable_label(model: type[Record], label: Any) -> str:
    """Return the label of a record as who acts now may read it; "" for none."""
    text = "" if label is None else str(label)
    masked = _masked()
    if not masked or not text:
        return text
    columns = masked.get(model.__tablename__, _NO_COLUMNS)
    parts = model.label_parts()
    if not parts or not any(name in columns for name in parts):
        return readable_text(text)
    # Of the parts only the first may be lacking, or hold the joint itself.
    pieces = text.rsplit(LABEL_JOINT, len(parts) - 1)
    named = zip(parts[-len(pieces) :], pieces, strict=True)
    return LABEL_JOINT.join(
        _MASKS[columns[name]](piece) if name in columns else piece for name, piece in named
    )


def is_label_masked(model: type[Record]) -> bool:
    """Tell whether who acts now reads a part of such labels masked, so that their order would tell of it."""
    return any(name in masked_names(model) for name in model.label_parts())
