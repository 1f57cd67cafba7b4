"""Make an export that is too long for one answer: as the person who asked, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from time import monotonic
from typing import IO, Any

import structlog
from flask import current_app
from flask_babel import force_locale
from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult

from jobs.export_files import Value, write_export
from jobs.queues import job, note_progress
from models import Actor, ExportChunk, ExportRun, Staff, acting_as, db, system_actor
from models.base import now
from models.exporting import KEPT_FOR, ExportProblem, ExportState, is_wanted, scope_of
from models.sight import actor_for
from models.sql import begin_snapshot

# Under this name the application says how the rows of a list are read; see `TableOf`.
SOURCE = "export_table"
# Begun so often; then an export that ends the worker each time is given up.
MOST_ATTEMPTS = 3
CHUNK_BYTES = 1 << 20
SECONDS_BETWEEN_NOTES = 0.5
ROWS_BETWEEN_LOOKS = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ExportTable:
    """What a file holds, in the words of who acts now: columns are headings, each with its kind."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: Iterator[Sequence[Value]]


# Takes the table's name, the arguments of the list's address, and whether all columns are wanted; returns
# None where who acts now may not export that.
TableOf = Callable[[str, Sequence[Any], bool], ExportTable | None]


class _NotWantedError(Exception):
    """The export was cancelled meanwhile, or another worker has begun it anew."""


@job(timeout_seconds=3600, title=_("Make an export"))
def make_export(run_id: int) -> None:
    """Make the file of an export; safe to run again: a try that was broken off leaves nothing."""
    with acting_as(system_actor("job:export")):
        attempt = _claim(run_id)
        if attempt is None:
            return
        if attempt > MOST_ATTEMPTS:
            _end(run_id, attempt, ExportState.FAILED, problem=ExportProblem.BROKEN_OFF)
            db.session.commit()
            return
        run = db.session.get_one(ExportRun, run_id)
        db.session.expunge(run)
        staff = db.session.get_one(Staff, run.staff_id)
        actor = replace(actor_for(staff), source="job:export") if staff.active else None
        locale = staff.locale.value
    try:
        with force_locale(locale), TemporaryFile() as file:
            written = None if actor is None else _write(run, attempt, actor, file)
            with acting_as(system_actor("job:export")):
                db.session.rollback()
                if actor is None or written is None:
                    _end(run_id, attempt, ExportState.FAILED, problem=ExportProblem.NOT_ALLOWED)
                else:
                    _keep(run_id, attempt, file, rows_written=written, scope=scope_of(actor))
                db.session.commit()
    except _NotWantedError:
        db.session.rollback()
        log.info("export_not_wanted", run_id=run_id)
    else:
        log.info("export_made", run_id=run_id, rows=written)


def _claim(run_id: int) -> int | None:
    """Count one more try, and return its number; None where there is nothing to do. Commits."""
    attempt = db.session.scalar(
        update(ExportRun)
        .where(ExportRun.id == run_id, ExportRun.state == ExportState.RUNNING)
        .values(attempts=ExportRun.attempts + 1)
        .returning(ExportRun.attempts)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return attempt


def _write(run: ExportRun, attempt: int, actor: Actor, file: IO[bytes]) -> int | None:
    """Write the file as the person, over one moment; return its number of rows, None where not allowed."""
    table_of: TableOf = current_app.extensions[SOURCE]
    with acting_as(actor):
        begin_snapshot()
        table = table_of(run.table_name, run.args, run.is_whole)
        if table is None:
            return None
        rows = _watched(table.rows, run, attempt)
        return write_export(file, run.format, table.title, table.columns, rows)


def _watched(rows: Iterator[Sequence[Value]], run: ExportRun, attempt: int) -> Iterator[Sequence[Value]]:
    """Pass rows on, tell now and then how far it is, and end where nobody wants them any more."""
    due = 0.0
    for number, row in enumerate(rows):
        if number % ROWS_BETWEEN_LOOKS == 0 and monotonic() >= due:
            due = monotonic() + SECONDS_BETWEEN_NOTES
            if not is_wanted(run.id, attempt):
                raise _NotWantedError
            note_progress(round(min(0.99, number / max(1, run.rows_expected)), 3))
        yield row


def _keep(run_id: int, attempt: int, file: IO[bytes], **values: Any) -> None:
    """Put the file into the database piece by piece, and call the export done."""
    size = file.tell()
    file.seek(0)
    for position, content in enumerate(iter(lambda: file.read(CHUNK_BYTES), b"")):
        piece = ExportChunk(run_id=run_id, position=position, content=content)
        db.session.add(piece)
        db.session.flush()
        db.session.expunge(piece)
    _end(run_id, attempt, ExportState.DONE, size=size, **values)


def _end(run_id: int, attempt: int, state: ExportState, **values: Any) -> None:
    """Bring this try to its end; doesn't commit.

    Raises:
        _NotWantedError: where another try, or the person, was faster.
    """
    at = now()
    done = db.session.execute(
        update(ExportRun)
        .where(ExportRun.id == run_id, ExportRun.state == ExportState.RUNNING, ExportRun.attempts == attempt)
        .values(state=state, finished_at=at, expires_at=at + KEPT_FOR, **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, CursorResult)
    if done.rowcount != 1:
        raise _NotWantedError


def due_exports() -> list[int]:
    """Return the exports that wait for a worker, or whose worker was killed."""
    running = select(ExportRun.id).where(ExportRun.state == ExportState.RUNNING)
    return list(db.session.scalars(running.order_by(ExportRun.id)))
