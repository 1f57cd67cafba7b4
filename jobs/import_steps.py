"""The steps of an import from the screen: a check that changes nothing; if somebody says so, the import."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from jobs.import_mapping import load_mapping, mapping_names, recognise_mapping
from jobs.import_reader import ImportRefusedError
from jobs.import_store import ImportBusyError
from jobs.import_table import open_table
from jobs.imports import Progress, run_import, summary
from jobs.invitation import invite_imported
from jobs.queues import job, note_progress
from models import Actor, ImportRun, Staff, acting_as, db, system_actor
from models.importing import AT_WORK, ImportState
from models.organisation import Locale
from models.permissions import allows

# Each step is begun so often; then a file whose reading ends the worker each time is given up.
MOST_ATTEMPTS = 3
# A file that nobody decided about is not kept for ever: it holds what customers told.
FORGOTTEN_AFTER = timedelta(days=7)
SECONDS_BETWEEN_NOTES = 0.5

log = structlog.get_logger()


def mappings_for(actor: Actor | None) -> list[str]:
    """Return the names of the mappings by which `actor` may import: those for records that it may create."""
    if not allows(actor, "import_run", "create"):
        return []
    return [
        name for name in mapping_names() if allows(actor, load_mapping(name).record.__tablename__, "create")
    ]


@job(timeout_seconds=1800, title=_l("Check an uploaded file"))
def check_import(run_id: int) -> None:
    """Find out what an uploaded file would change; safe to run again."""
    with _begun(run_id, ImportState.CHECKING) as run:
        if run is None:
            return
        content = io.BytesIO(run.content or b"")
        names = mappings_for(_owner(run))
        mapping = run.mapping or _recognised(content)
        _require(mapping, names)
        result = run_import(content, run.file_name, mapping, _progress(), run=run, is_trial=True)
        if result.rejected_file:
            result.rejected_file.close()
        _end(run_id, ImportState.CHECKING, ImportState.CHECKED, mapping=mapping, preview=summary(result))


@job(timeout_seconds=3600, title=_l("Import an uploaded file"))
def perform_import(run_id: int) -> None:
    """Import a file that was checked; all of it or, when killed, nothing. Safe to run again."""
    with _begun(run_id, ImportState.RUNNING) as run:
        if run is None:
            return
        # Until the end of the transaction no other worker can do the same.
        statement = select(ImportRun.id).where(ImportRun.id == run_id, ImportRun.state == ImportState.RUNNING)
        if db.session.scalar(statement.with_for_update(skip_locked=True)) is None:
            db.session.rollback()
            return
        _require(run.mapping, mappings_for(_owner(run)))
        content = io.BytesIO(run.content or b"")
        result = run_import(content, run.file_name, run.mapping, _progress(), run=run)
        if result.rejected_file:
            result.rejected_file.close()
        if load_mapping(run.mapping).record is Staff:
            invite_imported(run_id)
        log.info("import_done", run_id=run_id, new=result.new, rejected=result.rejected)


STEPS: dict[ImportState, Callable[[int], None]] = {
    ImportState.CHECKING: check_import,
    ImportState.RUNNING: perform_import,
}


@contextmanager
def _begun(run_id: int, state: ImportState) -> Iterator[ImportRun | None]:
    """Claim one more try of a step, as who uploaded the file; yields None where there is nothing to do.

    A file that is refused as a whole ends the step with the sentence; a busy source leaves it for later.
    """
    with acting_as(system_actor("job:import")):
        run = _claim(run_id, state)
        staff = db.session.get(Staff, run.staff_id) if run is not None and run.staff_id else None
        staff_id, locale = (staff.id, staff.locale) if staff else (None, Locale.CHINESE)
    with acting_as(system_actor("import", staff_id)), force_locale(locale.value):
        if run is not None and run.attempts > MOST_ATTEMPTS:
            problem = _(
                "Reading this file was broken off %(count)s times. Nothing of it was imported.",
                count=MOST_ATTEMPTS,
            )
            _end(run_id, state, ImportState.REFUSED, problem=problem, preview=None)
            run = None
        try:
            yield run
        except ImportBusyError:
            db.session.rollback()
            _set(run_id, state, attempts=ImportRun.attempts - 1)
        except ImportRefusedError as reason:
            db.session.rollback()
            _end(run_id, state, ImportState.REFUSED, problem=str(reason), preview=None)


def _claim(run_id: int, state: ImportState) -> ImportRun | None:
    _set(run_id, state, attempts=ImportRun.attempts + 1)
    return db.session.scalars(
        select(ImportRun)
        .where(ImportRun.id == run_id, ImportRun.state == state)
        .options(undefer(ImportRun.content))
        .execution_options(populate_existing=True)
    ).one_or_none()


def _set(run_id: int, expected: ImportState, **values: Any) -> None:
    """Change a run that is still in the expected state; commits."""
    db.session.execute(
        update(ImportRun)
        .where(ImportRun.id == run_id, ImportRun.state == expected)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _end(run_id: int, state: ImportState, new_state: ImportState, **values: Any) -> None:
    # The next step has its own tries.
    _set(run_id, state, state=new_state, attempts=0, **values)


def _owner(run: ImportRun) -> Actor | None:
    """Return who uploaded the file with the rights of this moment; None where that person may not log in."""
    staff = db.session.get(Staff, run.staff_id) if run.staff_id else None
    if staff is None or not staff.active:
        return None
    return Actor(staff.id, "import", frozenset(staff.role_names), None)


def _recognised(content: io.BytesIO) -> str:
    # Among all mappings: what somebody may not import is no worse list of something else.
    with open_table(content) as table:
        return recognise_mapping(table.rows.header, mapping_names()).name


def _require(mapping: str, names: list[str]) -> None:
    if mapping not in names:
        raise ImportRefusedError(_("You may not import these records."))


def _progress() -> Progress:
    note_progress(0)
    due = 0.0

    def note(_rows: int, share: float) -> None:
        nonlocal due
        if monotonic() >= due:
            due = monotonic() + SECONDS_BETWEEN_NOTES
            note_progress(round(share, 3))

    return note


def due_imports() -> list[tuple[Callable[[int], None], int]]:
    """Return the steps that wait for a worker, or whose worker was killed."""
    rows = db.session.execute(
        select(ImportRun.state, ImportRun.id).where(ImportRun.state.in_(AT_WORK)).order_by(ImportRun.id)
    )
    return [(STEPS[state], run_id) for state, run_id in rows]


def discard_forgotten(now: datetime) -> None:
    """Let go of files that nobody decided about for a week; doesn't commit."""
    db.session.execute(
        update(ImportRun)
        .where(
            ImportRun.state.in_((ImportState.CHECKED, ImportState.REFUSED)),
            ImportRun.content.is_not(None),
            ImportRun.started_at < now - FORGOTTEN_AFTER,
        )
        .values(state=ImportState.DISCARDED, content=None, preview=None)
        .execution_options(synchronize_session=False)
    )
