"""What the cells of a row mean: its key, and the value of each field in its stored form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import Boolean, DateTime, Integer, String

from jobs.import_mapping import FieldRule, ImportMapping, target_of, words_of
from jobs.import_reader import ImportRefusedError, Row
from jobs.import_rejected import REASON_HEADERS
from jobs.import_words import BLANKS, fold
from models import Record
from models.base import now

# What a spreadsheet makes of a long number: 2.02403E+19, or fifteen digits and zeros.
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+\d+")
_ROUNDED = re.compile(r"[1-9]\d{14}0+")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
# What stands around phone numbers and is no part of them.
_AROUND_PHONE = BLANKS + "/、,;\"'“”‘’"
LONGEST_KEY = 200
BETWEEN_KEYS = "|"

# A row's values in their stored form: texts, dates in ISO form, codes.
Values = dict[str, str | None]


class RowRejectedError(Exception):
    """One row can't become a record; the text is a sentence for the user."""


def places_of(mapping: ImportMapping, header: Sequence[str]) -> dict[str, list[int]]:
    """Return where in the header each column of the mapping stands; empty where it doesn't."""
    places: dict[str, list[int]] = {}
    for position, title in enumerate(header):
        places.setdefault(_header_key(title), []).append(position)
    return {
        column: [place for spelling in spellings for place in places.get(_header_key(spelling), [])]
        for column, spellings in mapping.columns.items()
    }


