"""A list as a file: all of its rows as searched and filtered, in the reader's language, safe to open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

import structlog
from flask import request

from models import current_actor, db
from models.access import AccessKind, record_access
from views.cells import cell, fetch_labels
from views.clock import today
from views.listing import ListRequest, statements_of

if TYPE_CHECKING:
    from views.base import RecordView

log = structlog.get_logger()
ROWS_MOST = 50_000
CHUNK = 1_000
IN_MEMORY_MOST = 2 * 1024 * 1024
# A spreadsheet takes a cell that begins so for a formula, and runs it.
FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")


def neutralise(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def file_name(view: RecordView) -> str:
    """Return the file's name, in the reader's language."""
    return f"{view.plural}-{today().isoformat()}.csv"


def write_csv(view: RecordView, wanted: ListRequest) -> tuple[IO[bytes], int] | None:
    """Return the whole file and its size in bytes, before the answer begins; None for too many rows.

    A body that is made while it is sent would run after the request's end, and break off in the middle.
    The access log gets an entry; who calls commits.
    """
    file = SpooledTemporaryFile(max_size=IN_MEMORY_MOST)  # noqa: SIM115 - closed when the answer is sent
    try:
        written = _write(file, view, wanted)
    except BaseException:
        file.close()
        raise
    if written > ROWS_MOST:
        file.close()
        return None
    actor = current_actor()
    log.info("exported", table=view.permission, rows=written, staff_id=actor.staff_id if actor else None)
    record_access(
        AccessKind.EXPORTED,
        table=view.permission,
        remote_address=request.remote_addr,
        rows=written,
        narrowed=wanted.is_narrowed,
    )
    size = file.tell()
    file.seek(0)
    return cast("IO[bytes]", file), size


def _write(file: SpooledTemporaryFile[bytes], view: RecordView, wanted: ListRequest) -> int:
    """Write the file and return the number of its records; stop after one too many."""
    # The mark tells Excel that this is UTF-8.
    file.write(b"\xef\xbb\xbf")
    lines = 0
    for line in _lines(view, wanted, export_names(view)):
        file.write(line)
        lines += 1
        if lines > ROWS_MOST + 1:
            break
    return lines - 1


def export_names(view: RecordView) -> tuple[str, ...]:
    """Return the columns of the file: those of the list, then all others that a record's page shows."""
    return view.column_list + tuple(name for name in view.shown_names() if name not in view.column_list)


def _lines(view: RecordView, wanted: ListRequest, names: tuple[str, ...]) -> Iterator[bytes]:
    yield csv_line([str(view.get_column_name(name)) for name in names])
    for statement in statements_of(view, wanted):
        part = statement.options(*view.list_options).limit(ROWS_MOST + 1)
        for rows in db.session.scalars(part.execution_options(yield_per=CHUNK)).partitions():
            labels = fetch_labels(view, names, rows)
            for row in rows:
                yield csv_line([_export_text(view, row, name, labels) for name in names])


def _export_text(view: RecordView, row: Any, name: str, labels: Any) -> str:
    shown = cell(view, row, name, labels)
    # A sheet groups thousands by itself, and takes a comma for the end of the number.
    return shown.text.replace(",", "") if shown.drawn_as == "number" else neutralise(shown.text)


def csv_line(values: list[str]) -> bytes:
    """Return a line of a file."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue().encode()
