"""Search in the guide: about fifty short parts of a language, looked through in memory at each request."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from views.guide_pages import GuidePage, guide

HITS_MOST = 20
TITLE_WEIGHT = 12
HEADING_WEIGHT = 6
# A word that stands in a part ten times says little more than one that stands there three times.
COUNTED_MOST = 3
AROUND = 40
SNIPPET = 150
# What people put around what they look for.
_ASKING = re.compile(r"请问|怎么样|怎么|怎样|如何|什么|哪里|为什么|为何|可以|能不能|[吗呢的了]")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_PLURAL = re.compile(r"(?<=[a-z]{3})(?:es|s)$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a snippet, and whether it is what was looked for."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A part of the guide that says something about what was looked for."""

    page: GuidePage
    heading: str
    anchor: str
    snippet: tuple[Piece, ...]


def search(locale: str, typed: str) -> list[Hit]:
    """Return the parts in which all words stand, best first.

    Where there is none: those with the most pairs of the Chinese characters typed, or of the words.
    """
    words = split_words(typed)
    if not words:
        return []
    hits = _find(locale, words, needed=len(words))
    if not hits:
        pairs = split_pairs(words)
        hits = _find(locale, pairs, needed=(len(pairs) + 1) // 2) if pairs else []
    return hits[:HITS_MOST]


def split_words(typed: str) -> list[str]:
    """Return what was typed as words in one spelling; full-width letters and plurals are evened out."""
    plain = unicodedata.normalize("NFKC", typed).casefold()
    words = re.findall(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+", plain)
    return list(dict.fromkeys(_PLURAL.sub("", word) for word in words))


def split_pairs(words: Sequence[str]) -> list[str]:
    """Return pairs of neighbouring Chinese characters, but none of words of asking, and the other words."""
    pairs = []
    for word in words:
        for run in _ASKING.split(word) if _HAN_RUN.fullmatch(word) else [word]:
            is_long = _HAN_RUN.fullmatch(run) and len(run) > 2
            pairs += [run[at : at + 2] for at in range(len(run) - 1)] if is_long else [run]
    return [pair for pair in dict.fromkeys(pairs) if pair]


def _find(locale: str, words: Sequence[str], *, needed: int) -> list[Hit]:
    patterns = [_pattern(word) for word in words]
    either = re.compile("|".join(pattern.pattern for pattern in patterns), re.IGNORECASE)
    found = []
    for page in guide(locale).values():
        for part in page.sections:
            counts = [
                min(len(pattern.findall(part.text)), COUNTED_MOST)
                + HEADING_WEIGHT * bool(pattern.search(part.title))
                # The page's title speaks for its first part only, else every part would weigh as much.
                + TITLE_WEIGHT * bool(not part.anchor and pattern.search(page.title))
                for pattern in patterns
            ]
            has = sum(map(bool, counts))
            if has >= needed:
                found.append(
                    (has, sum(counts), Hit(page, part.title, part.anchor, _snippet(part.text, either)))
                )
    # Stable: parts that weigh the same stay in the order of the guide.
    found.sort(key=lambda entry: entry[:2], reverse=True)
    return [hit for _has, _weight, hit in found]


def _pattern(word: str) -> re.Pattern[str]:
    # Words of letters are found from their beginning, so that "part" finds "parts" and not "department".
    start = "" if _HAN_RUN.match(word) else r"\b"
    return re.compile(start + re.escape(word), re.IGNORECASE)


def _snippet(text: str, pattern: re.Pattern[str]) -> tuple[Piece, ...]:
    """Return the text around the first hit, in pieces."""
    first = pattern.search(text)
    start = max(0, first.start() - AROUND) if first else 0
    if start and (space := text.find(" ", start, start + AROUND // 2)) > 0:
        start = space + 1
    end = start + SNIPPET
    shown = text[start:end]
    pieces, at = [Piece("…", is_hit=False)] if start else [], 0
    for match in pattern.finditer(shown):
        pieces += [Piece(shown[at : match.start()], is_hit=False), Piece(match[0], is_hit=True)]
        at = match.end()
    pieces.append(Piece(shown[at:] + ("…" if end < len(text) else ""), is_hit=False))
    return tuple(piece for piece in pieces if piece.text)
