"""Lists that people paste from Excel: read by the mapping of the same records, checked cell by cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from jobs.import_lookups import Lookups
from jobs.import_mapping import ImportMapping, load_mapping
from jobs.import_reader import ImportRefusedError, Row
from jobs.import_values import RowConverter, Values, places_of
from jobs.import_words import BLANKS
from jobs.imports import ImportResult, run_import
from models import Staff, db
from models.centre import site_zone

# The columns of a list without a header, in this order.
ORDERS: Mapping[str, tuple[str, ...]] = {
    "staff": ("name", "email", "phone", "department", "position", "roles", "region"),
    "parts": ("code", "name", "is_key_part", "supplier"),
}
LINES_MOST = 1000
CELL_MOST = 500
# A first line with so many known titles is a header.
HEADER_LEAST = 2

# The cells of one person or part, by column of the mapping.
Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One line of a list, with a sentence for each cell that will not do."""

    cells: Cells
    problems: Mapping[str, str]


def read_pasted(kind: str, text: str) -> list[Cells]:
    """Return the lines of a pasted table; its first line may say what the columns are.

    Raises:
        ImportRefusedError: where it is no table, holds nothing or too much, with a sentence for the user.
    """
    lines = [line for line in _split(text) if any(line)]
    if not lines:
        raise ImportRefusedError(_("Paste at least one line."))
    order: dict[str, Sequence[int]] = {column: (at,) for at, column in enumerate(ORDERS[kind])}
    places = places_of(load_mapping(kind), lines[0])
    if sum(bool(each) for each in places.values()) >= HEADER_LEAST:
        order, lines = {column: places[column] for column in order}, lines[1:]
    if len(lines) > LINES_MOST:
        raise ImportRefusedError(
            _("That are %(count)s lines; paste at most %(most)s at once.", count=len(lines), most=LINES_MOST)
        )
    if not lines:
        raise ImportRefusedError(_("Paste at least one line."))
    return [{column: _first(line, at) for column, at in order.items()} for line in lines]


def _split(text: str) -> list[list[str]]:
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    delimiter = "\t" if "\t" in plain else ","
    # Names are typed with the comma of the Chinese keyboard as well.
    plain = plain if delimiter == "\t" else plain.replace("，", ",")
    try:
        rows = list(csv.reader(io.StringIO(plain), delimiter=delimiter))
    except csv.Error as error:
        raise ImportRefusedError(
            _("This can't be read as a table. Copy the cells in Excel again.")
        ) from error
    return [[" ".join(cell.strip(BLANKS).split())[:CELL_MOST] for cell in row] for row in rows]


def _first(line: Sequence[str], places: Sequence[int]) -> str:
    return next((line[place] for place in places if place < len(line) and line[place]), "")


def check_rows(kind: str, rows: Sequence[Cells]) -> list[CheckedRow]:
    """Return each line with what stands against its cells, by the rules of the import."""
    mapping = load_mapping(kind)
    converter = _converter(kind, mapping)
    read = [converter.check(Row(number, _line(kind, cells))) for number, cells in enumerate(rows, 1)]
    lookups = Lookups(mapping, converter)
    lookups.resolve([values for values, _problems in read])
    others = _names_by_address(kind, [values for values, _problems in read])
    seen: dict[str, int] = {}
    checked = []
    for number, (cells, (values, problems)) in enumerate(zip(rows, read, strict=True), 1):
        found = problems | _unknown(lookups, values) | _repeated(mapping, values, seen, number)
        if (owner := others.get(values.get("email") or "")) and owner != values.get("name"):
            found.setdefault("email", _("This address is %(name)s's already.", name=owner))
        checked.append(CheckedRow(cells, found))
    return checked


def _names_by_address(kind: str, values: Iterable[Values]) -> dict[str, str]:
    """Return whose the addresses of a staff list are, so that nobody's line is taken for another person's."""
    if kind != "staff":
        return {}
    addresses = {address for each in values if (address := each.get("email"))}
    rows = db.session.execute(select(Staff.email, Staff.name).where(Staff.email.in_(addresses)))
    return {row.email: row.name for row in rows}


def _unknown(lookups: Lookups, values: Values) -> dict[str, str]:
    return {
        rule.columns[0]: _("There is no “%(value)s”. Choose one of the list.", value=value)
        for rule, value in lookups.missing(values)
    }


def _repeated(mapping: ImportMapping, values: Values, seen: dict[str, int], number: int) -> dict[str, str]:
    """Say where a key stands that an earlier line has."""
    value = values.get(mapping.match or "")
    if not value:
        return {}
    first = seen.setdefault(value, number)
    return {} if first == number else {mapping.key[0]: _("Line %(line)s has the same.", line=first)}


def take_in(kind: str, rows: Sequence[Cells]) -> ImportResult:
    """Import lines that were checked, as a file of the same content would be; commits.

    Raises:
        ImportRefusedError: where another import of own lists is running.
    """
    mapping = load_mapping(kind)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_titles(kind, mapping))
    writer.writerows(_line(kind, cells) for cells in rows)
    result = run_import(io.BytesIO(text.getvalue().encode()), _("Pasted list"), kind)
    if result.rejected_file:
        result.rejected_file.close()
    return result


def _converter(kind: str, mapping: ImportMapping) -> RowConverter:
    return RowConverter(mapping, _titles(kind, mapping), site_zone())


def _titles(kind: str, mapping: ImportMapping) -> list[str]:
    return [mapping.columns[column][0] for column in ORDERS[kind]]


def _line(kind: str, cells: Cells) -> list[str]:
    return [cells.get(column, "") for column in ORDERS[kind]]
