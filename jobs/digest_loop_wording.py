"""Saying in words whether measures helped, for the mail's text and HTML alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext, ngettext

from jobs import digest_wording as wording
from models.measure import Verdict
from models.measure_effect import WEEKS_LEAST, Exposed

Payload = Mapping[str, Any]
_TONES = {Verdict.WORKED: "good", Verdict.DID_NOT: "bad"}


def _(message: str, **values: Any) -> str:
    return str(gettext(message, **values))


def verdict(row: Payload) -> str:
    """Return what became of a measure, in a word or two."""
    if row["is_due"] and row["verdict"] in (None, Verdict.TOO_EARLY.value):
        return _("to be verified")
    label = str(Verdict[row["verdict"].upper()].label) if row["verdict"] else _("to be verified")
    if row.get("measured") not in (None, row["verdict"]):
        measured = Verdict[row["measured"].upper()].label
        return _("%(verdict)s (measured: %(measured)s)", verdict=label, measured=measured)
    return (
        label if row["is_verified"] or not row["is_due"] else _("%(verdict)s, to be verified", verdict=label)
    )


def tone(row: Payload) -> str:
    """Return how a verdict is coloured; one too early to say, or against what was measured, is plain."""
    if row.get("measured") not in (None, row["verdict"]):
        return "soft"
    return _TONES.get(Verdict[row["verdict"].upper()], "soft") if row["verdict"] else "soft"


def details(row: Payload, year: int) -> str:
    """Return by whom and when a measure was carried out."""
    department = wording.name_of(row["department"]) if row["department"] else None
    done = _("done %(day)s", day=wording.day(row["done_on"], year))
    return " · ".join(part for part in (department, row["owner"], done) if part)


def figures(row: Payload) -> str:
    """Return the failures before and after with their ratio; empty where nothing can be counted."""
    effect = row["effect"]
    if effect is None:
        return ""
    before, after = effect["before"], effect["after"]
    parts = [
        _(
            "Before: %(events)d failures over %(exposure)d %(unit)s",
            unit=Exposed[effect["exposed"].upper()].label,
            **before,
        ),
        _("after: %(events)d over %(exposure)d", **after),
    ]
    if effect["weeks"] < WEEKS_LEAST:
        passed = ngettext(
            "%(num)d week since it was done", "%(num)d weeks since it was done", effect["weeks"]
        )
        return " · ".join([*parts, str(passed), _("Nothing is said before 8 weeks have passed.")])
    if effect["ratio"] is not None and effect["interval"]:
        low, high = effect["interval"]
        ends = f"{low:.2f}–{f'{high:.2f}' if high is not None else '∞'}"
        parts.append(
            _("%(ratio)s times as many (95%% interval %(ends)s)", ratio=f"{effect['ratio']:.2f}", ends=ends)
        )
    return " · ".join(parts)


def year_of(payload: Payload) -> int:
    """Return the year in which days are given without it."""
    return date.fromisoformat(payload["ends_on"]).year
