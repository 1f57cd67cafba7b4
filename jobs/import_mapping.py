"""Mappings: small TOML files that say which column of a foreign table becomes which field of a record."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import Date, DateTime, Enum, String

from jobs.import_reader import ImportRefusedError, Row
from models import Record, record_types
from models.base import now

MAPPINGS = Path(__file__).parent / "mappings"

# What a spreadsheet makes of a long number: 2.02403E+19, or fifteen digits and zeros.
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+\d+")
_ROUNDED = re.compile(r"[1-9]\d{14}0+")
# Blanks that Excel and web pages leave around a text, the full-width one and a byte order mark among them.
_BLANKS = " \t\r\n\v\f\u00a0\u3000\u200b\ufeff"


class RowRejectedError(Exception):
    """One row can't become a record; the text is a sentence for the user."""


class MappingError(Exception):
    """A mapping file contradicts itself or the tables."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of the record is made."""

    name: str
    # Columns, by their names in the mapping; several are joined by a blank.
    columns: tuple[str, ...] = ()
    default: str | None = None
    is_required: bool = False
    # The cell holds several values with this between them; all are kept, or the first one only.
    separator: str | None = None
    takes_first: bool = False
    # Regular expression for the beginning of the value that counts, such as the letter of a fault code.
    prefix: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    is_past: bool = False
    # "table.column" where the value is to be found; the field then holds that row's id.
    lookup: str | None = None
    # The value never goes back in the order of its enumeration, whatever an older file says.
    forward_only: bool = False


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """What a table from one source means."""

    name: str
    record: type[Record]
    source: str
    key: str
    key_pattern: str | None
    # Spellings of each column's header; of several that are present, the first cell that is filled counts.
    columns: Mapping[str, tuple[str, ...]]
    fields: tuple[FieldRule, ...]

    def order(self, name: str) -> Sequence[str]:
        """Return the values of an enumerated field in their order."""
        kind = self.record.__table__.c[name].type
        assert isinstance(kind, Enum)
        return kind.enums


def mapping_names() -> list[str]:
    """Return the names of all mappings."""
    return sorted(path.stem for path in MAPPINGS.glob("*.toml"))


def load_mapping(name: str) -> ImportMapping:
    """Return the mapping of this name.

    Raises:
        ImportRefusedError: where there is none.
        MappingError: where its file is wrong.
    """
    if name not in mapping_names():
        raise ImportRefusedError(
            _(
                "There is no mapping “%(name)s”; there are: %(names)s.",
                name=name,
                names=", ".join(mapping_names()),
            )
        )
    return parse_mapping(name, (MAPPINGS / f"{name}.toml").read_text("utf-8"))


def parse_mapping(name: str, text: str) -> ImportMapping:
    """Return the mapping that `text` describes.

    Raises:
        MappingError: where it contradicts itself or the tables.
    """
    try:
        content = tomllib.loads(text)
        tables = {model.__tablename__: model for model in record_types()}
        mapping = ImportMapping(
            name=name,
            record=tables[content.pop("record")],
            source=content.pop("source"),
            key=content.pop("key"),
            key_pattern=content.pop("key_pattern", None),
            columns={column: tuple(spellings) for column, spellings in content.pop("columns").items()},
            fields=tuple(_parse_rule(field_name, rule) for field_name, rule in content.pop("fields").items()),
        )
        if content:
            raise MappingError(f"{name}: unknown {', '.join(content)}")
        _check(mapping)
    except (KeyError, TypeError, ValueError) as error:
        raise MappingError(f"{name}: {error!r}") from error
    return mapping


_LISTS = {"columns", "formats"}


def _parse_rule(name: str, rule: Mapping[str, Any]) -> FieldRule:
    options: dict[str, Any] = {key: tuple(value) if key in _LISTS else value for key, value in rule.items()}
    return FieldRule(name, **options)


def _check(mapping: ImportMapping) -> None:
    for rule in mapping.fields:
        column = mapping.record.__table__.c[rule.name]
        unknown = {*rule.columns, mapping.key} - mapping.columns.keys()
        if unknown:
            raise MappingError(f"{mapping.name}: {rule.name} names no column: {unknown}")
        results = {*rule.values.values(), *([rule.default] if rule.default else [])}
        if isinstance(column.type, Enum) and not results <= set(column.type.enums):
            raise MappingError(f"{mapping.name}: {rule.name} can't be {results - set(column.type.enums)}")
        if rule.forward_only and not isinstance(column.type, Enum):
            raise MappingError(f"{mapping.name}: {rule.name} has no order to go forward in")
        if not (rule.lookup or isinstance(column.type, String | Date | DateTime)):
            raise MappingError(
                f"{mapping.name}: no rule makes a {column.type} of a cell, as {rule.name} needs"
            )
        if isinstance(column.type, Enum) and rule.columns and not rule.values:
            raise MappingError(f"{mapping.name}: {rule.name} needs a table of values")
        if isinstance(column.type, Date | DateTime) and rule.columns and not rule.formats:
            raise MappingError(f"{mapping.name}: {rule.name} needs formats")


