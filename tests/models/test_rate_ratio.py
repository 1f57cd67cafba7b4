"""Ratios of rates: against values worked out by hand."""

from __future__ import annotations

import pytest

from models.measure import Verdict
from models.measure_effect import Effect, Exposed
from models.rate import Rate
from models.rate_ratio import RateRatio, share_interval


def test_the_share_of_none_and_of_all_is_known_in_closed_form() -> None:
    # 1 - 0.025 ** (1 / n), and its mirror.
    assert share_interval(0, 10) == pytest.approx((0, 0.308497), abs=1e-6)
    assert share_interval(10, 10) == pytest.approx((0.691503, 1), abs=1e-6)
    # Beta quantiles B(0.025; 5, 6) and B(0.975; 6, 5), as tables print them.
    assert share_interval(5, 10) == pytest.approx((0.187086, 0.812914), abs=1e-6)


def test_the_ratio_is_that_of_failures_for_the_same_exposure() -> None:
    # 5 over 1,000 after 5 over 500: half as often. 0.5 * 0.187086 / 0.812914 and its mirror.
    ratio = RateRatio(Rate(5, 500), Rate(5, 1000))
    assert ratio.value == pytest.approx(0.5)
    assert ratio.interval == pytest.approx((0.115071, 2.172565), abs=1e-5)
    # None after ten at the same exposure: 0.308497 / 0.691503.
    assert RateRatio(Rate(10, 100), Rate(0, 100)).interval == pytest.approx((0, 0.446125), abs=1e-5)
    assert RateRatio(Rate(0, 100), Rate(10, 100)).interval == pytest.approx((2.241522, None), abs=1e-5)
    assert RateRatio(Rate(0, 100), Rate(0, 100)).interval is None
    assert RateRatio(Rate(3, 100), Rate(0, 0)).interval is None


@pytest.mark.parametrize(
    ("before", "after", "weeks", "verdict"),
    [
        (10, 0, 8, Verdict.WORKED),
        (10, 0, 7, Verdict.TOO_EARLY),
        # 1 - 0.025 ** (1 / 5) = 0.52 of the cases could still be after: few cases tell nothing.
        (5, 0, 8, Verdict.TOO_EARLY),
        (6, 0, 8, Verdict.WORKED),
        # Half of them could be gone: 0.53 times as many, from 0.25 to 1.06.
        (26, 13, 12, Verdict.TOO_EARLY),
        (26, 13, 26, Verdict.DID_NOT),
        (10, 9, 26, Verdict.TOO_EARLY),
        (40, 40, 12, Verdict.DID_NOT),
        (0, 10, 12, Verdict.DID_NOT),
        (0, 0, 26, Verdict.TOO_EARLY),
    ],
)
def test_the_verdict_waits_for_weeks_and_cases(before: int, after: int, weeks: int, verdict: Verdict) -> None:
    effect = Effect(Rate(before, 100), Rate(after, 100), Exposed.PIECES, weeks)
    assert effect.verdict is verdict
