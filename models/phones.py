"""Phone numbers: kept as they were entered, and beside that as digits by which they are found."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, validates

HOME = "CN"
HOME_CODE = 86
NUMBERS_MOST = 20
DIGITS_LEAST, DIGITS_MOST = 4, 20
# A mobile number; a landline has at most one digit more, and begins with a single 0.
LONGEST_AT_HOME = 12
# A mobile number, or a landline with the code of its place.
_WHOLE = re.compile(r"1[3-9]\d{9}|0\d{9,11}")
# What complaint sites hide by stars still ends in the digits that people know.
_LEFT_OVER = re.compile(r"[\d*＊xX]{5,20}")


def phone_numbers_in(entered: str | None) -> list[str]:
    """Return the numbers in a text, each once: digits as one dials them at home, others from "+" on.

    139 0000 0731 and +86 139-0000-0731 are both "13900000731", (0516) 8312 3456 is "051683123456". What no
    plan of numbers knows, such as a masked or an old one, stays as the digits that were typed.
    """
    # 150 ms and some megabytes: only a process that writes phones needs it.
    from phonenumbers import Leniency, PhoneNumberMatcher

    text = unicodedata.normalize("NFKC", entered or "")
    found: list[str] = []
    rest = text
    for match in PhoneNumberMatcher(text, HOME, leniency=Leniency.POSSIBLE):
        found.append(_as_dialled(match.number))
        rest = rest.replace(match.raw_string, " ", 1)
    found += [each for each in _LEFT_OVER.findall(rest) if sum(c.isdigit() for c in each) >= DIGITS_LEAST]
    return list(dict.fromkeys(found))[:NUMBERS_MOST]


def _as_dialled(number: object) -> str:
    from phonenumbers import PhoneNumberFormat, format_number

    is_home = getattr(number, "country_code", None) == HOME_CODE
    kind = PhoneNumberFormat.NATIONAL if is_home else PhoneNumberFormat.E164
    written: str = format_number(number, kind)  # type: ignore[arg-type]  # it is a PhoneNumber
    return re.sub(r"[^\d+]", "", written.partition(" ext")[0])


def digits_of(typed: str) -> str | None:
    """Return the digits of what somebody searches for, without the code of the country.

    None where it is no part of a phone number.
    """
    text = unicodedata.normalize("NFKC", typed)
    if not re.fullmatch(r"\+?[\d\-()./ ]+", text):
        return None
    digits = re.sub(r"\D", "", text)
    if text.startswith("+"):
        digits = digits.removeprefix(str(HOME_CODE))
    elif len(digits) > LONGEST_AT_HOME:
        digits = digits.removeprefix("00").removeprefix(str(HOME_CODE))
    return digits[:DIGITS_MOST] or None


def whole_number(typed: str) -> str | None:
    """Return the digits of a phone number that is typed whole, by blanks or not; None for anything else."""
    digits = digits_of(typed)
    return digits if digits and _WHOLE.fullmatch(digits) else None


class HasPhone:
    """A record with a `phone` cell, in which several numbers may stand; `phone_numbers` follows it."""

    phone_numbers: Mapped[list[str]] = mapped_column(
        ARRAY(String(40)), default=list, server_default="{}", sort_order=99
    )

    @validates("phone")
    def _follow_phone(self, _key: str, phone: str | None) -> str | None:
        self.phone_numbers = phone_numbers_in(phone)
        return phone


def phone_index(table: str) -> Index:
    """Return the index by which a whole number is found."""
    return Index(f"ix_{table}_phone_numbers", "phone_numbers", postgresql_using="gin")
