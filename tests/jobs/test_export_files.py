"""The files of exports: each kind of value as Excel and CSV hold it, read back equal, and never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from jobs import export_workbook
from jobs.export_files import Value, neutralise, write_export
from models.exporting import ExportFormat

COLUMNS = (
    ("编号", "text"),
    ("描述", "long"),
    ("数量", "number"),
    ("金额", "amount"),
    ("日期", "day"),
    ("时间", "instant"),
)
ROW: tuple[Value, ...] = (
    "00123",
    "第一行\n<“第二行”> & 完",
    12500,
    Decimal("1234.50"),
    date(2024, 2, 29),
    datetime.fromisoformat("2025-01-01T00:30"),
)


def written(kind: ExportFormat, *rows: Sequence[Value], columns: Any = COLUMNS, title: str = "投诉") -> bytes:
    file = io.BytesIO()
    assert write_export(file, kind, title, columns, iter(rows)) == len(rows)
    return file.getvalue()


def sheets(content: bytes) -> list[Any]:
    workbook = load_workbook(io.BytesIO(content))
    return [workbook[name] for name in workbook.sheetnames]


def texts(kind: ExportFormat, *values: str) -> list[Any]:
    """Return what one column of texts reads like in a file."""
    rows = [(value,) for value in values]
    content = written(kind, *rows, columns=COLUMNS[:1])
    if kind is ExportFormat.XLSX:
        return [row[0].value for row in sheets(content)[0].iter_rows(min_row=2)]
    text = content.decode("utf-8-sig" if kind is ExportFormat.CSV else "gb18030")
    return [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]


def test_each_kind_of_value_is_read_back_from_a_workbook_as_what_it_is() -> None:
    (sheet,) = sheets(written(ExportFormat.XLSX, ROW, (None,) * 6))
    head, row, empty = sheet.iter_rows(max_row=3)
    assert [cell.value for cell in head] == [heading for heading, _kind in COLUMNS]
    # openpyxl reads every day as an instant.
    assert [cell.value for cell in row] == [*ROW[:3], 1234.5, datetime.fromisoformat("2024-02-29"), ROW[5]]
    assert [cell.data_type for cell in row] == ["s", "s", "n", "n", "d", "d"]
    assert [cell.number_format.replace("\\", "") for cell in row] == [
        "@",
        "@",
        "0",
        "#,##0.00",
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm",
    ]
    assert [cell.value for cell in empty] == [None] * 6
    assert (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref) == ("投诉", "B2", "A1:F3")


@pytest.mark.parametrize(
    ("kind", "encoding"), [(ExportFormat.CSV, "utf-8-sig"), (ExportFormat.CSV_GB18030, "gb18030")]
)
def test_csv_holds_the_same(kind: ExportFormat, encoding: str) -> None:
    content = written(kind, ROW, (None,) * 6)
    assert content.startswith(b"\xef\xbb\xbf") == (kind is ExportFormat.CSV)
    _head, row, empty = csv.reader(io.StringIO(content.decode(encoding), newline=""))
    assert row == ["00123\t", ROW[1], "12500", "1234.50", "2024-02-29", "2025-01-01 00:30"]
    assert empty == [""] * 6


def test_gb18030_holds_signs_that_few_know() -> None:
    names = ["㛃㛃", "𠮷野家", "🛵 emoji", "Ångström €"]
    assert texts(ExportFormat.CSV_GB18030, *names) == names


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_a_cell_is_never_a_formula(start: str) -> None:
    formula = f"{start}HYPERLINK(1)"
    assert neutralise(formula) == f"'{formula}"
    assert neutralise("1+1") == "1+1"
    assert texts(ExportFormat.CSV, formula) == [f"'{formula}"]
    content = written(ExportFormat.XLSX, (formula,), columns=((formula, "text"),))
    for (cell,) in sheets(content)[0].iter_rows():
        # As text, and kept as text when somebody edits the cell.
        assert (cell.data_type, cell.number_format) == ("s", "@")
        assert cell.value == formula.replace("\r", "\n")


def test_long_numbers_keep_their_digits() -> None:
    numbers = ["13900000000", "0539", "123456789012", "0", "LHSV1234567890123", "139-0000-0731"]
    assert texts(ExportFormat.XLSX, *numbers) == numbers
    assert texts(ExportFormat.CSV, *numbers) == [
        "13900000000",
        "0539\t",
        "123456789012\t",
        "0",
        "LHSV1234567890123",
        "139-0000-0731",
    ]


@pytest.mark.parametrize(
    "name", ["12-5", "2026-12", "2026/3/4", "3.4", "8:30", "1E10", "1.5e3", "50%", "3月4日", "2026年3月"]
)
def test_a_batch_named_like_a_day_or_a_number_stays_a_text(name: str) -> None:
    assert texts(ExportFormat.CSV, name, f"{name}号") == [f"{name}\t", f"{name}号"]
    assert texts(ExportFormat.XLSX, name) == [name]


def test_signs_that_no_workbook_may_hold_do_not_break_it() -> None:
    odd = ["a\x01b\x0b", "_x0041_", "x" * 40_000, "a\r\nb", " blank "]
    long = f"{'x' * 32_766}…"
    # openpyxl shows as it stands what Excel reads as _x0041_, and would else read as A.
    assert texts(ExportFormat.XLSX, *odd) == ["ab", "_x005F_x0041_", long, "a\nb", " blank "]


def test_days_before_the_calendar_of_excel_stay_readable() -> None:
    content = written(ExportFormat.XLSX, (date(1899, 5, 1),), columns=(("日期", "day"),))
    assert sheets(content)[0]["A2"].value == "1899-05-01"


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_workbook, "SHEET_ROWS", 3)
    rows = [(f"{number}",) for number in range(5)]
    found = sheets(written(ExportFormat.XLSX, *rows, columns=COLUMNS[:1], title="a[b]:*?/\\'c" + "长" * 30))
    assert [[cell.value for (cell,) in sheet.iter_rows()] for sheet in found] == [
        ["编号", "0", "1"],
        ["编号", "2", "3"],
        ["编号", "4"],
    ]
    assert all(len(sheet.title) <= 31 for sheet in found)


def test_a_list_without_rows_is_a_workbook_with_headings() -> None:
    (sheet,) = sheets(written(ExportFormat.XLSX))
    assert [cell.value for cell in sheet[1]] == [heading for heading, _kind in COLUMNS]
    assert sheet.max_row == 1


def test_a_wide_record_has_columns_beyond_z() -> None:
    columns = tuple((f"c{number}", "number") for number in range(60))
    (sheet,) = sheets(written(ExportFormat.XLSX, tuple(range(60)), columns=columns))
    assert (sheet["AA2"].value, sheet["BH2"].value) == (26, 59)
