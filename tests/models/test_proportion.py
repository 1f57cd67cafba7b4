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
        # By hand: with z² = 3.8415, none of one is 0 and z²/(1 + z²), half of n is 0.5 ± z/(2·√(n + z²)).
        (0, 1, 0.0, 0.7935),
        (1, 1, 0.2065, 1.0),
        (5, 10, 0.2366, 0.7634),
        (500, 1000, 0.4691, 0.5309),
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


@given(st.integers(1, 300).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_what_is_met_and_what_is_not_mirror_each_other(counts: tuple[int, int]) -> None:
    met, total = counts
    found, mirrored = Proportion(met, total).interval, Proportion(total - met, total).interval
    assert found is not None
    assert mirrored is not None
    assert found == pytest.approx((1 - mirrored[1], 1 - mirrored[0]))


@given(st.integers(1, 200), st.integers(2, 5))
def test_more_cases_of_the_same_share_are_surer(total: int, times: int) -> None:
    few, many = Proportion(total // 2, total).interval, Proportion(total // 2 * times, total * times).interval
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]


@pytest.mark.parametrize(
    ("met", "total", "target", "below", "above"),
    [
        (5, 10, 0.5, False, False),
        (5, 10, 0.77, True, False),
        (5, 10, 0.23, False, True),
        (0, 1, 0.8, True, False),
        (1, 1, 0.2, False, True),
    ],
)
def test_a_target_is_missed_or_beaten_by_the_whole_interval_only(
    met: int, total: int, target: float, below: bool, above: bool
) -> None:
    share = Proportion(met, total)
    assert (share.is_below(target), share.is_above(target)) == (below, above)
