"""Rates of counted events with their uncertainty, so that few events are not read as many."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

# The two-sided 95 % quantile of the normal distribution.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Rate:
    """`events` over an `exposure`: pieces shipped, vehicles sold. One unit can have several events, or none.

    Raises:
        ValueError: for a count below 0.
    """

    events: int
    exposure: int

    def __post_init__(self) -> None:
        """Refuse what can't have been counted."""
        if self.events < 0 or self.exposure < 0:
            raise ValueError(f"{self.events} over {self.exposure}")

    def per(self, units: int) -> float | None:
        """Return the events for so many units, None where there was no exposure."""
        return units * self.events / self.exposure if self.exposure else None

    def interval(self, units: int) -> tuple[float, float] | None:
        """Return the 95 % interval of a Poisson rate for so many units, None where there was no exposure.

        By Byar's approximation (Breslow and Day 1987, volume II, page 69); within 1 % from five events on.
        """
        if not self.exposure:
            return None
        low = self.events and self.events * (1 - 1 / (9 * self.events) - _Z / (3 * sqrt(self.events))) ** 3
        more = self.events + 1
        high = more * (1 - 1 / (9 * more) + _Z / (3 * sqrt(more))) ** 3
        return units * low / self.exposure, units * high / self.exposure
