"""Rates: exact values, and an interval beside the exact one of Garwood (1936)."""

from __future__ import annotations

import pytest

from models.rate import Rate


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [(0, 0, 3.689), (5, 1.623, 11.668), (10, 4.795, 18.390), (100, 81.364, 121.627)],
)
def test_the_interval_is_that_of_a_count_of_rare_events(events: int, low: float, high: float) -> None:
    interval = Rate(events, 1).interval(1)
    assert interval is not None
    assert interval == pytest.approx((low, high), rel=0.02, abs=0.01)


def test_a_rate_counts_for_so_many_units() -> None:
    rate = Rate(16, 500)
    assert rate.per(100) == pytest.approx(3.2)
    assert rate.per(1000) == pytest.approx(32)
    interval = rate.interval(100)
    assert interval is not None
    assert interval[0] < 3.2 < interval[1]


def test_more_events_than_units_are_a_rate_too() -> None:
    assert Rate(30, 10).per(1) == pytest.approx(3)


def test_without_exposure_there_is_no_rate() -> None:
    assert Rate(3, 0).per(100) is None
    assert Rate(3, 0).interval(100) is None


@pytest.mark.parametrize(("events", "exposure"), [(-1, 1), (1, -1)])
def test_what_can_not_have_been_counted_is_refused(events: int, exposure: int) -> None:
    with pytest.raises(ValueError, match="over"):
        Rate(events, exposure)
