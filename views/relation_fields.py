"""Form fields that refer to other records: an id is taken only where the reader sees what it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import ValidationError
from wtforms.form import BaseForm

from models import Record, db
from models.sql import Label, labels_for
from views.fields import ManyField, RecordField, coerce_id
from views.lookups import view_of

if TYPE_CHECKING:
    from views.base import RecordView

IDS_MOST = 500


def can_see(target: type[Record], key: int) -> bool:
    """Tell whether who acts now sees the record: by the row limits of the ORM."""
    return db.session.scalar(select(target.id).where(target.id == key)) is not None


class RelationField(RecordField):
    """A foreign key: holds the other record's id and shows its label.

    An unchanged id is kept, also where the reader can't see that record; a changed one must be visible.
    """

    drawn_as = "relation"

    def __init__(self, *args: Any, target: type[Record], takes_first: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target
        # Whether Enter takes the first that is found: of a short list it is nearly always the one meant.
        self.takes_first = takes_first
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
    def entry(self) -> RecordView | None:
        """Return the screen on which the reader may enter a record to choose; None where there is none."""
        view = view_of(self.target)
        return view if view is not None and view.is_allowed("create") else None

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

    def key_of(self, value: list[Record] | None) -> str:
        """Return the ids of the records."""
        return ",".join(str(key) for key in sorted(row.id for row in value or ()))

    def words_of(self, key: str | None) -> str:
        """Return the labels of the records with these ids."""
        ids = [found for raw in (key or "").split(",")[:IDS_MOST] if (found := coerce_id(raw)) is not None]
        return str(_(", ")).join(label.text for label in labels_for(self.target, ids).values())

    @property
    def ticked(self) -> set[str]:
        """Return the ids of the records that are ticked."""
        return {str(row.id) for row in self.data or ()}

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return id and label of each record."""
        options: list[tuple[str, str]] = self.list_options()
        return options
