"""The papers of a complaint: every file that hangs on it or on what belongs to it, numbered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select, tuple_

from models import Attachment, Note, Record, Staff, db
from models.need_to_know import readable_text
from models.sql import labels_for
from views.clock import show_instant
from views.lookups import view_of
from views.notes import size_text

# More notes than any complaint has; each may have several files.
NOTES_MOST = 1000
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class NotedEntry:
    """A note on one of the records, with its files; `body` is "" where the files say it all."""

    owner: Record
    owner_label: str
    who: str
    at: datetime
    body: str
    files: list[Attachment]


@dataclass(frozen=True, slots=True)
class Paper:
    """A file, numbered through all records; its addresses are those of the record on which it hangs."""

    number: int
    file: Attachment
    owner: Record
    owner_label: str
    about: str

    @property
    def name(self) -> str:
        """Return what the file is called."""
        return self.file.file_name

    @property
    def is_agreement(self) -> bool:
        """Tell whether it is what the customer signed."""
        return self.file.agreement_of_id is not None

    @property
    def is_picture(self) -> bool:
        """Tell whether it can be shown as a picture."""
        return self.file.has_preview

    @property
    def is_pdf(self) -> bool:
        """Tell whether its pages can be taken over."""
        return self.file.media_type == PDF

    @property
    def size(self) -> str:
        """Return its size as people read it."""
        return size_text(self.file.size)

    def belongs_to(self, row: Record) -> bool:
        """Tell whether it hangs on this record."""
        return self.owner is row

    def address(self, smaller: str | None = None) -> str:
        """Return where the file is sent from, or with `smaller` one of the pictures that the panel made."""
        view = view_of(type(self.owner))
        assert view is not None
        # `as` is no name in Python; Flask leaves out what is None.
        where: dict[str, Any] = {"id": self.owner.id, "file": self.file.id, "as": smaller}
        return url_for(f"{view.endpoint}.attachment_view", **where)


def noted_on(rows: list[Record]) -> list[NotedEntry]:
    """Return the notes on these records, oldest first; three queries, whoever calls has shown the records."""
    owners = {(row.__tablename__, row.id): row for row in rows}
    place = tuple_(Note.table_name, Note.row_id)
    found = select(Note).where(place.in_(list(owners)), Note.deleted_at.is_(None))
    notes = list(db.session.scalars(found.order_by(Note.id).limit(NOTES_MOST)))
    files: dict[int, list[Attachment]] = {note.id: [] for note in notes}
    hanging = select(Attachment).where(Attachment.note_id.in_(files), Attachment.deleted_at.is_(None))
    for file in db.session.scalars(hanging.order_by(Attachment.id)) if files else ():
        files[file.note_id].append(file)
    names = labels_for(Staff, {note.created_by_id for note in notes if note.created_by_id is not None})
    return [
        NotedEntry(
            owner=(owner := owners[note.table_name, note.row_id]),
            owner_label=_label(owner),
            who=names[note.created_by_id].text if note.created_by_id in names else str(_("The panel")),
            at=note.created_at,
            body=readable_text(note.body or ""),
            files=files[note.id],
        )
        for note in notes
    ]


def _label(owner: Record) -> str:
    view = view_of(type(owner))
    number = getattr(owner, "number", "")
    return f"{view.singular} {number}" if view is not None else number


def papers_of(noted: Iterable[NotedEntry]) -> list[Paper]:
    """Return every file of the notes, numbered: what the customer signed first, then as they came."""
    found = [(entry, file) for entry in noted for file in entry.files]
    found.sort(key=lambda each: each[1].agreement_of_id is None)
    return [
        Paper(
            number=number,
            file=file,
            owner=entry.owner,
            owner_label=entry.owner_label,
            about=f"{entry.who} · {show_instant(entry.at)}",
        )
        for number, (entry, file) in enumerate(found, start=1)
    ]
