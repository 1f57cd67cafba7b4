"""Several short texts of a record, one a line, each kept in a row of its own."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from wtforms import ValidationError
from wtforms.form import BaseForm

from views.fields import RecordField, clean_line, clean_text

LINES_MOST = 200


class LinesField(RecordField):
    """The `name`s of the rows of a small table that belong to the record; a name that stays keeps its row."""

    drawn_as = "text"

    def __init__(self, *args: Any, target: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target

    def process_data(self, value: Any) -> None:
        """Take the record's rows; a new record has none."""
        self.data = list(value or ())

    def parse(self, raw: str) -> list[Any]:
        """Return a row for each line, each once; blank lines count for nothing."""
        kept = {row.name: row for row in self.object_data or ()}
        names = dict.fromkeys(name for line in clean_text(raw).split("\n") if (name := clean_line(line)))
        return [kept.get(name) or self.target(name=name) for name in names]

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - WTForms passes it
        """Refuse too many lines, and one that is too long."""
        most = self.target.__table__.c.name.type.length
        if len(self.data) > LINES_MOST:
            raise ValidationError(_("At most %(most)d lines.", most=LINES_MOST))
        for row in self.data:
            if len(row.name) > most:
                raise ValidationError(
                    _("At most %(most)d characters; these are %(now)d.", most=most, now=len(row.name))
                )

    def as_text(self, value: list[Any]) -> str:
        """Return one line for each row."""
        return "\n".join(row.name for row in value)

    def key_of(self, value: list[Any] | None) -> str:
        """Return the lines, in an order of their own."""
        return "\n".join(sorted(row.name for row in value or ()))

    def words_of(self, key: str | None) -> str:
        """Return the lines as one text, as a cell shows them."""
        return str(_(", ")).join((key or "").split("\n"))
