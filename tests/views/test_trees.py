"""Trees: read in order, none lost, no circle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from views.trees import tree_order, would_circle

ROWS = st.dictionaries(st.integers(1, 12), st.one_of(st.none(), st.integers(1, 14)), max_size=12)


def test_children_follow_their_parent() -> None:
    assert tree_order([(1, None), (2, 1), (3, None), (4, 2)]) == [(1, 0), (2, 1), (4, 2), (3, 0)]


@given(ROWS)
def test_every_row_is_read_once_whatever_its_parent(rows: dict[int, int | None]) -> None:
    assert sorted(key for key, _depth in tree_order(rows.items())) == sorted(rows)


@pytest.mark.parametrize(
    ("key", "parent", "expected"),
    [(1, 3, True), (1, 1, True), (3, 1, False), (2, None, False), (1, 9, False)],
)
def test_a_circle_is_seen_at_any_depth(key: int, parent: int | None, expected: bool) -> None:
    assert would_circle({1: None, 2: 1, 3: 2}, key, parent) is expected


@given(ROWS, st.integers(1, 12), st.integers(1, 14))
def test_looking_for_a_circle_ends_even_in_one(rows: dict[int, int | None], key: int, parent: int) -> None:
    assert would_circle(rows, key, parent) in (True, False)
