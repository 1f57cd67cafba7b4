"""Searching in much: the pieces of texts by which one index finds words, two Chinese characters included."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Enum, Index, String, Table, Text, cast, func
from sqlalchemy.dialects.postgresql import array

# A word of more pieces is found by as many of them as well.
PIECES_MOST = 24
# Two signs say little where they are digits or Latin letters, of which numbers and phones are full: three do.
_RUN = re.compile(r"[0-9a-z]{3,}")


def indexed_names(table: Table, searched: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the attributes in which people search that are texts of the table itself."""
    return tuple(
        name
        for name in searched
        if name in table.c
        and isinstance(table.c[name].type, String)
        and not isinstance(table.c[name].type, Enum)
    )


def pieces_of(columns: Any, names: tuple[str, ...]) -> ColumnElement[Any]:
    """Return the SQL expression of the pieces of these texts of a row, and of the digits of its phones.

    `columns` is what has them: a table, or a model as a statement names it. The function itself is made
    by a migration; the index holds the same expression.
    """
    texts = cast(array([getattr(columns, name) for name in names]), ARRAY(Text))
    numbers = getattr(columns, "phone_numbers", None) if "phone" in names else None
    pieces: ColumnElement[Any] = func.search_pieces(texts, *([] if numbers is None else [numbers]))
    return pieces


def holds_pieces(columns: Any, names: tuple[str, ...], pieces: list[str]) -> ColumnElement[bool]:
    """Return the condition that all these pieces stand in a row, which the index answers."""
    held: ColumnElement[bool] = pieces_of(columns, names).op("@>", is_comparison=True)(
        cast(pieces, ARRAY(Text))
    )
    return held


def index_search(table: Table, searched: tuple[str, ...]) -> None:
    """Give a table the index by which words are found in its texts, where people search in any."""
    names = indexed_names(table, searched)
    if names:
        Index(f"ix_{table.name}_search", pieces_of(table.c, names), postgresql_using="gin")


def pieces_in(line: str) -> list[str]:
    """Return pieces that whatever holds these words must hold; none where an index can't help to find it.

    Runs of digits and Latin letters give three signs each, all else two. Letters that databases write small
    by rules of their own are left out: what is left finds as much, and the texts themselves decide.
    """
    pieces: list[str] = []
    for word in "".join(sign.lower() if sign.isascii() else sign for sign in line).split():
        pieces += _pieces_of_word(word)
    sure = [piece for piece in pieces if all(sign.isascii() or has_no_case(sign) for sign in piece)]
    # Dashes and the like stand in every number, as do two letters: beside what tells more they are left out.
    telling = [
        piece
        for piece in sure
        if all(sign.isalnum() for sign in piece) and (len(piece) > 2 or not piece.isascii())
    ]
    return list(dict.fromkeys(telling or sure))[:PIECES_MOST]


def _pieces_of_word(word: str) -> list[str]:
    pieces: list[str] = []
    within: set[int] = set()
    for run in _RUN.finditer(word):
        pieces += (word[at : at + 3] for at in range(run.start(), run.end() - 2))
        within.update(range(run.start(), run.end() - 1))
    pieces += (word[at : at + 2] for at in range(len(word) - 1) if at not in within)
    return pieces


def has_no_case(signs: str) -> bool:
    """Tell whether signs are the same in large and small."""
    return signs.lower() == signs.upper() == signs.casefold()