class RowConverter:
    """Turn the rows of one file into a key and plain values, by the mapping and the file's header."""

    def __init__(self, mapping: ImportMapping, header: Sequence[str], zone: ZoneInfo) -> None:
        """Find the mapping's columns in the header.

        Raises:
            ImportRefusedError: naming the columns that are missing.
        """
        self.mapping = mapping
        self._zone = zone
        self._header = header
        places: dict[str, list[int]] = {}
        for position, title in enumerate(header):
            places.setdefault(_fold(title).lower(), []).append(position)
        self._places = {
            column: [place for spelling in spellings for place in places.get(spelling.lower(), [])]
            for column, spellings in mapping.columns.items()
        }
        missing = [mapping.columns[column][0] for column, found in self._places.items() if not found]
        if missing:
            raise ImportRefusedError(
                _(
                    "The file does not fit the mapping “%(name)s”: it has no column %(missing)s.",
                    name=mapping.name,
                    missing=", ".join(f"“{column}”" for column in missing),
                )
            )

    def convert(self, row: Row) -> tuple[str, dict[str, str | None]]:
        """Return the row's key at its source, and the value of each field, in its stored form.

        Raises:
            RowRejectedError: where the row is broken, or a value is missing or means nothing.
        """
        if row.problem:
            raise RowRejectedError(row.problem)
        cells = row.cells
        return self._key(cells), {rule.name: self._value(rule, cells) for rule in self.mapping.fields}

    def _cell(self, column: str, cells: Sequence[str]) -> str:
        return next((text for place in self._places[column] if (text := cells[place].strip(_BLANKS))), "")

    def _title(self, column: str) -> str:
        return self._header[self._places[column][0]]

    def _key(self, cells: Sequence[str]) -> str:
        column = self.mapping.key
        key = _fold(self._cell(column, cells)).strip("='\"")
        if not key:
            raise RowRejectedError(_("“%(column)s” is empty.", column=self._title(column)))
        if _SCIENTIFIC.fullmatch(key) or _ROUNDED.fullmatch(key):
            raise RowRejectedError(
                _(
                    "“%(column)s” holds “%(value)s”: Excel has cut the number. Format the column as text.",
                    column=self._title(column),
                    value=key,
                )
            )
        if self.mapping.key_pattern and not re.fullmatch(self.mapping.key_pattern, key):
            raise self._unknown(column, key)
        return key

    def _value(self, rule: FieldRule, cells: Sequence[str]) -> str | None:
        value = " ".join(filter(None, (self._cell(column, cells) for column in rule.columns)))
        if value and rule.separator:
            parts = [part.strip(_BLANKS) for part in value.replace("，", ",").split(rule.separator)]
            parts = [part for part in parts if part]
            value = (parts or [""])[0] if rule.takes_first else f"{rule.separator} ".join(parts)
        if not value:
            if rule.is_required:
                raise RowRejectedError(_("“%(column)s” is empty.", column=self._title(rule.columns[0])))
            return rule.default
        if rule.prefix:
            found = re.match(rule.prefix, _fold(value))
            if not found:
                raise self._unknown(rule.columns[0], value)
            value = found[0]
        if rule.values:
            if _fold(value) not in rule.values:
                raise self._unknown(rule.columns[0], value)
            value = rule.values[_fold(value)]
        return self._fitting(rule, value)

    def _fitting(self, rule: FieldRule, value: str) -> str:
        """Return the value in the form that the field's column takes."""
        kind = self.mapping.record.__table__.c[rule.name].type
        if rule.formats:
            instant = self._instant(rule, value)
            return (instant if isinstance(kind, DateTime) else instant.date()).isoformat()
        limit = kind.length if isinstance(kind, String) else None
        if limit and len(value) > limit:
            raise RowRejectedError(
                _(
                    "“%(column)s” is longer than %(limit)s characters.",
                    column=self._title(rule.columns[0]),
                    limit=limit,
                )
            )
        return value

    def _instant(self, rule: FieldRule, value: str) -> datetime:
        """Return the moment that `value` names at the site, midnight where it names a day."""
        for form in rule.formats:
            try:
                instant = datetime.strptime(_fold(value), form).replace(tzinfo=self._zone)
            except ValueError:
                continue
            if rule.is_past and instant > now():
                raise RowRejectedError(
                    _(
                        "“%(column)s” holds “%(value)s”, which lies in the future.",
                        column=self._title(rule.columns[0]),
                        value=value,
                    )
                )
            return instant
        raise RowRejectedError(
            _(
                "“%(column)s” holds “%(value)s”, which is not a date such as %(example)s.",
                column=self._title(rule.columns[0]),
                value=value,
                example=date(2024, 3, 10).strftime(rule.formats[0]),
            )
        )

    def _unknown(self, column: str, value: str) -> RowRejectedError:
        return RowRejectedError(
            _(
                "“%(column)s” holds “%(value)s”, which this import does not know.",
                column=self._title(column),
                value=value,
            )
        )


def _fold(text: str) -> str:
    """Return `text` with full-width digits and letters made plain; sentences would lose their marks by it."""
    return unicodedata.normalize("NFKC", text).strip(_BLANKS)
