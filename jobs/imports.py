"""Import records from foreign tables: one path, for the command and for the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import islice
from time import monotonic
from typing import IO, Any, BinaryIO

from flask_babel import gettext as _

from jobs.import_history import OpenComplaints
from jobs.import_mapping import load_mapping
from jobs.import_notes import RowNotes
from jobs.import_rejected import Rejection
from jobs.import_store import Fate, Importer
from jobs.import_table import Table, open_table
from models import ImportRun, db
from models.labels import FIELD_LABELS

CHUNK = 500
# Of what had to be made, so many names are told.
NAMED = 12

# Takes the rows done so far, and the share of the file that is, from 0 to 1.
Progress = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file, or would; `repeated` rows are among the unchanged.

    `rejected_file` has the layout and encoding of the input (of a workbook, CSV), and is None where no row
    was rejected; `first_rejected` are the first of them. `remarks` say what of the file was not used.
    """

    run_id: int
    new: int
    changed: int
    unchanged: int
    repeated: int
    rejected: int
    encoding: str
    seconds: float
    rejected_file: IO[bytes] | None
    header: list[str]
    first_rejected: list[Rejection]
    remarks: list[str]
    opened: OpenComplaints
    notes: RowNotes


def run_import(
    source: BinaryIO,
    file_name: str,
    mapping_name: str,
    on_progress: Progress | None = None,
    *,
    run: ImportRun | None = None,
    is_trial: bool = False,
    history_until: date | None = None,
) -> ImportResult:
    """Import every row of `source` that can be read, as the current actor, in one transaction, and commit.

    A row that is known by its key changes only what changed at the source since it was last seen there;
    a record that staff have deleted stays deleted. Killed half-way, it leaves nothing behind. `run` is the
    screen's, None where a command begins one, with `history_until` in it. A trial does it all but the commit.

    Raises:
        ImportRefusedError: where the file as a whole can't be read, with a sentence for the user.
    """
    started = monotonic()
    mapping = load_mapping(mapping_name)
    try:
        with open_table(source) as table:
            importer = Importer(
                mapping, table, file_name, run, is_trial=is_trial, history_until=history_until
            )
            _take_all(importer, table, on_progress)
            importer.finish()
            result = _result(importer, table, monotonic() - started)
            if run is not None and not is_trial:
                _keep(run, result)
            if is_trial:
                db.session.rollback()
            else:
                db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    return result


def _take_all(importer: Importer, table: Table, on_progress: Progress | None) -> None:
    rows = iter(table.rows)
    while chunk := list(islice(rows, CHUNK)):
        importer.take(chunk)
        if on_progress:
            on_progress(importer.rows, table.rows.bytes_read / table.size)


def _result(importer: Importer, table: Table, seconds: float) -> ImportResult:
    counts = importer.counts
    return ImportResult(
        run_id=importer.run_id,
        new=counts[Fate.NEW],
        changed=counts[Fate.CHANGED],
        unchanged=counts[Fate.UNCHANGED] + counts[Fate.REPEATED],
        repeated=counts[Fate.REPEATED],
        rejected=counts[Fate.REJECTED],
        encoding=table.encoding,
        seconds=seconds,
        rejected_file=importer.rejections.close(),
        header=table.rows.header,
        first_rejected=importer.rejections.first,
        remarks=_remarks(importer, table),
        opened=importer.opened,
        notes=importer.notes,
    )


def _remarks(importer: Importer, table: Table) -> list[str]:
    remarks = []
    if unused := importer.converter.unused:
        remarks.append(_("Columns that were not used: %(columns)s.", columns=_(", ").join(unused)))
    if table.other_sheets:
        remarks.append(
            _(
                "Only the first sheet was read; these hold something too: %(sheets)s.",
                sheets=_(", ").join(table.other_sheets),
            )
        )
    remarks += [
        _(
            "Made because rows name them: %(field)s %(count)s (%(names)s).",
            field=FIELD_LABELS[field],
            count=len(names),
            names=_(", ").join(names[:NAMED]) + ("…" if len(names) > NAMED else ""),
        )
        for field, names in importer.made.items()
    ]
    return remarks


def _keep(run: ImportRun, result: ImportResult) -> None:
    """Keep what the result page shows; the file itself has done its service."""
    run.preview = summary(result)
    run.content = None
    if result.rejected_file:
        run.rejected = result.rejected_file.read()
        result.rejected_file.seek(0)


def summary(result: ImportResult) -> dict[str, Any]:
    """Return what the screen shows of a result, as plain JSON."""
    return {
        "new": result.new,
        "changed": result.changed,
        "unchanged": result.unchanged,
        "repeated": result.repeated,
        "rejected": result.rejected,
        "encoding": result.encoding,
        "seconds": round(result.seconds, 1),
        "remarks": result.remarks,
        "header": result.header,
        "opened": result.opened.as_json() if result.opened.count else None,
        "noted": result.notes.count,
        "first_noted": [list(note) for note in result.notes.first],
        "first": [list(rejection) for rejection in result.first_rejected],
    }
