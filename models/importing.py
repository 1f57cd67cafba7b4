"""What was imported: each run, and for each record where it came from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Labelled, enum_type, now


class ImportState(Labelled):
    """How far an import has come; a command's is done or leaves nothing."""

    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked, waits for you")
    RUNNING = "running", _("Being imported")
    DONE = "done", _("Imported")
    REFUSED = "refused", _("Refused")
    DISCARDED = "discarded", _("Discarded")


# States in which a worker has something to do.
AT_WORK = (ImportState.CHECKING, ImportState.RUNNING)


class ImportRun(Base):
    """One import of one file, with what became of its rows."""

    __tablename__ = "import_run"
    __table_args__ = (
        Index("ix_import_run_at_work", "id", postgresql_where=text("state IN ('checking', 'running')")),
        Index("ix_import_run_checked", "id", postgresql_where=text("state = 'checked'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    # Empty while a check has still to recognise it.
    mapping: Mapped[str] = mapped_column(String(60))
    file_name: Mapped[str] = mapped_column(String(255))
    file_sha256: Mapped[str] = mapped_column(String(64), index=True)
    started_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    # None where a command did it.
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    # Up to which day of registration complaints came in as history, of which nothing becomes due; None: none.
    history_until: Mapped[date | None]
    rows_new: Mapped[int] = mapped_column(default=0)
    rows_changed: Mapped[int] = mapped_column(default=0)
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    rows_rejected: Mapped[int] = mapped_column(default=0)
    state: Mapped[ImportState] = mapped_column(
        enum_type(ImportState), default=ImportState.DONE, server_default=ImportState.DONE.value
    )
    # How often a worker has begun the present step.
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    # Why the file as a whole was refused, as a sentence in the language of who uploaded it.
    problem: Mapped[str | None]
    # What the check found: counts, remarks, the first rejected rows.
    preview: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # The uploaded file, kept until the import is done or discarded.
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # The rejected rows as a file; None where none was, or where a command wrote them beside its file.
    rejected: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class ImportOrigin(Base):
    """Where a record came from: the row's key at its source, and its values as last imported.

    A later file changes only what changed at the source, so that what staff wrote since then stays.
    """

    __tablename__ = "import_origin"
    __table_args__ = (
        UniqueConstraint("source", "table_name", "external_key"),
        Index("ix_import_origin_row", "table_name", "row_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    source: Mapped[str] = mapped_column(String(60))
    table_name: Mapped[str] = mapped_column(String(63))
    external_key: Mapped[str] = mapped_column(String(200))
    row_id: Mapped[int] = mapped_column(BigInteger)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)

    @property
    def is_erased(self) -> bool:
        """Tell whether the person behind the record was erased."""
        return "erased" in self.values
