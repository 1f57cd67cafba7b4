"""What of a phone cell can't be dialled: said to who types it, never a reason to lose it."""

from __future__ import annotations

import re
import unicodedata

from models.phones import HOME, LONGEST_AT_HOME

MOBILE_DIGITS = 11
# Shorter ones are services, such as 110 and 95598.
SERVICE_DIGITS = range(3, 6)
_EXTENSION = re.compile(r"(?:转|分机|内线|ext\.?|x|#)\s*[:：]?\s*\d{1,6}", re.IGNORECASE)
_BETWEEN = re.compile(r"[/、,;\n]")
# As printed on cards: 010-81559955-602.
_DASHED_EXTENSION = re.compile(r"(?<=\d{7}) ?- ?\d{1,5}(?![\d-])")
_RUN = re.compile(r"\+?\d[\d \-*]*")
_MOBILE = re.compile(r"1[3-9]\d+")


def has_digit(entered: str) -> bool:
    """Tell whether a phone cell holds any digit, whatever the width."""
    return any(character.isdigit() for character in entered)


def phone_doubts(entered: str | None) -> list[str]:
    """Return what stands in a phone cell as a number and can be none, as it was entered.

    Extensions, foreign numbers, numbers of services and what was masked by stars are none of it; nor is a
    number that only nobody has: plans of numbers change.
    """
    text = unicodedata.normalize("NFKC", entered or "")
    return [doubt for piece in _BETWEEN.split(text) for doubt in _doubts_of(piece)]


def _doubts_of(piece: str) -> list[str]:
    """Return the doubtful numbers of what stands between two separators."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    piece = _DASHED_EXTENSION.sub(" ", piece)
    rest, found = piece, []
    for match in PhoneNumberMatcher(piece, HOME, leniency=Leniency.POSSIBLE):
        rest = rest.replace(match.raw_string, " ", 1)
        if _is_broken_mobile(match.raw_string):
            found.append(match.raw_string)
    for run in _RUN.findall(_EXTENSION.sub(" ", rest)):
        count = sum(character.isdigit() for character in run)
        if "*" not in run and count not in SERVICE_DIGITS:
            found.append(run.strip(" -"))
    return found


def _is_broken_mobile(written: str) -> bool:
    """Tell whether a number begins like a mobile one at home, and lacks a digit or has one too many."""
    digits = re.sub(r"\D", "", written)
    if written.startswith("+") or len(digits) > LONGEST_AT_HOME:
        return False
    return bool(_MOBILE.fullmatch(digits)) and len(digits) != MOBILE_DIGITS
