"""The files of exports, written row by row: however many rows, the memory stays the same."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO, Any

from jobs.export_workbook import write_workbook
from models.exporting import ExportFormat

# What stands in a cell; instants are without a zone, as the site's clocks show them.
Value = str | int | Decimal | date | None
# A spreadsheet takes a cell that begins so for a formula, and runs it.
FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
# Beyond so many digits Excel shows a number of a CSV file shortened.
DIGITS_MOST = 11
ROWS_AT_ONCE = 500
_LOOKED_AT = frozenset((*FORMULA_STARTS, *"0123456789"))
# What a spreadsheet that opens CSV takes for a day, a time, a share or a number, as batches are often named.
_READ_OTHERWISE = re.compile(
    r"\d{1,4}([-/.:])\d{1,2}(\1\d{1,4})?|(\d{1,4}年)?\d{1,2}月(\d{1,2}日)?|\d+(\.\d+)?([eE]\d+|%)", re.ASCII
)


def neutralise(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_text(value: Any) -> str:
    """Return a value as it stands in CSV.

    A tab behind a text of digits alone keeps Excel from dropping zeros in front, and digits at the end. It
    keeps a batch 3/4 or 1E10 from becoming a day in March, or a number.
    """
    if isinstance(value, str):
        return _csv_word(value) if value[:1] in _LOOKED_AT else value
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def _csv_word(text: str) -> str:
    if text.isdecimal() and (len(text) > DIGITS_MOST or (text[0] == "0" and len(text) > 1)):
        return f"{text}\t"
    return f"{text}\t" if _READ_OTHERWISE.fullmatch(text) else neutralise(text)


def write_export(
    file: IO[bytes],
    kind: ExportFormat,
    title: str,
    columns: Sequence[tuple[str, str]],
    rows: Iterable[Sequence[Value]],
) -> int:
    """Write a whole file and return the number of its rows; `columns` are headings, each with its kind."""
    if kind is ExportFormat.XLSX:
        return write_workbook(file, title, columns, rows)
    # The mark tells Excel that this is UTF-8; GB18030 holds all of Unicode too.
    file.write(b"\xef\xbb\xbf" if kind is ExportFormat.CSV else b"")
    return _write_csv(file, "utf-8" if kind is ExportFormat.CSV else "gb18030", columns, rows)


def _write_csv(
    file: IO[bytes], encoding: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Value]]
) -> int:
    is_text = [kind in ("text", "long") for _heading, kind in columns]
    file.write(_lines([[neutralise(heading) for heading, _kind in columns]]).encode(encoding))
    count, rest = 0, iter(rows)
    while chunk := list(islice(rest, ROWS_AT_ONCE)):
        # Column by column: a call for each cell takes longer than all else.
        drawn = (
            _csv_words(values) if is_so else _csv_values(values)
            for is_so, values in zip(is_text, zip(*chunk, strict=True), strict=True)
        )
        file.write(_lines(zip(*drawn, strict=True)).encode(encoding))
        count += len(chunk)
    return count


def _csv_words(texts: Sequence[Any]) -> list[str | None]:
    """Return texts as they stand in CSV: one says by its first sign whether it needs a look."""
    return [_csv_word(text) if text and text[0] in _LOOKED_AT else text for text in texts]


def _csv_values(values: Sequence[Value]) -> list[str | None]:
    return [None if value is None else csv_text(value) for value in values]


def _lines(rows: Iterable[Sequence[str | None]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
