"""Notes on rows that were taken in all the same: what a person should look at."""

from __future__ import annotations

from flask_babel import gettext as _

from jobs.import_mapping import ImportMapping
from jobs.import_reader import Row
from jobs.import_rejected import FIRST, Rejection
from jobs.import_values import Values
from models.labels import FIELD_LABELS
from models.phone_doubts import has_digit, phone_doubts


class RowNotes:
    """How many rows have a note, and the first of them."""

    def __init__(self, mapping: ImportMapping) -> None:
        """Find the fields that are looked at."""
        self._phones = [rule.name for rule in mapping.fields if rule.clean == "phone"]
        self.count = 0
        self.first: list[Rejection] = []

    def look_at(self, row: Row, values: Values) -> None:
        """Note what seems wrong with a row that is new or changed."""
        sentences = [sentence for name in self._phones if (sentence := _about_phone(name, values[name]))]
        if not sentences:
            return
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append(Rejection(row.line, " ".join(sentences), row.cells))


def _about_phone(name: str, value: str | None) -> str | None:
    doubts = phone_doubts(value)
    if value and not has_digit(value):
        doubts = [value]
    if not doubts:
        return None
    numbers = _(", ").join(f"“{each}”" for each in doubts)
    sentence = _(
        "%(field)s: %(numbers)s can't be dialled. Kept as it stands.",
        field=FIELD_LABELS[name],
        numbers=numbers,
    )
    return str(sentence)
