"""Forms made from columns: types, lengths and duties come from the table, labels and help from the view."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import flask_babel
from flask_babel import LazyString
from sqlalchemy import ARRAY, Boolean, Column, Date, DateTime, Enum, Integer, Numeric, String, Text, inspect
from sqlalchemy.orm import ColumnProperty, RelationshipProperty
from wtforms import Form, HiddenField
from wtforms.meta import DefaultMeta

from models import Base, Record, record_types
from models.base import Labelled
from models.labels import FIELD_LABELS, NEVER_SHOWN
from models.sealing import SealedText
from models.sql import labels_for
from views import days, fields, relation_fields
from views.amount_field import AmountField
from views.lines_field import LinesField
from views.lookups import small_options

if TYPE_CHECKING:
    from views.record_type import RecordType

# Filled by the base of every record; no form may set them.
KEPT_BY_THE_PANEL = NEVER_SHOWN | frozenset(
    {
        "id",
        "version",
        "created_at",
        "updated_at",
        "deleted_at",
        "created_by_id",
        "number",
    }
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a form or of a record's page: a heading, the fields under it, and a sentence of help.

    What is `folded` stands closed below the others while a record is entered: it is rarely needed then.
    """

    title: LazyString
    names: tuple[str, ...]
    help: LazyString | None = None
    folded: tuple[str, ...] = ()


def per_field(**texts: LazyString) -> Mapping[str, LazyString]:
    """Return texts by the name of the column that each is about."""
    return MappingProxyType(texts)


