"""Form fields: each reads what people really type, keeps what was not sent, and knows how it is drawn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, TypeVar

from flask_babel import gettext as _
from wtforms import Field, ValidationError
from wtforms.form import BaseForm
from wtforms.validators import StopValidation
from wtforms.widgets import TextInput

from models.base import Labelled
from models.phone_doubts import has_digit, phone_doubts

LabelledType = TypeVar("LabelledType", bound=Labelled)
# What stands for a credential that is kept.
SEALED = "••••••"
LARGEST_INTEGER = 2**31 - 1
LARGEST_ID = 2**63 - 1
_FULL_WIDTH = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}


def clean_text(raw: str) -> str:
    """Return `raw` without control characters (line ends and tabs excepted) and outer blanks."""
    kept = (
        c for c in raw.replace("\r\n", "\n") if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")
    )
    return "".join(kept).strip()


def clean_line(raw: str) -> str:
    """Return `raw` as one line, with full-width digits and Latin letters made plain, as people paste them."""
    return " ".join(clean_text(raw).translate(_FULL_WIDTH).split())


def coerce_id(raw: object) -> int | None:
    """Return `raw` as a key of a row; None where it can't be one."""
    text = str(raw).strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    return int(text) if 0 < int(text) <= LARGEST_ID else None


def member_of(values: type[LabelledType], raw: str) -> LabelledType | None:
    """Return the member of a closed list that is stored as `raw`; None where there is none."""
    return next((member for member in values if member.value == raw), None)


def required(form: BaseForm, field: Field) -> None:  # noqa: ARG001 - WTForms passes both
    """Refuse an empty field; blanks alone are empty too."""
    if field.data is None or field.data in ("", []):
        raise StopValidation(_("Fill this in."))


class RecordField(Field):
    """One column of a record in a form; `drawn_as` names the macro that draws it.

    `masked_text` is what its reader sees of a value that is masked, and so can't be changed; None where the
    field is open. `token` keeps a value shown that was masked before.
    """

    widget = TextInput()
    drawn_as = "line"
    # What stands against it is a warning, which who acts now may pass with a tick.
    can_insist = False
    masked_text: str | None = None
    token: str | None = None

    def mask(self, text: str) -> None:
        """Close the field: it shows `text`, and keeps the record's value whatever was sent."""
        self.masked_text = text
        self.data, self.raw_data, self.process_errors = self.object_data, None, []

    def validate(self, form: BaseForm, extra_validators: Any = ()) -> bool:
        """Check what was given; what can't be changed here can't be mended here either."""
        return self.masked_text is not None or bool(super().validate(form, extra_validators))

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take the value sent; a field that was not sent keeps the record's."""
        if valuelist:
            self.data = self.parse(str(valuelist[-1]))

    def parse(self, raw: str) -> Any:
        """Return the value that `raw` stands for, None for nothing; raise ValueError with a sentence."""
        raise NotImplementedError

    @property
    def is_required(self) -> bool:
        """Tell whether the field must be filled."""
        return required in self.validators

    @property
    def text(self) -> str:
        """Return what stands in the input: what was typed, where it can't be read, else the value."""
        if self.masked_text is not None:
            return self.masked_text
        if self.raw_data and self.process_errors:
            return clean_line(str(self.raw_data[-1]))
        return "" if self.data is None else self.as_text(self.data)

    def as_text(self, value: Any) -> str:
        """Return a value as the input shows it."""
        return str(value)

    def key_of(self, value: Any) -> str | None:  # noqa: ARG002 - for subclasses
        """Return what tells two values apart where the history has no column of them; None where it has."""
        return None

    def words_of(self, key: str | None) -> str | None:  # noqa: ARG002 - for subclasses
        """Return the value that `key_of` gave this key, as people read it; None where that is not known."""
        return None


