"""Workbooks of exports, written row by row straight into the archive, with every cell typed.

What a general library does for each cell takes five times as long, and a list of 100,000 rows has a million.
Only what exports need is here: columns of one kind each, a frozen heading, filters. Cells are texts in place,
never formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

# What Excel holds: rows of a sheet, its heading among them, and signs in a cell.
SHEET_ROWS = 1_048_576
CELL_MOST = 32_767
# Beyond this an archive needs an extension that not every reader knows; nobody opens such a sheet anyway.
SHEET_BYTES = 1 << 30
ROWS_AT_ONCE = 500
# Packs nearly as well as the usual level, in half the time.
LEVEL = 4
# Of a column: its width in signs, and the number of its format in _STYLES.
KINDS = {
    "text": (18, 2),
    "long": (48, 2),
    "number": (12, 3),
    "amount": (14, 4),
    "day": (12, 5),
    "instant": (17, 6),
}
_HEAD_STYLE = 1
# Day 0 of Excel, as Python counts days; before the second date its calendar has a day that never was.
_DAY_0 = date(1899, 12, 30).toordinal()
_FIRST_DAY = date(1900, 3, 1)
# What XML can't hold, or means something in it, or to Excel.
_SPECIAL = re.compile(r"[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_x(?=[0-9A-Fa-f]{4}_)")
_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Text stays text ("@", 49) also once somebody has edited the cell.
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid">'
    '<fgColor rgb="FFE1F1F1"/><bgColor indexed="64"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="7"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"'
    ' applyFill="1"/>'
    + "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for number in (49, 1, 4, 164, 165)
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def write_workbook(
    file: IO[bytes], title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]
) -> int:
    """Write a workbook and return the number of its rows; what one sheet can't hold goes on in the next.

    `columns` are headings, each with its kind, one of KINDS. Texts that no cell holds are cut, and say so by
    an ellipsis.
    """
    count = 0

    def counted() -> Iterator[Sequence[Any]]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    rest = counted()
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        sheets = 1
        while (row := _write_sheet(archive, sheets, columns, rest)) is not None:
            rest = _again(row, rest)
            sheets += 1
        _write_frame(archive, [_sheet_name(title, number) for number in range(1, sheets + 1)])
    return count


def _again(row: Sequence[Any], rest: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    yield row
    yield from rest


def _write_sheet(
    archive: ZipFile, number: int, columns: Sequence[tuple[str, str]], rows: Iterator[Sequence[Any]]
) -> Sequence[Any] | None:
    """Write one sheet, and return the row that it has no room for; None where all are written."""
    letters = [_letters(at) for at in range(len(columns))]
    drawers = [_drawer(letter, kind) for letter, (_heading, kind) in zip(letters, columns, strict=True)]
    size, lines, at = 0, [], 1
    over: Sequence[Any] | None = None
    with archive.open(f"xl/worksheets/sheet{number}.xml", "w") as part:
        part.write(_sheet_head(letters, columns).encode())
        for row in rows:
            if at == SHEET_ROWS or size > SHEET_BYTES:
                over = row
                break
            at += 1
            cells = [draw(at, value) for draw, value in zip(drawers, row, strict=True) if value is not None]
            lines.append(f'<row r="{at}">{"".join(cells)}</row>')
            if len(lines) == ROWS_AT_ONCE:
                size += part.write("".join(lines).encode())
                lines.clear()
        lines.append(f'</sheetData><autoFilter ref="A1:{letters[-1]}{at}"/></worksheet>')
        part.write("".join(lines).encode())
    return over


def _sheet_head(letters: Sequence[str], columns: Sequence[tuple[str, str]]) -> str:
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{KINDS[kind][0]}" style="{KINDS[kind][1]}" customWidth="1"/>'
        for at, (_heading, kind) in enumerate(columns, start=1)
    )
    heads = "".join(
        _text_cell(f"{letter}1", _HEAD_STYLE, heading)
        for letter, (heading, _kind) in zip(letters, columns, strict=True)
    )
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
        f'</sheetView></sheetViews><cols>{widths}</cols><sheetData><row r="1">{heads}</row>'
    )


def _letters(at: int) -> str:
    """Return the letters of a column, counted from 0."""
    letters, number = "", at + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _drawer(letter: str, kind: str) -> Callable[[int, Any], str]:
    """Return what writes a value of a column, by the number of its row."""
    style = KINDS[kind][1]

    def draw(at: int, value: Any) -> str:
        if isinstance(value, str):
            return _text_cell(f"{letter}{at}", style, value)
        if isinstance(value, date):
            if value.year < _FIRST_DAY.year:
                return _text_cell(f"{letter}{at}", style, value.isoformat())
            shown = str(_serial(value))
        else:
            shown = f"{value:f}" if isinstance(value, Decimal) else str(value)
        return f'<c r="{letter}{at}" s="{style}"><v>{shown}</v></c>'

    return draw


def _text_cell(place: str, style: int, text: str) -> str:
    if len(text) > CELL_MOST:
        text = f"{text[: CELL_MOST - 1]}…"
    if _SPECIAL.search(text):
        # Excel ends lines by a line feed alone, and reads _x0041_ as a sign of its own.
        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        text = escape(_REFUSED.sub("", re.sub(r"_x(?=[0-9A-Fa-f]{4}_)", "_x005F_x", lines)))
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _serial(value: date) -> float:
    """Return a day or an instant as Excel counts: in days."""
    days = value.toordinal() - _DAY_0
    return days + (value.hour * 60 + value.minute) / 1440 if isinstance(value, datetime) else days


def _sheet_name(title: str, number: int) -> str:
    """Return a name that Excel takes: 31 signs at most, and none of those that mean something in formulas."""
    plain = "".join(" " if sign in "[]:*?/\\'" else sign for sign in title).strip() or "Export"
    return plain[:31] if number == 1 else f"{plain[:26]} {number}"


def _write_frame(archive: ZipFile, names: Sequence[str]) -> None:
    """Write the parts that make the sheets a workbook."""
    numbers = range(1, len(names) + 1)
    sheets = "".join(
        f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        for n in numbers
    )
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        f'<Relationship Id="rId0" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>{overrides}'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
    }
    for name, content in parts.items():
        archive.writestr(name, _XML + content)
