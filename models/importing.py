"""What was imported: each run, and for each record where it came from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now


class ImportRun(Base):
    """One import of one file, with what became of its rows."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    mapping: Mapped[str] = mapped_column(String(60))
    file_name: Mapped[str] = mapped_column(String(255))
    file_sha256: Mapped[str] = mapped_column(String(64), index=True)
    started_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    # None where a command did it.
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    rows_new: Mapped[int] = mapped_column(default=0)
    rows_changed: Mapped[int] = mapped_column(default=0)
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    rows_rejected: Mapped[int] = mapped_column(default=0)


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
