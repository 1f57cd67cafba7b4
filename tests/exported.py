"""An export that is ready to be fetched, for tests."""

from __future__ import annotations

from datetime import timedelta

from models import ExportChunk, ExportRun, Staff
from models.base import now
from models.exporting import ExportFormat, ExportState


def ready(staff: Staff) -> ExportRun:
    """Return an export of customers that is ready."""
    return ExportRun(
        staff_id=staff.id,
        table_name="customer",
        format=ExportFormat.XLSX,
        is_whole=False,
        state=ExportState.DONE,
        rows_expected=5_200,
        rows_written=5_231,
        size=4,
        expires_at=now() + timedelta(days=7),
    )


def piece_of(run: ExportRun) -> ExportChunk:
    """Return the one piece of its file."""
    return ExportChunk(run_id=run.id, position=0, content=b"PK\x03\x04")
