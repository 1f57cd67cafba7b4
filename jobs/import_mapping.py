"""Mappings: small TOML files that say which column of a foreign table becomes which field of a record."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import ARRAY, Boolean, Date, DateTime, Enum, Integer, String

from jobs.import_reader import ImportRefusedError
from jobs.import_words import label_words, yes_no_words
from models import Record, Supplier, record_types
from models.organisation import Role

MAPPINGS = Path(__file__).parent / "mappings"
# Tables of words that mappings share: a CSV file of two columns, what a cell holds and what it means.
WORDS = MAPPINGS / "words"
# The source of the files that a centre fills in by our own templates.
OWN_SOURCE = "own"


class MappingError(Exception):
    """A mapping file contradicts itself or the tables."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of the record is made."""

    name: str
    # Columns, by their names in the mapping; several are joined by a blank.
    columns: tuple[str, ...] = ()
    default: str | None = None
    # The default means "not known": a row that has nothing better never takes a known value away.
    default_yields: bool = False
    is_required: bool = False
    # Cells that mean nothing, such as "N/A".
    nothing: tuple[str, ...] = ()
    # The cell holds several values, with what this regular expression finds between them; all are kept,
    # joined by `joiner`, or the first one only.
    separator: str | None = None
    joiner: str = ", "
    takes_first: bool = False
    # Regular expression for the beginning of the value that counts, such as the letter of a fault code.
    prefix: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    # Name of a table of words by which each value is replaced where it stands there, and kept where not.
    words: str | None = None
    # "phone" or "email": how such a text is tidied.
    clean: str | None = None
    formats: tuple[str, ...] = ()
    is_past: bool = False
    # The first day that can be true.
    not_before: date | None = None
    # "table.column" where the value is to be found; the field then holds that row's id.
    lookup: str | None = None
    # Where the look-up finds nothing, a row is made with these further fields; None makes none.
    creates: tuple[FieldRule, ...] | None = None
    # The value never goes back in the order of its enumeration, whatever an older file says.
    forward_only: bool = False


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """What a table from one source means."""

    name: str
    titles: Mapping[str, str]
    record: type[Record]
    source: str
    # Columns that together are the row's key; `key_else` takes their place where they are all empty.
    key: tuple[str, ...]
    key_else: tuple[str, ...]
    key_pattern: str | None
    # A field by which a record that was entered by hand is known to be the row's own.
    match: str | None
    # The key is a spelling of the record's name, and kept as one.
    key_is_alias: bool
    # Spellings of each column's header; of several that are present, the first cell that is filled counts.
    columns: Mapping[str, tuple[str, ...]]
    # Columns that a file may lack.
    optional: frozenset[str]
    fields: tuple[FieldRule, ...]

    @property
    def title(self) -> str:
        """Return what people call the mapping, in the reader's language."""
        return self.titles[str(get_locale() or "en")]

    @property
    def is_own(self) -> bool:
        """Tell whether files for it are made from our own template."""
        return self.source == OWN_SOURCE

    def order(self, name: str) -> Sequence[str]:
        """Return the values of an enumerated field in their order."""
        kind = self.record.__table__.c[name].type
        assert isinstance(kind, Enum)
        return kind.enums


def mapping_names() -> list[str]:
    """Return the names of all mappings."""
    return sorted(path.stem for path in MAPPINGS.glob("*.toml"))


def names_by_table() -> dict[str, list[str]]:
    """Return the names of the mappings for each table, without looking at more of them."""
    found: dict[str, list[str]] = {}
    for name in mapping_names():
        content = tomllib.loads((MAPPINGS / f"{name}.toml").read_text("utf-8"))
        found.setdefault(str(content["record"]), []).append(name)
    return found


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
                names=_(", ").join(mapping_names()),
            )
        )
    return _load(MAPPINGS, name)


@cache
def _load(folder: Path, name: str) -> ImportMapping:
    return parse_mapping(name, (folder / f"{name}.toml").read_text("utf-8"))


def recognise_mapping(header: Sequence[str], names: Sequence[str]) -> ImportMapping:
    """Return that of the named mappings which fits the header best.

    Raises:
        ImportRefusedError: where none fits.
    """
    from jobs.import_values import places_of

    found: list[tuple[int, str]] = []
    for name in names:
        mapping = load_mapping(name)
        places = places_of(mapping, header)
        if all(places[column] for column in mapping.columns if column not in mapping.optional):
            found.append((sum(bool(each) for each in places.values()), name))
    if not found:
        raise ImportRefusedError(
            _("No mapping fits the columns of this file: %(columns)s.", columns=_(", ").join(header))
        )
    return load_mapping(max(found)[1])