class _Messages:
    """Translate what WTForms itself says from the panel's own catalogue."""

    def gettext(self, string: str) -> str:
        """Return the message in the reader's language."""
        return str(flask_babel.gettext(string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the message for `n` in the reader's language."""
        return str(flask_babel.ngettext(singular, plural, n))


class RecordForm(Form):
    """A form over one record; `version` says which state of it the reader saw."""

    class Meta(DefaultMeta):
        """Speak the reader's language."""

        def get_translations(self, form: Any) -> _Messages:  # noqa: ARG002 - WTForms passes it
            """Return what translates WTForms' own messages."""
            return _Messages()

    version = HiddenField()
    # The only fields that are asked for and set, where it is not all: the others keep what is stored.
    only: tuple[str, ...] = ()

    @property
    def asked_names(self) -> tuple[str, ...]:
        """Return the fields that stand in the form."""
        return tuple(name for name in self._fields if not self.only or name in self.only)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check what was asked for; a field that was not keeps what is stored, good or bad."""
        if self.only:
            return not [name for name in self.only if not self[name].validate(self)]
        return super().validate(extra_validators)

    @property
    def seen_version(self) -> int | None:
        """Return the version that was on the screen when the form was filled in; None when unreadable."""
        return fields.coerce_id(self.version.data or "")

    def record_fields(self) -> list[fields.RecordField]:
        """Return the fields that are asked for, in order."""
        asked = (self[name] for name in self.asked_names)
        return [field for field in asked if isinstance(field, fields.RecordField)]

    def wrong_fields(self) -> list[fields.RecordField]:
        """Return the fields with something to mend, in order."""
        return [field for field in self.record_fields() if field.errors]

    @property
    def has_masked(self) -> bool:
        """Tell whether its reader can't read, nor change, all of it."""
        return any(field.masked_text is not None for field in self.record_fields())

    def fetch_labels(self) -> None:
        """Look up the labels of all chosen records, one query for each table they stand in."""
        chosen: dict[type[Record], list[relation_fields.RelationField]] = {}
        for field in self:
            if isinstance(field, relation_fields.RelationField) and field.data is not None:
                chosen.setdefault(field.target, []).append(field)
        for target, its_fields in chosen.items():
            labels = labels_for(target, [field.data for field in its_fields])
            for field in its_fields:
                field.label_of_data = labels.get(field.data)


@cache
def column_of(model: type[Base], name: str) -> Column[Any] | None:
    """Return the column behind an attribute of a model; None for a relationship."""
    attribute = inspect(model).attrs[name]
    if isinstance(attribute, ColumnProperty):
        column = attribute.columns[0]
        return column if isinstance(column, Column) else None
    return None


@cache
def target_of(model: type[Record], name: str) -> type[Record] | None:
    """Return the record type that an attribute leads to; None where it holds a plain value."""
    attribute = inspect(model).attrs[name]
    if isinstance(attribute, RelationshipProperty):
        return attribute.mapper.class_
    column = column_of(model, name)
    if column is None or not column.foreign_keys:
        return None
    table = next(iter(column.foreign_keys)).column.table
    return next((record for record in record_types() if record.__table__ is table), None)


def labelled(kind: Enum) -> type[Labelled]:
    """Return the closed list that a column's type holds."""
    values: Any = kind.enum_class
    return values  # type: ignore[no-any-return]  # Enum leaves it open


def is_required_column(column: Column[Any]) -> bool:
    """Tell whether a person has to give the column's value."""
    return not column.nullable and not isinstance(column.type, (Boolean, ARRAY))


def form_class(
    view: RecordType, names: Iterable[str], required: frozenset[str] = frozenset()
) -> type[RecordForm]:
    """Return a form over these attributes of the view's model, and no others; `required` beside its own."""
    body: dict[str, Any] = {}
    for name in names:
        if name in KEPT_BY_THE_PANEL:
            raise ValueError(f"{type(view).__name__}: {name} is set by the panel, not by a form")
        body[name] = _field(view, name, is_required=name in required | view.required_fields)
    return type("Form", (RecordForm,), body)


def _field(view: RecordType, name: str, *, is_required: bool) -> Any:
    column = column_of(view.model, name)
    options: dict[str, Any] = {
        "label": view.get_column_name(name),
        "description": view.column_descriptions.get(name, ""),
        "validators": list(view.form_checks.get(name, ())),
    }
    if is_required or (column is not None and is_required_column(column)):
        options["validators"].insert(0, fields.required)
    target = target_of(view.model, name)
    if target is not None:
        return _relation_field(target, column, options, is_typed=name in view.typed_relations)
    if column is None:
        raise ValueError(f"{type(view).__name__}: {name} is no column")
    return _plain_field(name, column, options)


def _relation_field(
    target: type[Record], column: Column[Any] | None, options: dict[str, Any], *, is_typed: bool
) -> Any:
    def list_options() -> list[tuple[str, str]]:
        return small_options(target)

    if not issubclass(target, Record):
        return LinesField(target=target, **options)
    if column is None:
        return relation_fields.ManyRelationsField(target=target, options=list_options, **options)
    if target.is_small and not is_typed:
        return relation_fields.SmallRelationField(target=target, options=list_options, **options)
    return relation_fields.RelationField(target=target, takes_first=is_typed, **options)


def _plain_field(name: str, column: Column[Any], options: dict[str, Any]) -> Any:
    kind = column.type
    if isinstance(kind, Enum):
        return fields.ChoiceField(values=labelled(kind), **options)
    if isinstance(kind, Boolean):
        return fields.AnswerField(**options) if column.nullable else fields.CheckField(**options)
    if isinstance(kind, ARRAY):
        return fields.ManyChoicesField(values=list(column.info["values"]), **options)
    for column_type, make in _BY_TYPE:
        if isinstance(kind, column_type):
            return make(options)
    if isinstance(kind, String):
        field = _LINES.get(name, fields.LineField)
        return field(max_length=kind.length, **options)
    raise TypeError(f"{name}: no field draws {kind!r}")


# Texts that are looked at more closely, by the name that their columns have in every table.
_LINES: Mapping[str, type[fields.LineField]] = {"email": fields.EmailField, "phone": fields.PhoneField}
_BY_TYPE: Sequence[tuple[type, Callable[[dict[str, Any]], Any]]] = (
    (SealedText, lambda options: fields.SealedField(max_length=300, **options)),
    (DateTime, lambda options: days.InstantField(**options)),
    (Date, lambda options: days.DayField(**options)),
    (Integer, lambda options: fields.NumberField(**options)),
    (Numeric, lambda options: AmountField(**options)),
    (Text, lambda options: fields.TextField(**options)),
)


def label_of(name: str) -> LazyString:
    """Return what people call a column; raise KeyError where nobody said."""
    return FIELD_LABELS[name]
