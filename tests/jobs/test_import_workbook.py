"""Workbooks: what they hold as text, and the bombs among them."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from time import monotonic
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from openpyxl import Workbook

from jobs import import_workbook
from jobs.import_reader import ImportRefusedError, Row
from jobs.import_table import open_table

TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'  # noqa: E501 - XML
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{OFFICE}/%s" Target="%s"/></Relationships>'  # noqa: E501 - XML
MORNING = datetime(2024, 3, 10, 8, 30)  # noqa: DTZ001 - a cell knows no zone
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'  # noqa: E501 - XML


@pytest.fixture(autouse=True)
def _in_english(app: Flask) -> Iterator[None]:
    with app.app_context(), force_locale("en"):
        yield


def workbook(*rows: tuple[Any, ...], **others: list[tuple[Any, ...]]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for name, further in others.items():
        other = made.create_sheet(name)
        for row in further:
            other.append(row)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def crafted(sheet: bytes) -> bytes:
    """Return a workbook with this XML between the tags of its sheet's data."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", RELATIONS % ("officeDocument", "xl/workbook.xml"))
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS % ("worksheet", "worksheets/sheet1.xml"))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            part.write(sheet)
            part.write(b"</sheetData></worksheet>")
    return content.getvalue()


def read(content: bytes) -> tuple[list[str], list[Row], tuple[str, ...]]:
    with open_table(io.BytesIO(content)) as table:
        return table.rows.header, list(table.rows), table.other_sheets


def refused(content: bytes) -> tuple[str, float]:
    """Return the sentence with which a workbook is refused, and the seconds that took."""
    started = monotonic()
    with pytest.raises(ImportRefusedError) as caught:
        read(content)
    return str(caught.value), monotonic() - started


def test_cells_come_as_a_person_would_have_typed_them() -> None:
    header, rows, others = read(
        workbook(
            ("编号", "日期", "时刻", "里程", "是", "价格", "文字"),
            ("007", date(2024, 3, 10), MORNING, 1234.0, True, 12.5, '说 "好", 行\n下'),
            (None,) * 7,
            (8,),
        )
    )
    assert header == ["编号", "日期", "时刻", "里程", "是", "价格", "文字"]
    assert [(row.line, row.cells) for row in rows] == [
        (2, ["007", "2024-03-10", "2024-03-10 08:30:00", "1234", "TRUE", "12.5", '说 "好", 行\n下']),
        (5, ["8", "", "", "", "", "", ""]),
    ]
    assert others == ()


def test_a_number_that_excel_cut_stays_recognisable() -> None:
    assert read(workbook(("编号",), (20240310233549544850,)))[1][0].cells == ["2.02403102335495E+19"]


def test_the_first_sheet_with_anything_is_read_and_the_others_are_named() -> None:
    header, rows, others = read(workbook(第一=[], 数据=[("a", "b"), (1, 2)], 别的=[("x",)]))
    assert (header, [row.cells for row in rows], others) == (["a", "b"], [["1", "2"]], ("别的",))


def test_the_notes_of_our_own_templates_are_no_other_sheet() -> None:
    assert read(workbook(("a",), (1,), 填写说明=[("x",)]))[2] == ()


def test_a_header_may_stand_further_down() -> None:
    assert read(workbook((None,), ("a", "b"), (1, 2)))[0] == ["a", "b"]


def test_a_sheet_without_anything_is_empty() -> None:
    assert refused(workbook())[0] == "The file is empty."


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", b"PK\x03\x04" + b"\0" * 200])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    assert refused(content)[0].startswith("This is no Excel workbook that can be read.")


def test_another_zip_is_no_workbook() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("evil.txt", "x")
    assert refused(content.getvalue())[0].startswith("This is no Excel workbook that can be read.")


def test_two_cells_at_opposite_corners_are_refused_at_once() -> None:
    bomb = crafted(
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    assert len(bomb) < 2000
    sentence, seconds = refused(bomb)
    assert sentence.startswith("This Excel workbook is too large to be read safely.")
    assert seconds < 2


def test_a_corner_named_behind_other_attributes_is_found_too() -> None:
    bomb = crafted(b'<row spans="1:2" r="1"><c s="3" t="n" r="XFD1048576"><v>1</v></c></row>')
    assert refused(bomb)[1] < 2


def test_a_small_file_that_unpacks_to_much_is_refused_at_once() -> None:
    row = b"".join(b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % (b"x" * 900) for _ in range(1000))
    bomb = crafted(row * 330)
    assert len(bomb) < 2_000_000
    sentence, seconds = refused(bomb)
    assert sentence.startswith("This Excel workbook is too large to be read safely.")
    assert seconds < 2


def test_a_zip_that_lies_about_its_sizes_ends_the_child_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # What the table of contents hides, the limits of the child stop.
    monkeypatch.setattr(import_workbook, "MOST_UNPACKED", 10**12)
    monkeypatch.setattr(import_workbook, "MEMORY", 200 << 20)
    row = b"".join(b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % (b"x" * 900) for _ in range(1000))
    before = os.getpid()
    assert refused(crafted(row * 330))[0].startswith("This Excel workbook is too large")
    assert os.getpid() == before


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_workbook, "CLOCK_SECONDS", 0.01)
    assert refused(workbook(("a",), (1,)))[0].startswith("This Excel workbook is too large")


def test_a_usual_workbook_of_many_rows_is_read() -> None:
    rows = read(workbook(("a", "b"), *((number, "电机异响") for number in range(20_000))))[1]
    assert len(rows) == 20_000
