"""Encodings, delimiters and broken rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.import_reader import LONGEST_LINE, DelimitedFile, ImportRefusedError, Row, examine

TEXT = "编号,简述\n1,电机异响\n2,后桥漏油\n"


@pytest.fixture(autouse=True)
def _in_english(app: Flask) -> Iterator[None]:
    with app.app_context(), force_locale("en"):
        yield


def read(content: bytes) -> tuple[DelimitedFile, list[Row]]:
    source = io.BytesIO(content)
    table = DelimitedFile(source, examine(source))
    return table, list(table)


@pytest.mark.parametrize(
    ("codec", "name"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 (BOM)"), ("gb18030", "GB18030"), ("utf-16", "UTF-16")],
)
def test_each_encoding_is_recognised_and_read_whole(codec: str, name: str) -> None:
    content = TEXT.encode(codec)
    assert examine(io.BytesIO(content)).encoding == name
    table, rows = read(content)
    assert table.header == ["编号", "简述"]
    assert [row.cells for row in rows] == [["1", "电机异响"], ["2", "后桥漏油"]]


def test_rare_characters_of_gb18030_survive() -> None:
    assert read("编号,简述\n1,㐂𠮷镕€\n".encode("gb18030"))[1][0].cells == ["1", "㐂𠮷镕€"]


def test_damaged_utf8_is_not_taken_for_gb18030() -> None:
    content = (TEXT * 20).encode()
    damaged = content[:200] + content[201:]
    with pytest.raises(ImportRefusedError, match=r"^Line \d+ is not valid UTF-8\."):
        examine(io.BytesIO(damaged))


def test_damage_after_a_byte_order_mark_is_named_by_its_line() -> None:
    with pytest.raises(ImportRefusedError, match=r"^Line 2 is not valid UTF-8 \(BOM\)\."):
        examine(io.BytesIO(b"\xef\xbb\xbfid,text\n1,\xff\xfe\n"))


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ImportRefusedError, match=r"^Line 1 is not valid GB18030\."):
        examine(io.BytesIO(b"\xff\x80\x81\x20" * 50))


def test_gb18030_cut_in_the_middle_of_a_character_is_refused() -> None:
    with pytest.raises(ImportRefusedError, match="not valid GB18030"):
        examine(io.BytesIO(TEXT.encode("gb18030").rstrip(b"\n")[:-1]))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"   "])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(ImportRefusedError, match="empty"):
        read(content)


def test_an_old_workbook_is_refused_with_what_to_do() -> None:
    with pytest.raises(ImportRefusedError, match="Save it as .xlsx or as CSV"):
        examine(io.BytesIO(b"\xd0\xcf\x11\xe0rest"))


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_in_the_header(mark: str) -> None:
    content = f'id{mark}text{mark}date\n1{mark}"a{mark}b"{mark}2024\n'.encode()
    assert read(content)[1][0].cells == ["1", f"a{mark}b", "2024"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(end: str) -> None:
    rows = read(f"id,text{end}1,a{end}2,b".encode())[1]
    assert [row.cells for row in rows] == [["1", "a"], ["2", "b"]]


def test_quotes_and_line_ends_inside_a_cell_stay() -> None:
    rows = read(b'id,text\n1,"He said ""no"",\n and left"\n2,b\n')[1]
    assert [row.cells for row in rows] == [["1", 'He said "no",\n and left'], ["2", "b"]]
    assert [row.line for row in rows] == [2, 4]


def test_a_quote_that_is_never_closed_costs_its_own_row_only() -> None:
    rows = read(b'id,text\n1,"open\n2,b\n3,"c ""c"" c"\n4,d\n')[1]
    assert [row.problem is None for row in rows] == [False, True, True, True]
    assert rows[0].cells == ["1", '"open']
    assert [row.line for row in rows] == [2, 3, 4, 5]


def test_an_open_quote_in_the_last_cell_does_not_swallow_the_rest() -> None:
    rows = read(b'id,text,date\n1,a,"2024\n2,b,2024\n')[1]
    assert [row.problem for row in rows] == ["The quotation marks in this row don't match.", None]


def test_a_cell_beyond_the_limit_of_a_field_costs_its_own_row_only() -> None:
    rows = read(f"id,text\n1,{'a' * 200_000}\n2,b\n".encode())[1]
    assert [row.problem for row in rows] == ["A cell is longer than 131072 characters.", None]


def test_short_rows_are_filled_and_empty_cells_beyond_the_header_are_dropped() -> None:
    rows = read(b"id,text,date\n1,a\n2,b,2024,,\n\n,,\n")[1]
    assert [row.cells for row in rows] == [["1", "a", ""], ["2", "b", "2024"]]


def test_a_row_with_cells_beyond_the_header_is_said() -> None:
    rows = read(b"id,text\n1,a,b\n")[1]
    assert rows[0].problem == "The row has 3 cells, the header has 2."


def test_nul_bytes_are_dropped() -> None:
    rows = read(b"id,text\n1,a\x00b\n\x00\x00\x00\n2,c\n\x00\x00")[1]
    assert [row.cells for row in rows] == [["1", "ab"], ["2", "c"]]


def test_a_line_that_no_table_has_is_refused() -> None:
    with pytest.raises(ImportRefusedError, match="Line 2 is too long"):
        read(b"id,text\n" + b"a" * (LONGEST_LINE + 1))


def test_the_source_stays_open_for_its_owner() -> None:
    source = io.BytesIO(TEXT.encode())
    table = DelimitedFile(source, examine(source))
    table.release()
    assert not source.closed


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r", b"\n\n\n"])
def test_a_header_without_rows_is_a_table_without_rows(end: bytes) -> None:
    table, rows = read(b"id,text" + end)
    assert (table.header, rows) == (["id", "text"], [])


def test_a_table_of_one_column_is_read() -> None:
    table, rows = read("编号\n1\n\n2\n".encode())
    assert (table.header, [row.cells for row in rows]) == (["编号"], [["1"], ["2"]])


def test_a_header_that_comes_twice_is_read_as_it_stands() -> None:
    table, rows = read(b"id,text,text\n1,a,b\n")
    assert (table.header, rows[0].cells) == (["id", "text", "text"], ["1", "a", "b"])


def test_blank_lines_and_blanks_around_a_header_are_passed_over() -> None:
    table, rows = read(b"\n  \n id , text \n1,a\n")
    assert table.header == ["id", "text"]
    assert [(row.line, row.cells) for row in rows] == [(4, ["1", "a"])]


def test_a_header_in_quotes_may_hold_the_delimiter() -> None:
    table, rows = read(b'"id","text, long","date"\n1,a,2024\n')
    assert table.header == ["id", "text, long", "date"]
    assert rows[0].problem is None


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_no_part_of_the_first_header(codec: str) -> None:
    mark = "\ufeff" if codec != "utf-8-sig" else ""
    assert read(f"{mark}{TEXT}".encode(codec))[0].header == ["编号", "简述"]


@pytest.mark.parametrize(
    ("end", "written"), [("\r\n", "\r\n"), ("\n", "\n"), ("\r", "\n")], ids=["CRLF", "LF", "CR"]
)
def test_rejected_rows_are_written_with_the_line_ends_of_the_file(end: str, written: str) -> None:
    assert read(f"id,text{end}1,a{end}".encode())[0].line_end == written


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (b'1,""', ["1", ""]),
        (b'1,""""', ["1", '"']),
        (b'"1","a"', ["1", "a"]),
        (b"1, a ", ["1", " a "]),
        (b"1,it's", ["1", "it's"]),
        (b'1,5" rim', ["1", '5" rim']),
        ("1,“好”".encode(), ["1", "“好”"]),
    ],
)
def test_quotation_marks_are_read_as_spreadsheets_write_them(row: bytes, cells: list[str]) -> None:
    (found,) = read(b"id,text\n" + row + b"\n")[1]
    assert (found.cells, found.problem) == (cells, None)


