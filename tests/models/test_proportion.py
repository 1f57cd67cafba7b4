from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.proportion import Proportion


@pytest.mark.parametrize(
    ("met", "total", "low", "high"),
    [
        # Newcombe 1998, table I, and the example of the design.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (48, 50, 0.8654, 0.9890),
    ],
)
def test_the_interval_is_wilsons(met: int, total: int, low: float, high: float) -> None:
    assert Proportion(met, total).interval == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_holds_the_share_and_stays_within_bounds(counts: tuple[int, int]) -> None:
    share = Proportion(*counts)
    if share.interval is None:
        assert share.value is None
        return
    low, high = share.interval
    assert share.value is not None
    assert 0 <= low <= share.value <= high <= 1
    assert low < high


def test_few_cases_do_not_contradict_a_target_many_do() -> None:
    assert not Proportion(48, 50).is_below(0.98)
    assert Proportion(960, 1000).is_below(0.98)
    assert Proportion(1000, 1000).is_above(0.98)
    assert not Proportion(20, 20).is_above(0.98)


def test_a_target_of_all_is_missed_by_one_and_met_by_all() -> None:
    assert Proportion(99, 100).is_below(1.0)
    assert not Proportion(3, 3).is_below(1.0)


def test_without_cases_nothing_is_said() -> None:
    nothing = Proportion(0, 0)
    assert (nothing.value, nothing.interval, nothing.is_below(1.0), nothing.is_above(0.0)) == (
        None,
        None,
        False,
        False,
    )


@pytest.mark.parametrize(("met", "total"), [(-1, 3), (4, 3)])
def test_counts_that_are_no_proportion_are_refused(met: int, total: int) -> None:
    with pytest.raises(ValueError, match="of"):
        Proportion(met, total)
