"""Notes on a record of any type, with the files that belong to them: seen by whoever sees that record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.actor import Actor, current_actor
from models.attached_file import CheckedFile
from models.base import Base, Record, db, not_blank, now
from models.organisation import Role

# Who may take away what others wrote.
REMOVERS = frozenset({Role.SUPERVISOR.value, Role.ADMINISTRATOR.value})


class Note(Base):
    """What somebody noted on the record `row_id` of the table `table_name`; only ever marked as deleted."""

    __tablename__ = "note"
    __table_args__ = (not_blank("body"), Index("ix_note_row", "table_name", "row_id", "id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(63))
    row_id: Mapped[int] = mapped_column(BigInteger)
    # None where the files say it all.
    body: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    # None where a job or a command wrote it.
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    deleted_at: Mapped[datetime | None]


class Attachment(Base):
    """A file of a note; its bytes stand apart, so that lists and the audit never read them."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        not_blank("file_name"),
        Index(
            "ix_attachment_agreement_of_id",
            "agreement_of_id",
            postgresql_where=text("agreement_of_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(180))
    media_type: Mapped[str] = mapped_column(String(100))
    # In bytes.
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    has_preview: Mapped[bool] = mapped_column(default=False)
    # The agreed proposal that the customer signed with it; None for any other paper.
    agreement_of_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id", ondelete="SET NULL"))
    deleted_at: Mapped[datetime | None]


class AttachmentContent(Base):
    """The bytes of a file, and for an image two smaller ones that the panel made of it."""

    __tablename__ = "attachment_content"

    attachment_id: Mapped[int] = mapped_column(
        ForeignKey("attachment.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)
    # Both WebP.
    thumbnail: Mapped[bytes | None] = mapped_column(LargeBinary)
    preview: Mapped[bytes | None] = mapped_column(LargeBinary)


def notes_on(row: Record) -> list[Note]:
    """Return the notes on a record, newest first; whoever calls has made sure that the record may be seen."""
    found = select(Note).where(
        Note.table_name == row.__tablename__, Note.row_id == row.id, Note.deleted_at.is_(None)
    )
    return list(db.session.scalars(found.order_by(Note.id.desc())))


def note_on(row: Record, note_id: int) -> Note | None:
    """Return the note with this id where it stands on `row`, else None."""
    return next(
        iter(
            db.session.scalars(
                select(Note).where(
                    Note.id == note_id,
                    Note.table_name == row.__tablename__,
                    Note.row_id == row.id,
                    Note.deleted_at.is_(None),
                )
            )
        ),
        None,
    )


def files_of(notes: Iterable[Note]) -> dict[int, list[Attachment]]:
    """Return the files of each note, by the note's id; one query."""
    ids = [note.id for note in notes]
    found: dict[int, list[Attachment]] = {key: [] for key in ids}
    statement = select(Attachment).where(Attachment.note_id.in_(ids), Attachment.deleted_at.is_(None))
    for file in db.session.scalars(statement.order_by(Attachment.id)) if ids else ():
        found[file.note_id].append(file)
    return found


def file_on(row: Record, file_id: int) -> Attachment | None:
    """Return the file with this id where it hangs on `row`, else None."""
    file = db.session.scalar(
        select(Attachment).where(Attachment.id == file_id, Attachment.deleted_at.is_(None))
    )
    return file if file is not None and note_on(row, file.note_id) is not None else None


def add_note(
    row: Record, body: str | None, files: Iterable[CheckedFile] = (), *, agreement_of_id: int | None = None
) -> Note:
    """Write a note with its files on a record, as who acts now; flushes.

    `agreement_of_id` is the proposal that the customer agreed to with these files, None where they are none.
    """
    actor = current_actor()
    note = Note(
        table_name=row.__tablename__,
        row_id=row.id,
        body=body,
        created_by_id=actor.staff_id if actor else None,
    )
    db.session.add(note)
    db.session.flush()
    for file in files:
        attachment = Attachment(
            note_id=note.id,
            file_name=file.name,
            media_type=file.media_type,
            size=len(file.content),
            sha256=hashlib.sha256(file.content).hexdigest(),
            has_preview=file.preview is not None,
            agreement_of_id=agreement_of_id,
        )
        db.session.add(attachment)
        db.session.flush()
        db.session.add(
            AttachmentContent(
                attachment_id=attachment.id,
                content=file.content,
                thumbnail=file.thumbnail,
                preview=file.preview,
            )
        )
    db.session.flush()
    return note


def may_remove(note: Note, actor: Actor | None) -> bool:
    """Tell whether `actor` may remove a note and its files: who wrote it, or a supervisor."""
    if actor is None:
        return False
    is_own = actor.staff_id is not None and note.created_by_id == actor.staff_id
    return actor.is_system or is_own or bool(actor.roles & REMOVERS)