def test_a_character_of_four_bytes_across_two_blocks_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.import_reader.BLOCK", 7)
    for codec in ("gb18030", "utf-8"):
        assert read("编号,简述\n1,𠮷㐂𠮷㐂\n".encode(codec))[1][0].cells == ["1", "𠮷㐂𠮷㐂"]


def test_the_same_bytes_have_the_same_digest_and_others_another() -> None:
    forms = [examine(io.BytesIO(content)) for content in (b"a,b\n1,2\n", b"a,b\n1,2\n", b"a,b\n1,3\n")]
    assert forms[0] == forms[1]
    assert forms[0].sha256 != forms[2].sha256
    assert forms[0].size == 8


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=8), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_whatever_a_spreadsheet_writes_is_read_back(rows: list[tuple[str, ...]], codec: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("id", "text", "date"), *rows])
    found = read(text.getvalue().encode(codec))[1]
    assert [tuple(row.cells) for row in found] == [row for row in rows if any(cell.strip() for cell in row)]
    assert not any(row.problem for row in found)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(alphabet='ab,"\n\r\t;', max_size=80).map(str.encode))
def test_no_bytes_bring_the_reader_down(content: bytes) -> None:
    try:
        table, rows = read(content)
    except ImportRefusedError:
        return
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
    assert all(row.problem or len(row.cells) == len(table.header) for row in rows)
