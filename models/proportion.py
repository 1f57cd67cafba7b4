"""Proportions with their uncertainty, so that few cases are not read as many."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

# The two-sided 95 % quantile of the normal distribution.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Proportion:
    """`met` of `total` cases.

    Raises:
        ValueError: unless 0 <= met <= total.
    """

    met: int
    total: int

    def __post_init__(self) -> None:
        """Refuse counts that are no proportion."""
        if not 0 <= self.met <= self.total:
            raise ValueError(f"{self.met} of {self.total}")

    @property
    def value(self) -> float | None:
        """Return the share from 0 to 1, None where there is no case."""
        return self.met / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % interval of Wilson (1927), None where there is no case."""
        if not self.total:
            return None
        share, n, z2 = self.met / self.total, self.total, _Z * _Z
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        # The ends are exact where every case, or none, is met; rounding would miss them by 1e-17.
        low = 0.0 if self.met == 0 else max(0.0, middle - half)
        high = 1.0 if self.met == self.total else min(1.0, middle + half)
        return low, high

    def is_below(self, target: float) -> bool:
        """Tell whether the whole interval lies under `target`: only then is it shown as missed."""
        return self.interval is not None and self.interval[1] < target

    def is_above(self, target: float) -> bool:
        """Tell whether the whole interval lies over `target`."""
        return self.interval is not None and self.interval[0] > target
