"""Notes and files on a record of any type: they are seen by whoever sees that record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.base import Base, not_blank, now


class HangsOnRecord(Base):
    """What hangs on the record `row_id` of the table `table_name`, and is only ever marked as deleted."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, sort_order=-90)
    table_name: Mapped[str] = mapped_column(String(63))
    row_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]

    @declared_attr
    def created_by_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy passes the class
        """Who wrote it; None where a job or a command did."""
        return mapped_column(ForeignKey("staff.id"), index=True)


class Note(HangsOnRecord):
    """What somebody noted."""

    __tablename__ = "note"
    __table_args__ = (not_blank("body"), Index("ix_note_row", "table_name", "row_id", "id"))

    body: Mapped[str]


class Attachment(HangsOnRecord):
    """A file that somebody attached; its bytes stand apart, so that lists and the audit never read them."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        not_blank("file_name"),
        Index("ix_attachment_row", "table_name", "row_id", "id"),
    )

    # None for files that came without words.
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(180))
    media_type: Mapped[str] = mapped_column(String(100))
    # In bytes.
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    has_preview: Mapped[bool] = mapped_column(default=False)


class AttachmentContent(Base):
    """The bytes of a file, and for an image two smaller ones that the panel made of it."""

    __tablename__ = "attachment_content"

    attachment_id: Mapped[int] = mapped_column(
        ForeignKey("attachment.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)
    thumbnail: Mapped[bytes | None] = mapped_column(LargeBinary)
    preview: Mapped[bytes | None] = mapped_column(LargeBinary)
