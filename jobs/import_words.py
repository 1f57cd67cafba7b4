"""Words that mean a stored value in either language of the panel: what people type in our own templates."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from flask_babel import force_locale

from models.base import Labelled
from models.organisation import Locale

# Blanks that Excel and web pages leave around a text, the full-width one and a byte order mark among them.
BLANKS = " \t\r\n\v\f\u00a0\u3000\u200b\ufeff"
_YES = ("是", "有", "对", "yes", "y", "true", "1", "√")
_NO = ("否", "无", "没有", "no", "n", "false", "0", "×")


def fold(text: str) -> str:
    """Return `text` with full-width digits and letters made plain; sentences would lose their marks by it."""
    return unicodedata.normalize("NFKC", text).strip(BLANKS)


def yes_no_words() -> Mapping[str, str]:
    """Return the words for yes and no."""
    return dict.fromkeys(_YES, "true") | dict.fromkeys(_NO, "false")


def label_words(values: type[Labelled]) -> Mapping[str, str]:
    """Return the values of an enumeration by their labels in each language, and by themselves."""
    words: dict[str, str] = {value.value: value.value for value in values}
    for locale in Locale:
        with force_locale(locale.value):
            words |= {fold(str(value.label)): value.value for value in values}
    return words
