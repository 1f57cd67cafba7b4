"""What mappings make of cells."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import force_locale

from jobs.import_mapping import (
    MappingError,
    load_mapping,
    mapping_names,
    parse_mapping,
)
from jobs.import_reader import ImportRefusedError, Row
from jobs.import_values import RowConverter, RowRejectedError
from models.essentials import SUBJECTS
from models.organisation import Locale

HEADER = ["投诉编号", "投诉品牌", "投诉车系", "投诉车型", "投诉简述", "投诉问题", "问题类型", "投诉日期"]
CELLS = [
    "20240310233549544850",
    "启程",
    "货运150",
    "2023款",
    "电机异响",
    "电力驱动系统",
    "异响",
    "2024-03-10",
]
ZONE = ZoneInfo("Asia/Shanghai")

MINIMAL = """
record = "complaint"
source = "s"
key = "id"
[columns]
id = ["id"]
[fields]
"""


@pytest.fixture(autouse=True)
def _in_english(app: Flask) -> Iterator[None]:
    with app.app_context(), force_locale("en"):
        yield


def convert(**changes: str) -> tuple[str, dict[str, str | None]]:
    cells = [changes.get(title, cell) for title, cell in zip(HEADER, CELLS, strict=True)]
    return RowConverter(load_mapping("cn-2024"), HEADER, ZONE).convert(Row(2, cells))


def reason(**changes: str) -> str:
    with pytest.raises(RowRejectedError) as caught:
        convert(**changes)
    return str(caught.value)


@pytest.mark.parametrize("name", mapping_names())
def test_every_mapping_loads_and_names_subjects_that_every_centre_has(name: str) -> None:
    mapping = load_mapping(name)
    codes = {subject.code for subject in SUBJECTS} | {
        child.code for subject in SUBJECTS for child in subject.children
    }
    for rule in mapping.fields:
        if rule.lookup == "subject.code":
            assert {*rule.values.values(), rule.default or "other"} <= codes
    assert set(mapping.titles) == {locale.value for locale in Locale}


def test_an_unknown_mapping_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ImportRefusedError, match="cn-12365, cn-12365-shifted, cn-2024"):
        load_mapping("../secrets")


def test_a_row_becomes_values() -> None:
    key, values = convert()
    assert key == "20240310233549544850"
    assert values == {
        "description": "电机异响",
        "fault": "异响",
        "product": "启程 货运150",
        "specification": "2023款",
        "registered_at": "2024-03-10T00:00:00+08:00",
        "channel": "website",
        "customer_name": "网站用户",
        "subject_id": "motor",
    }


def test_full_width_digits_and_stray_blanks_are_read() -> None:
    key, values = convert(
        投诉编号="　２０２４０３１０２３３５４９５４４８５０ ",
        投诉日期="２０２４/3/9",
        投诉问题="\u3000车身\t",
    )
    assert key == "20240310233549544850"
    assert values["registered_at"] == "2024-03-09T00:00:00+08:00"
    assert values["subject_id"] == "body"


def test_a_sentence_keeps_its_full_width_marks() -> None:
    assert convert(投诉简述="　刹车失灵，很危险！（两次） ")[1]["description"] == "刹车失灵，很危险！（两次）"


def test_a_number_written_as_a_formula_is_read() -> None:
    assert convert(投诉编号='="20240310233549544850"')[0] == "20240310233549544850"


@pytest.mark.parametrize("number", ["2.02403E+19", "20240310233549500000"])
def test_a_number_that_excel_cut_is_rejected(number: str) -> None:
    assert reason(投诉编号=number) == (
        f"“投诉编号” holds “{number}”: Excel has cut the number. Format the column as text."
    )


def test_what_is_missing_or_unknown_is_named_by_the_files_own_column() -> None:
    assert reason(投诉编号="") == "“投诉编号” is empty."
    assert reason(投诉编号="12-AB") == "“投诉编号” holds “12-AB”, which this import does not know."
    assert reason(投诉问题="") == "“投诉问题” is empty."
    assert reason(投诉问题="飞行器") == "“投诉问题” holds “飞行器”, which this import does not know."
    assert reason(投诉日期="2024-13-05") == (
        "“投诉日期” holds “2024-13-05”, which is not a date such as 2024-03-10."
    )
    assert reason(投诉日期="2204-03-05") == "“投诉日期” holds “2204-03-05”, which lies in the future."
    assert reason(投诉车型="长" * 161) == "“投诉车型” is longer than 160 characters."


def test_an_empty_text_is_no_reason_to_reject() -> None:
    assert convert(投诉简述="  ")[1]["description"] is None


def test_a_header_that_does_not_fit_names_the_missing_columns() -> None:
    header = ["投诉编号", "投诉品牌", "投诉车系", "投诉车型", "投诉简述", "问题"]
    with pytest.raises(ImportRefusedError) as caught:
        RowConverter(load_mapping("cn-2024"), header, ZONE)
    assert str(caught.value) == (
        "The file does not fit the mapping “cn-2024”: it has no column “投诉问题”, “问题类型”, “投诉日期”."
    )
    with force_locale(Locale.CHINESE.value), pytest.raises(ImportRefusedError) as caught:
        RowConverter(load_mapping("cn-2024"), header, ZONE)
    assert "“投诉问题”、“问题类型”、“投诉日期”" in str(caught.value)


def convert_codes(codes: str) -> dict[str, str | None]:
    header = ["", "ID", "brand", "car_model", "type", "desc", "problem", "datetime", "status"]
    cells = ["0", "900001", "启程", "货运150", "2020款", "异响", codes, "2021/1/30", "厂家受理"]
    return RowConverter(load_mapping("cn-12365"), header, ZONE).convert(Row(2, cells))[1]


@pytest.mark.parametrize(
    ("codes", "subject", "fault"),
    [
        ("H93,H15,", "accessories", "中控台异响；车身异响"),
        ("A9", "engine", "异响"),
        (" ,D80，G158,", "steering", "抖动；前后桥异响"),
    ],
)
def test_the_first_fault_code_gives_the_subject(codes: str, subject: str, fault: str) -> None:
    values = convert_codes(codes)
    assert (values["subject_id"], values["fault"], values["step"]) == (subject, fault, "verified")


@pytest.mark.parametrize("codes", ["信息审核", "X12,", "93,"])
def test_what_is_no_fault_code_is_rejected(codes: str) -> None:
    with pytest.raises(RowRejectedError, match=r"“problem” holds"):
        convert_codes(codes)


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ('nonsense = { columns = ["id"] }', "nonsense"),
        ('description = { columns = ["text"] }', "names no column"),
        ('description = { column = ["id"] }', "unexpected keyword"),
        ('channel = { default = "pigeon" }', "pigeon"),
        ('channel = { columns = ["id"] }', "table of values"),
        ('description = { columns = ["id"], forward_only = true }', "no order"),
        ('registered_at = { columns = ["id"] }', "needs formats"),
        ('subject_id = { columns = ["id"], prefix = "[" }', "unterminated"),
        ('fault = { columns = ["id"], words = "nowhere" }', "No such file"),
        ('subject_id = { lookup = "subject.code", creates = { nonsense = {} } }', "nonsense"),
        ("[extra]", "unknown extra"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(rules: str, complaint: str) -> None:
    with pytest.raises(MappingError, match=complaint):
        parse_mapping("m", MINIMAL + rules)
