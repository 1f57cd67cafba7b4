"""Exports that are made in the background: who asked for what, how far it is, and the file for a week."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.actor import Actor
from models.base import Base, Labelled, db, enum_type, now

KEPT_FOR = timedelta(days=7)


class ExportFormat(Labelled):
    """What kind of file an export is; GB18030 is what older Chinese programs expect."""

    XLSX = "xlsx", _("Excel (.xlsx)")
    CSV = "csv", _("CSV, UTF-8")
    CSV_GB18030 = "csv-gb18030", _("CSV, GB18030")

    @property
    def suffix(self) -> str:
        """Return what the name of such a file ends with."""
        return "xlsx" if self is ExportFormat.XLSX else "csv"

    @property
    def media_type(self) -> str:
        """Return what a browser is told of such a file."""
        if self is ExportFormat.XLSX:
            return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return f"text/csv; charset={'utf-8' if self is ExportFormat.CSV else 'gb18030'}"


class ExportState(Labelled):
    """How far an export has come."""

    RUNNING = "running", _("Being made")
    DONE = "done", _("File ready")
    FAILED = "failed", _("Not made")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("No longer kept")


class ExportProblem(Labelled):
    """Why an export was not made, as a sentence."""

    BROKEN_OFF = (
        "broken_off",
        _("Making this file was broken off several times. Try a smaller part of the list."),
    )
    NOT_ALLOWED = "not_allowed", _("You may not export these records any more.")


class ExportRun(Base):
    """One export of one list, asked for by one person, who alone gets the file."""

    __tablename__ = "export_run"
    __table_args__ = (
        Index("ix_export_run_staff_id", "staff_id", "id"),
        Index("ix_export_run_running", "id", postgresql_where=text("state = 'running'")),
        Index("ix_export_run_expires_at", "expires_at", postgresql_where=text("state <> 'expired'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    table_name: Mapped[str] = mapped_column(String(63))
    format: Mapped[ExportFormat] = mapped_column(enum_type(ExportFormat))
    # All columns of a record, not those of the list alone.
    is_whole: Mapped[bool]
    # Search, filters and order as the list's address names them: pairs; emptied when it expires.
    args: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    state: Mapped[ExportState] = mapped_column(enum_type(ExportState), default=ExportState.RUNNING)
    problem: Mapped[ExportProblem | None] = mapped_column(enum_type(ExportProblem))
    # How often a worker has begun it.
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    rows_expected: Mapped[int]
    # None until the file is whole.
    rows_written: Mapped[int | None]
    # In bytes.
    size: Mapped[int | None] = mapped_column(BigInteger)
    # What the person saw when the rows were read; see `scope_of`.
    scope: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]


class ExportChunk(Base):
    """A piece of a file that was exported: no statement has to hold all of it."""

    __tablename__ = "export_chunk"

    run_id: Mapped[int] = mapped_column(ForeignKey("export_run.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


def scope_of(actor: Actor) -> dict[str, Any]:
    """Return what decides which rows and values an actor sees, as plain JSON."""
    return {
        "roles": sorted(actor.roles),
        "region_ids": None if actor.region_ids is None else sorted(actor.region_ids),
        "department_id": actor.department_id,
        "staff_ids": sorted(actor.staff_ids),
    }


def still_covers(actor: Actor, scope: dict[str, Any] | None) -> bool:
    """Tell whether an actor sees at least what was seen under `scope`; who has lost something does not."""
    if scope is None or not actor.roles.issuperset(scope["roles"]):
        return False
    if actor.region_ids is None:
        return True
    return (
        scope["region_ids"] is not None
        and actor.region_ids.issuperset(scope["region_ids"])
        and scope["department_id"] in (None, actor.department_id)
        and actor.staff_ids.issuperset(scope["staff_ids"])
    )


def is_wanted(run_id: int, attempts: int) -> bool:
    """Tell whether this try at an export is still the one that counts; asked beside the open transaction."""
    statement = select(ExportRun.id).where(
        ExportRun.id == run_id, ExportRun.state == ExportState.RUNNING, ExportRun.attempts == attempts
    )
    with Session(db.engine) as beside:
        return beside.scalar(statement) is not None


def expire_exports(at: datetime, most: int) -> int:
    """Remove what was searched for, and the file, of at most so many exports whose week is over; flushes.

    Returns how many there were.
    """
    ids = db.session.scalars(
        select(ExportRun.id)
        .where(ExportRun.state != ExportState.EXPIRED, ExportRun.expires_at < at)
        .order_by(ExportRun.expires_at)
        .limit(most)
    ).all()
    if ids:
        db.session.execute(delete(ExportChunk).where(ExportChunk.run_id.in_(ids)))
        db.session.execute(
            update(ExportRun).where(ExportRun.id.in_(ids)).values(state=ExportState.EXPIRED, args=[])
        )
    return len(ids)