def parse_mapping(name: str, text: str) -> ImportMapping:
    """Return the mapping that `text` describes.

    Raises:
        MappingError: where it contradicts itself or the tables.
    """
    try:
        content = tomllib.loads(text)
        tables = {model.__tablename__: model for model in record_types()}
        record = tables[content.pop("record")]
        key = content.pop("key")
        mapping = ImportMapping(
            name=name,
            titles=content.pop("title", {"en": name, "zh_Hans_CN": name}),
            record=record,
            source=content.pop("source"),
            key=(key,) if isinstance(key, str) else tuple(key),
            key_else=tuple(content.pop("key_else", ())),
            key_pattern=content.pop("key_pattern", None),
            match=content.pop("match", None),
            key_is_alias=content.pop("key_is_alias", False),
            columns={column: tuple(spellings) for column, spellings in content.pop("columns").items()},
            optional=frozenset(content.pop("optional", ())),
            fields=tuple(
                _parse_rule(record, field_name, rule) for field_name, rule in content.pop("fields").items()
            ),
        )
        if content:
            raise MappingError(f"{name}: unknown {', '.join(content)}")
        _check(mapping)
    except (KeyError, TypeError, ValueError, OSError, re.error) as error:
        raise MappingError(f"{name}: {error!r}") from error
    return mapping


_LISTS = {"columns", "formats", "nothing"}


def _parse_rule(record: type[Record], name: str, rule: Mapping[str, Any]) -> FieldRule:
    options: dict[str, Any] = {key: tuple(value) if key in _LISTS else value for key, value in rule.items()}
    if "creates" in options:
        target = target_of(options["lookup"])
        options["creates"] = tuple(_parse_rule(target, key, each) for key, each in options["creates"].items())
    column = _column(record, name)
    if isinstance(column.type, Boolean):
        options.setdefault("values", yes_no_words())
    elif options.pop("labels", False):
        options["values"] = label_words(Role if isinstance(column.type, ARRAY) else column.type.enum_class)
    return FieldRule(name, **options)


def _column(record: type[Record], name: str) -> Any:
    return record.__mapper__.column_attrs[name].columns[0]


def target_of(lookup: str) -> type[Record]:
    """Return the record type that a "table.column" names."""
    table = lookup.partition(".")[0]
    return next(model for model in record_types() if model.__tablename__ == table)


@cache
def words_of(name: str) -> Mapping[str, str]:
    """Return a table of words: what each cell means."""
    with (WORDS / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        return dict(csv.reader(source))


def _check(mapping: ImportMapping) -> None:
    if {*mapping.key, *mapping.key_else, *mapping.optional} - mapping.columns.keys():
        raise MappingError(f"{mapping.name}: the key or what is optional names no column")
    if mapping.key_is_alias and (mapping.record is not Supplier or mapping.match != "name"):
        raise MappingError(f"{mapping.name}: only suppliers, matched by name, have other spellings")
    if mapping.match and mapping.match not in {rule.name for rule in mapping.fields}:
        raise MappingError(f"{mapping.name}: nothing makes {mapping.match}, by which it matches")
    for rule in mapping.fields:
        _check_rule(mapping, mapping.record, rule)
        for other in rule.creates or ():
            _check_rule(mapping, target_of(str(rule.lookup)), other)


def _check_rule(mapping: ImportMapping, record: type[Record], rule: FieldRule) -> None:
    problem = _unknown(mapping, rule) or _misfit(rule, _column(record, rule.name).type)
    if problem:
        raise MappingError(f"{mapping.name}: {rule.name} {problem}")


def _unknown(mapping: ImportMapping, rule: FieldRule) -> str | None:
    unknown = set(rule.columns) - mapping.columns.keys()
    if unknown:
        return f"names no column: {unknown}"
    for pattern in (rule.prefix, rule.separator):
        re.compile(pattern or "")
    if rule.words:
        words_of(rule.words)
    return None


def _misfit(rule: FieldRule, kind: Any) -> str | None:
    """Return what a rule can't do to a column of this type, None where it can."""
    results = {*rule.values.values(), *([rule.default] if rule.default else [])}
    if isinstance(kind, Enum):
        if not results <= set(kind.enums):
            return f"can't be {results - set(kind.enums)}"
        return "needs a table of values" if rule.columns and not rule.values else None
    if rule.forward_only:
        return "has no order to go forward in"
    if isinstance(kind, Date | DateTime):
        return "needs formats" if rule.columns and not rule.formats else None
    if rule.lookup or isinstance(kind, String | Integer | Boolean | ARRAY):
        return None
    return f"can't be made of a cell: no rule makes a {kind}"
