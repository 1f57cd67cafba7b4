"""Saying in words how the figures of a digest stand to their targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from models.figure_kind import FigureKind

Figure = Mapping[str, Any]
# Fewer cases make no percentage: one of one would read like a result.
_PERCENT_FROM = 5
# Digests of the first version knew one figure, by another name.
_FORMER = {"first_answer_in_24_hours": FigureKind.FIRST_ANSWER}


def _(message: str, **values: Any) -> str:
    return str(gettext(message, **values))


def shown(payload: Mapping[str, Any]) -> list[Figure]:
    """Return the figures that deserve a line: those off their target, or that were so last week."""
    return [figure for figure in payload["figures"] if figure["total"] and not _is_quiet(figure)]


def quiet(payload: Mapping[str, Any]) -> list[Figure]:
    """Return the figures on target as in the week before: they fold into one line."""
    return [figure for figure in payload["figures"] if figure["total"] and _is_quiet(figure)]


def idle(payload: Mapping[str, Any]) -> list[Figure]:
    """Return the figures of which there was no case."""
    return [figure for figure in payload["figures"] if not figure["total"]]


def _is_quiet(figure: Figure) -> bool:
    last, target = figure["last_week"], figure["target"]
    if not figure["is_met"]:
        return False
    if not last["total"]:
        return True
    before = last["met"] / last["total"]
    return bool(before <= target if figure["is_ceiling"] else before >= target)


def name(figure: Figure) -> str:
    """Return what a figure counts."""
    kind = _FORMER.get(figure["key"]) or next(each for each in FigureKind if each.value == figure["key"])
    return str(kind.label)


def value(figure: Figure) -> str:
    """Return a figure as share with n of N, of few cases n/N alone; where nothing was due, that."""
    met, total = figure["met"], figure["total"]
    if not total:
        return _("none was due this week")
    return f"{met}/{total}" if is_of_few(figure) else f"{share(met, total)} ({met}/{total})"


def is_of_few(counted: Mapping[str, Any]) -> bool:
    """Tell whether there were too few cases for a percentage, or for an alarm."""
    return bool(counted["total"] < _PERCENT_FROM)


def share(met: int, total: int) -> str:
    """Return a share in percent."""
    return f"{100 * met / total:.1f}%"


def verdict(figure: Figure) -> str:
    """Say how a figure stands to its target: missed only where chance can't explain it."""
    if not figure["total"]:
        return ""
    if figure["is_met"]:
        return _("on target")
    if is_alarm(figure):
        return _("above the limit") if figure["is_ceiling"] else _("below the target")
    return _("above the limit, few cases") if figure["is_ceiling"] else _("below target, few cases")


def is_alarm(figure: Figure) -> bool:
    """Tell whether a figure misses its target, by enough cases and by more than chance explains."""
    return bool(figure["is_missed"]) and not is_of_few(figure)


def tone(figure: Figure) -> str:
    """Return how the verdict is coloured: bad only where chance can't explain it."""
    return "bad" if is_alarm(figure) else "good" if figure["is_met"] else "warn"


def details(figure: Figure) -> str:
    """Return target, interval, last week and median of a figure."""
    aim = f"{100 * figure['target']:g}%"
    parts = [_("at most %(share)s", share=aim) if figure["is_ceiling"] else _("target %(share)s", share=aim)]
    if figure["interval"] and not is_of_few(figure):
        low, high = figure["interval"]
        parts.append(_("95%% interval %(low).1f–%(high).1f%%", low=100 * low, high=100 * high))
    last = figure["last_week"]
    if last["total"]:
        if is_of_few(last):
            parts.append(_("last week %(met)s/%(total)s", **last))
        else:
            said = share(last["met"], last["total"])
            parts.append(_("last week %(share)s (%(met)s/%(total)s)", share=said, **last))
    if figure["median"] is not None:
        parts.append(_("median %(share)s", share=f"{100 * figure['median']:.1f}%"))
    return " · ".join(parts)


def in_one_line(figures: list[Figure]) -> str:
    """Return figures that need no attention, each as name and value."""
    return " · ".join(f"{name(figure)} {value(figure)}" for figure in figures)


def names(figures: list[Figure]) -> str:
    """Return what figures count, one after the other."""
    return _(", ").join(name(figure) for figure in figures)
