"""Form fields: each reads what people really type, keeps what was not sent, and knows how it is drawn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import Field, ValidationError
from wtforms.form import BaseForm
from wtforms.validators import StopValidation
from wtforms.widgets import TextInput

from models import Record, db
from models.base import Labelled
from models.sql import Label, labels_for
from views.clock import site_zone

LabelledType = TypeVar("LabelledType", bound=Labelled)
LARGEST_INTEGER = 2**31 - 1
LARGEST_ID = 2**63 - 1
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200
_FULL_WIDTH = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


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


def can_see(target: type[Record], key: int) -> bool:
    """Tell whether who acts now sees the record: by the row limits of the ORM."""
    return db.session.scalar(select(target.id).where(target.id == key)) is not None


def member_of(values: type[LabelledType], raw: str) -> LabelledType | None:
    """Return the member of a closed list that is stored as `raw`; None where there is none."""
    return next((member for member in values if member.value == raw), None)


def parse_day(raw: str) -> date | None:
    """Return the date that a person typed, None for nothing; raise ValueError with a sentence."""
    text = clean_line(raw)
    if not text:
        return None
    parts = _DAY.fullmatch(text)
    try:
        found = date(*map(int, parts.groups())) if parts else None
    except ValueError:
        found = None
    if found is None or not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        raise ValueError(_("Give a date such as 2024-03-05."))
    return found


def required(form: BaseForm, field: Field) -> None:  # noqa: ARG001 - WTForms passes both
    """Refuse an empty field; blanks alone are empty too."""
    if field.data is None or field.data in ("", []):
        raise StopValidation(_("Fill this in."))


class RecordField(Field):
    """One column of a record in a form; `drawn_as` names the macro that draws it."""

    widget = TextInput()
    drawn_as = "line"

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
        if self.raw_data and self.process_errors:
            return clean_line(str(self.raw_data[-1]))
        return "" if self.data is None else self.as_text(self.data)

    def as_text(self, value: Any) -> str:
        """Return a value as the input shows it."""
        return str(value)


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


class TextField(LineField):
    """Text of several lines."""

    drawn_as = "text"

    def parse(self, raw: str) -> str | None:
        """Return the text with its line ends."""
        return clean_text(raw) or None


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


class DayField(RecordField):
    """A date, as 2024-03-05, 2024/3/5, 2024.3.5 or 2024年3月5日."""

    drawn_as = "day"

    def parse(self, raw: str) -> date | None:
        """Read a date."""
        return parse_day(raw)


class InstantField(RecordField):
    """A date with time of day in the site's time zone, kept as an instant in UTC."""

    drawn_as = "instant"

    def parse(self, raw: str) -> datetime | None:
        """Read date and time; an unchanged minute keeps the seconds that are stored."""
        text = clean_line(raw).replace("T", " ")
        if not text:
            return None
        stored = self.object_data
        if isinstance(stored, datetime) and self.as_text(stored) == text.replace(" ", "T"):
            return stored
        for pattern in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d"):
            try:
                local = datetime.strptime(text, pattern).replace(tzinfo=site_zone())
            except ValueError:
                continue
            if EARLIEST_YEAR <= local.year <= LATEST_YEAR:
                return local.astimezone(UTC)
        raise ValueError(_("Give a date and time such as 2024-03-05 14:30."))

    def as_text(self, value: datetime) -> str:
        """Return the instant as the browser's input wants it, in the site's time zone."""
        return value.astimezone(site_zone()).strftime("%Y-%m-%dT%H:%M")


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


class RelationField(RecordField):
    """A foreign key: holds the other record's id and shows its label.

    An unchanged id is kept, also where the reader can't see that record; a changed one must be visible.
    """

    drawn_as = "relation"

    def __init__(self, *args: Any, target: type[Record], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target
        self.label_of_data: Label | None = None

    def parse(self, raw: str) -> int | None:
        """Read an id."""
        if not raw.strip():
            return None
        key = coerce_id(raw)
        if key is None:
            raise ValueError(_("Choose from the list."))
        return key

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - WTForms passes it
        """Refuse a record that is gone, or that the reader may not see."""
        if self.data is None or self.data == self.object_data:
            return
        if not can_see(self.target, self.data):
            raise ValidationError(_("This record is not there any more, or you may not use it."))

    @property
    def chosen(self) -> str:
        """Return the label of the record chosen; only its id where the reader may not see what was chosen."""
        if self.data is None:
            return ""
        if self.label_of_data is None:
            self.label_of_data = labels_for(self.target, [self.data]).get(self.data) or Label(
                str(self.data), False
            )
        may_read = self.label_of_data.is_visible or self.data == self.object_data
        return self.label_of_data.text if may_read else str(self.data)


class SmallRelationField(RelationField):
    """A foreign key to a table so small that a plain list does."""

    drawn_as = "choice"

    def __init__(self, *args: Any, options: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.list_options = options

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return id and label of each record, the chosen one always among them."""
        options: list[tuple[str, str]] = self.list_options()
        if self.data is not None and str(self.data) not in dict(options):
            options = [(str(self.data), self.chosen), *options]
        return options


class ManyRelationsField(ManyField):
    """Several records of a small table."""

    def __init__(self, *args: Any, target: type[Record], options: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target
        self.list_options = options

    def parse_all(self, raw: list[str]) -> list[Record]:
        """Return the visible records with these ids; refuse any other."""
        keys = {coerce_id(value) for value in raw}
        kept = {row.id: row for row in self.object_data or ()}
        wanted = {key for key in keys if key is not None}
        fresh = db.session.scalars(select(self.target).where(self.target.id.in_(wanted - set(kept)))).all()
        found = {row.id: row for row in fresh} | {key: row for key, row in kept.items() if key in wanted}
        if None in keys or wanted - set(found):
            raise ValueError(_("Choose from the list."))
        return [found[key] for key in sorted(found)]

    @property
    def ticked(self) -> set[str]:
        """Return the ids of the records that are ticked."""
        return {str(row.id) for row in self.data or ()}

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return id and label of each record."""
        options: list[tuple[str, str]] = self.list_options()
        return options
