"""What people type, read as they mean it; whatever else comes is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from views.fields import clean_line, clean_text, coerce_id
from views.finding import escape_like


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  a  b ", "a b"),
        ("１３９ＡＢｃ", "139ABc"),
        ("\u3000王\u3000小明", "王 小明"),
        ("a\x00b\x1f", "ab"),
        ("问题：电机。", "问题：电机。"),
        ("a\r\nb", "a b"),
        ("\ud800x", "x"),
    ],
)
def test_a_line_is_cleaned(typed: str, read: str) -> None:
    assert clean_line(typed) == read


def test_a_text_keeps_its_line_ends() -> None:
    assert clean_text(" 一\r\n二\x00\n ") == "一\n二"


@given(st.text())
def test_a_cleaned_text_can_always_be_stored(typed: str) -> None:
    for cleaned in (clean_text(typed), clean_line(typed)):
        assert "\x00" not in cleaned
        cleaned.encode()
    assert clean_line(clean_line(typed)) == clean_line(typed)


@pytest.mark.parametrize(("raw", "key"), [("7", 7), (" 7 ", 7), (7, 7), ("9223372036854775807", 2**63 - 1)])
def test_an_id_is_read(raw: object, key: int) -> None:
    assert coerce_id(raw) == key


@given(st.one_of(st.text(), st.integers(max_value=0), st.integers(min_value=2**63), st.floats(), st.none()))
def test_what_is_no_id_is_none(raw: object) -> None:
    key = coerce_id(raw)
    assert key is None or str(key) == str(raw).strip().lstrip("0")


@given(st.text())
def test_an_escaped_term_has_no_sign_of_its_own(term: str) -> None:
    rest = escape_like(term).replace("\\\\", "").replace("\\%", "").replace("\\_", "")
    assert "%" not in rest
    assert "_" not in rest
