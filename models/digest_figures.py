"""The figures of a digest against their targets, each with what chance alone could have made of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import median
from typing import Any

from models.digest_counts import SHORTEST_HISTORY, Frame
from models.figure_counts import ByUnit, counts_of
from models.figure_kind import CEILINGS, FigureKind, target_of
from models.iso_week import IsoWeek
from models.proportion import Proportion

_NONE = Proportion(0, 0)


def figures_payload(
    frame: Frame, kinds: Collection[str], targets: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return the figures of these kinds for the week; `targets` in percent replace the usual ones."""
    wanted = [kind for kind in FigureKind if kind.value in kinds]
    counts = counts_of(frame.span, wanted)
    return [figure_payload(kind, counts[kind], frame.weeks, target_of(kind, targets)) for kind in wanted]


def figure_payload(kind: FigureKind, by_week: ByUnit, weeks: list[IsoWeek], target: float) -> dict[str, Any]:
    """Return a figure of the first of `weeks` as it is frozen, against the others, which are its history."""
    this_week, last_week = (by_week.get(week.monday, _NONE) for week in weeks[:2])
    shares = [share for week in weeks[1:] if (share := by_week.get(week.monday, _NONE).value) is not None]
    return {
        "key": kind.value,
        **judged(kind, this_week, target),
        "last_week": {"met": last_week.met, "total": last_week.total},
        "median": median(shares) if len(shares) >= SHORTEST_HISTORY else None,
    }


def judged(kind: FigureKind, counted: Proportion, target: float) -> dict[str, Any]:
    """Return a proportion beside its target.

    `is_missed` where the whole 95 % interval lies beyond it; `is_met` is None where nothing was due.
    """
    is_ceiling = kind in CEILINGS
    value = counted.value
    return {
        "met": counted.met,
        "total": counted.total,
        "interval": counted.interval,
        "target": target,
        "is_ceiling": is_ceiling,
        "is_met": None if value is None else value <= target if is_ceiling else value >= target,
        "is_missed": counted.is_above(target) if is_ceiling else counted.is_below(target),
    }
