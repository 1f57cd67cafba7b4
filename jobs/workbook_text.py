"""Turn the first filled sheet of a workbook into CSV, in a child: `python -m jobs.workbook_text FILE`.

Standard output gets the table, standard error the names of further sheets that hold something. It imports
nothing of the panel: its memory is limited, and what it reads comes from anybody.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

# Cells of the rectangle that a sheet spans, of which each takes memory, filled or not.
MOST_CELLS = 6_000_000
MOST_COLUMNS = 500
REFUSED = 3
# Sheets of our own templates that explain the columns, by language.
NOTES_SHEETS = {"zh_Hans_CN": "填写说明", "en": "Notes"}
BLOCK = 1 << 20
_PLACE = re.compile(rb'<(?:\w+:)?c [^>]{0,200}?\br="([A-Z]{1,3})([0-9]{1,7})"')
_ROW = re.compile(rb'<(?:\w+:)?row [^>]{0,200}?\br="([0-9]{1,9})"')
# Fifteen digits are what Excel keeps of a number.
_EXACT = 10**15


class TooLargeError(Exception):
    """A sheet spans more cells than can be held."""


def main(path: str) -> int:
    """Write the table, and return 0; else say on standard error why not, and return 3."""
    try:
        check_extent(path)
        others = convert(path)
    except (TooLargeError, MemoryError):
        return _refuse("large")
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError, EOFError):
        return _refuse("unreadable")
    if others is None:
        return _refuse("empty")
    sys.stderr.write("\n".join(others))
    return 0


def _refuse(word: str) -> int:
    sys.stderr.write(word)
    return REFUSED


def check_extent(path: str) -> None:
    """Find the last row and column that any sheet names, reading it in blocks.

    Raises:
        TooLargeError: where the rectangle has too many cells: two cells at opposite corners are enough.
    """
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not re.fullmatch(r"/?xl/(worksheets|chartsheets)/[^/]*\.xml", name):
                continue
            with archive.open(name) as part:
                _check_part(part)


def _check_part(part: Any) -> None:
    width = height = 1
    rest = b""
    while block := part.read(BLOCK):
        text = rest + block
        for match in _PLACE.finditer(text):
            width = max(width, _column(match[1]))
            height = max(height, int(match[2]))
        for match in _ROW.finditer(text):
            height = max(height, int(match[1]))
        if width > MOST_COLUMNS or width * height > MOST_CELLS:
            raise TooLargeError
        # A tag may lie across two blocks.
        rest = text[-400:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def convert(path: str) -> list[str] | None:
    """Write the first sheet that holds something; return the names of further ones, None without any."""
    workbook = CalamineWorkbook.from_path(path)
    found: list[str] | None = None
    output = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    for name in workbook.sheet_names:
        if name in NOTES_SHEETS.values():
            continue
        rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        if not any(cell not in ("", None) for row in rows for cell in row):
            continue
        if found is None:
            found = []
            csv.writer(output, lineterminator="\r\n").writerows(_line(row) for row in rows)
        else:
            found.append(name.replace("\n", " "))
    output.flush()
    output.detach()
    return found


def _line(row: list[Any]) -> list[str]:
    # A line without anything is a blank one, so that a header may stand further down.
    cells = [_text(cell) for cell in row]
    return cells if any(cells) else []


def _text(cell: Any) -> str:
    """Return a cell as a person would have typed it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if abs(cell) >= _EXACT:
            # Its last digits are gone; in this form the import says so.
            return f"{cell:.14E}"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        is_day = cell.time() == time()
        return cell.date().isoformat() if is_day else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
