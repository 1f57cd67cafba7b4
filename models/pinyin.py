"""Chinese names in the order in which people look them up: by pinyin, whatever the database's collation."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Index, Text, func, select, union_all
from sqlalchemy.orm import Mapped, mapped_column, validates

from models.base import Record

# Longer names differ long before; an index entry of PostgreSQL holds 2,704 bytes.
CHARACTERS_MOST = 60
DIGITS = 8
# Characters that are read differently as a surname; pypinyin gives the everyday reading.
SURNAMES = {
    "单": "shan4", "仇": "qiu2", "解": "xie4", "曾": "zeng1", "查": "zha1", "区": "ou1", "朴": "piao2",
    "盖": "ge3", "任": "ren2", "华": "hua4", "缪": "miao4", "翟": "zhai2", "尉": "yu4", "乐": "yue4",
    "纪": "ji3", "洗": "xian3", "员": "yun4", "晁": "chao2", "秘": "bi4", "黑": "he4", "盛": "sheng4",
}  # fmt: skip
PERSON_NAME_MOST = 3
# One letter is the beginning of half of all names.
LETTERS_LEAST = 2
# More than anybody reads, and than lists count.
SOUNDING_MOST = 10_001
AFTER_Z = chr(ord("z") + 1)


def pinyin_key(name: str | None) -> str:
    """Return by what a name sorts: character for character its syllable, tone and itself.

    Numbers count by value, Latin letters without case; the text is to be compared byte by byte.
    """
    folded = unicodedata.normalize("NFKC", name or "").casefold().strip()[:CHARACTERS_MOST]
    if folded.isascii():
        return _pad_numbers(folded)
    # 55 MB of dictionary and half a second: only a process that writes or searches Chinese names needs it.
    from pypinyin import Style, lazy_pinyin

    read = lazy_pinyin(
        folded,
        style=Style.TONE3,
        neutral_tone_with_five=True,
        errors=list,  # type: ignore[arg-type]  # documented: one entry for each character that is no Chinese
    )
    if len(read) != len(folded):
        return _pad_numbers(folded)
    if len(folded) <= PERSON_NAME_MOST and folded[0] in SURNAMES:
        read[0] = SURNAMES[folded[0]]
    return _pad_numbers(
        "".join(
            own if own == syllable else f"{syllable}{own} "
            for own, syllable in zip(folded, read, strict=True)
        )
    ).strip()


def initials_of(key: str) -> tuple[str, str]:
    """Return the initials of a name and its syllables without tones, from what it sorts by: dj and dianji."""
    syllables = re.findall(r"([a-z]+)[1-5]\S", key)
    return "".join(each[0] for each in syllables), "".join(syllables)


def _pad_numbers(text: str) -> str:
    # A digit directly behind a letter is a tone, or part of a code: both stay as they are.
    return re.sub(r"(?<![a-z0-9])\d+", lambda found: found[0].zfill(DIGITS), text)


class SortedByName:
    """A record whose `name` people read in lists; `name_sort` follows it."""

    name_sort: Mapped[str] = mapped_column(
        Text(collation="C"), default="", server_default="", index=True, sort_order=98
    )

    @validates("name")
    def _follow_name(self, _key: str, name: str) -> str:
        self.name_sort = pinyin_key(name)
        return name

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Give each table the indexes by which a name is found as it sounds."""
        super().__init_subclass__(**arguments)
        table: Any = cls.__table__  # type: ignore[attr-defined]  # mixed into records alone
        for sound in (func.name_initials, func.name_syllables):
            expression = sound(table.c.name_sort)
            Index(f"ix_{table.name}_{expression.name}", expression)

    @classmethod
    def sort_column(cls) -> ColumnElement[str]:
        """Return by what lists of these records are sorted."""
        column: ColumnElement[str] = cls.name_sort  # type: ignore[assignment]  # on a class it is one
        return column


def keys_sounding_like(model: type[Record], typed: str) -> CompoundSelect[Any] | None:
    """Return the query for whose initials or pinyin begin as typed: zs, zhangs, zhang san for 张三.

    None where nothing was typed that could be pinyin, or these records have no names to sort by. The keys are
    found by themselves, each way by its index: within a search for parts of words, each row's sound would be
    worked out. Bounds instead of LIKE, so that it is served however the statement is prepared.
    """
    letters = letters_of(typed)
    if letters is None or not issubclass(model, SortedByName):
        return None
    return union_all(
        *(
            select(model.id)
            .where(sound >= letters, sound < letters + AFTER_Z)
            .correlate(None)
            .limit(SOUNDING_MOST)
            for sound in (func.name_initials(model.name_sort), func.name_syllables(model.name_sort))
        )
    )


def letters_of(typed: str) -> str | None:
    """Return what was typed as pinyin without blanks, None where it can't be any."""
    letters = "".join(typed.split()).casefold().replace("ü", "v")
    return letters if re.fullmatch(f"[a-z]{{{LETTERS_LEAST},{CHARACTERS_MOST}}}", letters) else None
