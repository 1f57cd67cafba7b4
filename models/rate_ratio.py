"""Two rates compared: how many times as often something happened afterwards, with its uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, log

from models.rate import Rate

_EACH_SIDE = 0.025
# Halvings: more than a float can tell apart.
_STEPS = 60


@dataclass(frozen=True, slots=True)
class RateRatio:
    """The rate `after` over the rate `before`."""

    before: Rate
    after: Rate

    @property
    def value(self) -> float | None:
        """Return the ratio; None where nothing happened before, or an exposure is missing."""
        before, after = self.before.per(1), self.after.per(1)
        return after / before if before and after is not None else None

    @property
    def interval(self) -> tuple[float, float | None] | None:
        """Return the 95 % interval; None where nothing is known, as the upper end may be.

        Given their sum, the events afterwards are binomial with share p = ρT₁ / (ρT₁ + T₀); its interval
        (Clopper and Pearson 1934) becomes that of ρ (Przyborowski and Wilenski 1940; Lehmann and Romano,
        Testing Statistical Hypotheses, section 4.5).
        """
        total = self.before.events + self.after.events
        if not (total and self.before.exposure and self.after.exposure):
            return None
        low, high = share_interval(self.after.events, total)
        times = self.before.exposure / self.after.exposure
        return times * low / (1 - low), times * high / (1 - high) if high < 1 else None


def share_interval(met: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of Clopper and Pearson (1934) of `met` of `total` cases."""
    low = 0.0 if met == 0 else _where(lambda p: 1 - _at_most(met - 1, total, p) < _EACH_SIDE)
    high = 1.0 if met == total else _where(lambda p: _at_most(met, total, p) > _EACH_SIDE)
    return low, high


def _where(is_under: Callable[[float], bool]) -> float:
    """Return the share up to which the condition holds."""
    low, high = 0.0, 1.0
    for _step in range(_STEPS):
        middle = (low + high) / 2
        if is_under(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_most(met: int, total: int, share: float) -> float:
    """Return the chance of at most `met` of `total` where each has this share, strictly between 0 and 1."""
    whole, up, down = lgamma(total + 1), log(share), log(1 - share)
    return sum(
        exp(whole - lgamma(k + 1) - lgamma(total - k + 1) + k * up + (total - k) * down)
        for k in range(met + 1)
    )