def _header_key(title: str) -> str:
    return fold(title).rstrip("*").strip().lower()


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
        self._places = places_of(mapping, header)
        missing = [
            mapping.columns[column][0]
            for column, found in self._places.items()
            if not found and column not in mapping.optional
        ]
        if missing:
            raise ImportRefusedError(
                _(
                    "The file does not fit the mapping “%(name)s”: it has no column %(missing)s.",
                    name=mapping.name,
                    missing=_(", ").join(f"“{column}”" for column in missing),
                )
            )

    @property
    def unused(self) -> list[str]:
        """Return the titles of the columns from which nothing is taken."""
        used = {place for places in self._places.values() for place in places}
        return [
            title
            for position, title in enumerate(self._header)
            if position not in used and title and title.lower() not in REASON_HEADERS
        ]

    def convert(self, row: Row) -> tuple[str, Values]:
        """Return the row's key at its source, and the value of each field, in its stored form.

        Raises:
            RowRejectedError: where the row is broken, or a value is missing or means nothing.
        """
        if row.problem:
            raise RowRejectedError(row.problem)
        model = self.mapping.record
        return self._key(row.cells), {
            rule.name: self._value(model, rule, row.cells) for rule in self.mapping.fields
        }

    def check(self, row: Row) -> tuple[Values, dict[str, str]]:
        """Return the value of each field that can be read, and by column why another can't."""
        values: Values = {}
        problems: dict[str, str] = {}
        for rule in self.mapping.fields:
            try:
                values[rule.name] = self._value(self.mapping.record, rule, row.cells)
            except RowRejectedError as reason:
                values[rule.name] = None
                problems[rule.columns[0]] = str(reason)
        return values, problems

    def new_entry(self, rule: FieldRule, row: Row) -> Values:
        """Return the further fields of the row that a look-up is to make.

        Raises:
            RowRejectedError: where a value is missing or means nothing.
        """
        model = target_of(str(rule.lookup))
        return {each.name: self._value(model, each, row.cells) for each in rule.creates or ()}

    def is_known(self, rule: FieldRule) -> bool:
        """Tell whether the file can say anything about a field."""
        return not rule.columns or any(self._places[column] for column in rule.columns)

    def _cell(self, column: str, cells: Sequence[str]) -> str:
        return next((text for place in self._places[column] if (text := cells[place].strip(BLANKS))), "")

    def _title(self, column: str) -> str:
        places = self._places[column]
        title = self._header[places[0]] if places else self.mapping.columns[column][0]
        # A star in a template marks what must be filled in.
        return title.rstrip("* ")

    def _key(self, cells: Sequence[str]) -> str:
        for columns in (self.mapping.key, self.mapping.key_else):
            parts = [fold(self._cell(column, cells)).strip("='\"") for column in columns]
            if any(parts):
                return self._checked_key(columns[0], BETWEEN_KEYS.join(parts))
        raise self._empty(self.mapping.key_else[0] if self.mapping.key_else else self.mapping.key[0])

    def _checked_key(self, column: str, key: str) -> str:
        if _SCIENTIFIC.fullmatch(key) or _ROUNDED.fullmatch(key):
            raise RowRejectedError(
                _(
                    "“%(column)s” holds “%(value)s”: Excel has cut the number. Format the column as text.",
                    column=self._title(column),
                    value=key,
                )
            )
        if len(key) > LONGEST_KEY:
            raise self._too_long(column, LONGEST_KEY)
        if self.mapping.key_pattern and not re.fullmatch(self.mapping.key_pattern, key):
            raise self._unknown(column, key)
        return key

    def _value(self, model: type[Record], rule: FieldRule, cells: Sequence[str]) -> str | None:
        kind = model.__mapper__.column_attrs[rule.name].columns[0].type
        texts = [text for column in rule.columns if (text := self._cell(column, cells))]
        texts = [text for text in texts if text not in rule.nothing]
        if not texts:
            if rule.is_required:
                raise self._empty(rule.columns[0])
            return rule.default
        if isinstance(kind, Boolean):
            return "true" if any(self._is_true(rule, text) for text in texts) else "false"
        value = self._tidied(rule, texts)
        if not value:
            return rule.default
        return self._fitting(kind, rule, self._meaning(rule, value))

    def _tidied(self, rule: FieldRule, texts: Sequence[str]) -> str:
        if rule.clean == "phone":
            # Twice the same number, as service and sales line, is one.
            return "; ".join(filter(None, dict.fromkeys(fold(text).strip(_AROUND_PHONE) for text in texts)))
        value = " ".join(texts)
        if rule.clean == "email":
            value = fold(value).lower()
            if not _EMAIL.fullmatch(value):
                raise RowRejectedError(
                    _(
                        "“%(column)s” holds “%(value)s”, which is no e-mail address.",
                        column=self._title(rule.columns[0]),
                        value=value,
                    )
                )
        return value

    def _meaning(self, rule: FieldRule, value: str) -> str:
        """Return the value, or each of several, by the rule's tables."""
        if not rule.separator:
            return self._one(rule, value)
        parts = [part.strip(BLANKS) for part in re.split(rule.separator, value.replace("，", ","))]
        parts = [part for part in parts if part]
        if rule.takes_first:
            return self._one(rule, parts[0]) if parts else rule.default or ""
        return rule.joiner.join(self._one(rule, part) for part in parts)

    def _one(self, rule: FieldRule, value: str) -> str:
        if rule.prefix:
            found = re.match(rule.prefix, fold(value))
            if not found:
                raise self._unknown(rule.columns[0], value)
            value = found[0]
        if rule.values:
            known = _look_up(rule.values, value)
            if known is None:
                raise self._unknown(rule.columns[0], value)
            return known
        return words_of(rule.words).get(fold(value), value) if rule.words else value

    def _is_true(self, rule: FieldRule, text: str) -> bool:
        known = _look_up(rule.values, text)
        if known is None and fold(text).isdecimal():
            # A number of injured people, say.
            return int(fold(text)) > 0
        if known is None:
            raise self._unknown(rule.columns[0], text)
        return known == "true"

    def _fitting(self, kind: Any, rule: FieldRule, value: str) -> str:
        """Return the value in the form that a column of this type takes."""
        if rule.formats:
            instant = self._instant(rule, value)
            return (instant if isinstance(kind, DateTime) else instant.date()).isoformat()
        if isinstance(kind, Integer) and not rule.lookup:
            return self._number(rule, value)
        limit = kind.length if isinstance(kind, String) else None
        if limit and len(value) > limit:
            raise self._too_long(rule.columns[0], limit)
        return value

    def _number(self, rule: FieldRule, value: str) -> str:
        plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", fold(value))
        if not re.fullmatch(r"-?\d{1,9}(\.0+)?", plain):
            raise RowRejectedError(
                _(
                    "“%(column)s” holds “%(value)s”, which is no whole number.",
                    column=self._title(rule.columns[0]),
                    value=value,
                )
            )
        return str(int(plain.split(".")[0]))

    def _instant(self, rule: FieldRule, value: str) -> datetime:
        """Return the moment that `value` names at the site, midnight where it names a day."""
        for form in rule.formats:
            try:
                instant = datetime.strptime(fold(value), form).replace(tzinfo=self._zone)
            except ValueError:
                continue
            self._check_moment(rule, value, instant)
            return instant
        raise RowRejectedError(
            _(
                "“%(column)s” holds “%(value)s”, which is not a date such as %(example)s.",
                column=self._title(rule.columns[0]),
                value=value,
                example=date(2024, 3, 10).strftime(rule.formats[0]),
            )
        )

    def _check_moment(self, rule: FieldRule, value: str, instant: datetime) -> None:
        column = self._title(rule.columns[0])
        if rule.is_past and instant > now():
            raise RowRejectedError(
                _("“%(column)s” holds “%(value)s”, which lies in the future.", column=column, value=value)
            )
        if rule.not_before and instant.date() < rule.not_before:
            raise RowRejectedError(
                _(
                    "“%(column)s” holds “%(value)s”, which lies before %(first)s and can't be true.",
                    column=column,
                    value=value,
                    first=rule.not_before.isoformat(),
                )
            )

    def _empty(self, column: str) -> RowRejectedError:
        return RowRejectedError(_("“%(column)s” is empty.", column=self._title(column)))

    def _too_long(self, column: str, limit: int) -> RowRejectedError:
        return RowRejectedError(
            _(
                "“%(column)s” is longer than %(limit)s characters.",
                column=self._title(column),
                limit=limit,
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


def _look_up(words: Mapping[str, str], text: str) -> str | None:
    plain = fold(text)
    spellings = (plain, plain.lower(), plain.upper())
    return next((words[each] for each in spellings if each in words), None)
