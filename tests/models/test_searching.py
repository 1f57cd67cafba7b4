"""The pieces of words: what Python asks for, the database gives for every text that holds the word."""

from __future__ import annotations

import random

from sqlalchemy import ARRAY, Text, cast, func, select
from sqlalchemy.orm import Session

from models.searching import PIECES_MOST, pieces_in

SIGNS = "电机异响差速器漏油aBcZ019９Ａ-_%\\'\"{},.·（）🛺é ßİıΣÄЖж\n\t 　"


def test_words_are_cut_into_twos_and_numbers_into_threes() -> None:
    assert pieces_in("电机异响") == ["电机", "机异", "异响"]
    assert pieces_in("TS-2026") == ["202", "026"]
    assert pieces_in("TS电机") == ["s电", "电机"]
    assert pieces_in("--") == ["--"]
    assert pieces_in("zs") == ["zs"]
    # All numbers begin alike: where nothing else tells more, a dash beside a digit does.
    assert pieces_in("TS-B-7") == ["ts", "s-", "-b", "b-", "-7"]
    assert pieces_in("苏C1234") == ["c12", "123", "234", "苏c"]
    assert pieces_in("电 机") == []
    assert pieces_in("Жж") == []
    assert len(pieces_in("0123456789" * 9 + "电机")) <= PIECES_MOST


def test_every_text_has_the_pieces_of_whatever_stands_in_it(db_session: Session) -> None:
    chance = random.Random(7)
    for _ in range(60):
        text = "".join(chance.choices(SIGNS, k=chance.randint(1, 40)))
        start = chance.randrange(len(text))
        part = text[start : start + chance.choice([1, 2, 3, 4, 30])]
        texts = cast([None, "x", text], ARRAY(Text))
        for word in part.split():
            pieces = cast(pieces_in(word), ARRAY(Text))
            assert db_session.scalar(select(func.search_pieces(texts).op("@>")(pieces))), (text, word)