class LineField(RecordField):
    """One line of text; nothing but blanks counts as nothing."""

    def __init__(self, *args: Any, max_length: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_length = max_length

    def parse(self, raw: str) -> str | None:
        """Return the line without what doesn't belong in it."""
        return clean_line(raw) or None

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - WTForms passes it
        """Refuse more characters than the column holds."""
        if self.max_length and self.data and len(self.data) > self.max_length:
            raise ValidationError(
                _("At most %(most)d characters; these are %(now)d.", most=self.max_length, now=len(self.data))
            )


class EmailField(LineField):
    """An e-mail address, in small letters."""

    drawn_as = "email"

    def parse(self, raw: str) -> str | None:
        """Return the address in small letters, with the full-width signs of an input method made plain."""
        return clean_line(unicodedata.normalize("NFKC", raw)).lower() or None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what can't be an address."""
        super().pre_validate(form)
        if self.data and not re.fullmatch(r'[^@\s<>",;:]+@[^@\s<>",;:]+', self.data):
            raise ValidationError(_("This is no e-mail address."))


class PhoneField(LineField):
    """A cell of phones: kept as entered, once it holds any digit."""

    drawn_as = "phone"

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what no number can stand in."""
        super().pre_validate(form)
        if self.data and not has_digit(self.data):
            raise ValidationError(_("A phone number has digits. Names and remarks have fields of their own."))

    @property
    def doubt(self) -> str:
        """Return what seems wrong with the numbers, in one sentence; empty where nothing does."""
        return phone_doubt(self.data) if self.data and not self.errors else ""


def phone_doubt(typed: str) -> str:
    """Return what seems wrong with the numbers of a phone cell, in one sentence; empty where nothing does."""
    doubts = phone_doubts(typed)
    if not doubts:
        return ""
    numbers = _(", ").join(f"“{each}”" for each in doubts)
    sentence = _(
        "Is %(numbers)s right? A digit seems to be missing, or there are too many. It can be saved as it is.",
        numbers=numbers,
    )
    return str(sentence)


class TextField(LineField):
    """Text of several lines."""

    drawn_as = "text"

    def parse(self, raw: str) -> str | None:
        """Return the text with its line ends."""
        return clean_text(raw) or None


class SealedField(LineField):
    """A credential: shown by nothing and to nobody; what is typed takes the place of the one that is kept."""

    drawn_as = "sealed"

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take a new one; an empty field keeps the one there is."""
        typed = self.parse(str(valuelist[-1])) if valuelist else None
        self.data = self.object_data if typed is None else typed

    @property
    def is_kept(self) -> bool:
        """Tell whether the field holds the one that the record has."""
        return self.data is not None and self.data == self.object_data

    @property
    def text(self) -> str:
        """Return what was just typed, so that it can be mended; never what is kept."""
        return "" if self.data is None or self.is_kept else str(self.data)

    def as_text(self, value: Any) -> str:
        """Return the same signs for every credential."""
        return SEALED if value else ""


class NumberField(RecordField):
    """A whole number."""

    drawn_as = "number"

    def parse(self, raw: str) -> int | None:
        """Read a whole number, also with full-width digits or commas between thousands."""
        text = clean_line(raw).replace(",", "").replace("，", "")
        if not text:
            return None
        if not re.fullmatch(r"-?[0-9]{1,40}", text):
            raise ValueError(_("Give a whole number."))
        if abs(int(text)) > LARGEST_INTEGER:
            raise ValueError(_("This number is too large."))
        return int(text)


class ChoiceField(RecordField):
    """One of a closed list of values, or nothing where the column allows that."""

    drawn_as = "choice"

    def __init__(self, *args: Any, values: type[Labelled], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.values = values

    def parse(self, raw: str) -> Labelled | None:
        """Return the member with this stored value."""
        if not raw:
            return None
        member = member_of(self.values, raw)
        if member is None:
            raise ValueError(_("Choose from the list."))
        return member

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return stored value and label of each choice."""
        return [(member.value, str(member.label)) for member in self.values]


class CheckField(RecordField):
    """Yes or no."""

    drawn_as = "check"

    def parse(self, raw: str) -> bool:
        """Read a tick; a companion field sends "" when there is none."""
        return raw == "1"


class AnswerField(RecordField):
    """Yes, no, or not asked yet (None)."""

    drawn_as = "choice"

    def parse(self, raw: str) -> bool | None:
        """Read an answer."""
        return {"1": True, "0": False}.get(raw)

    def as_text(self, value: bool) -> str:
        """Return the answer as its option's value."""
        return "1" if value else "0"

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return the two answers; nothing stands for not asked."""
        return [("1", _("Yes")), ("0", _("No"))]


class ManyField(RecordField):
    """Several of a closed list, as check boxes; a companion field sends "" when none is ticked."""

    drawn_as = "many"

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take the ticked values; a field that was not sent keeps the record's."""
        if valuelist:
            self.data = self.parse_all([value for value in valuelist if value])

    def parse_all(self, raw: list[str]) -> list[Any]:
        """Return the values that `raw` stands for; raise ValueError with a sentence."""
        raise NotImplementedError

    @property
    def ticked(self) -> set[str]:
        """Return the keys of the options that are ticked."""
        return {str(value) for value in self.data or ()}


class ManyChoicesField(ManyField):
    """Several values of a closed list, stored as a list of texts."""

    def __init__(self, *args: Any, values: Sequence[Labelled], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.values = values

    def parse_all(self, raw: list[str]) -> list[str]:
        """Keep the order of the list; refuse what is not in it."""
        allowed = [member.value for member in self.values]
        if set(raw) - set(allowed):
            raise ValueError(_("Choose from the list."))
        return [value for value in allowed if value in raw]

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return stored value and label of each choice."""
        return [(member.value, str(member.label)) for member in self.values]
