"""The rejected rows of an import: in the input's own layout, with the reason in a last column."""

from __future__ import annotations

import csv
import io
import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple

from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError

from jobs.import_reader import DelimitedFile, Row
from models.labels import FIELD_LABELS

# Bytes up to which they stay in memory.
SPOOL_IN_MEMORY = 1 << 20
# Files whose rejected rows come back as CSV.
WORKBOOKS = (".xlsx", ".xlsm")
# The last column's header, in each language.
REASON_HEADERS = frozenset({"原因", "reason"})
# Of the rejected rows, so many are shown on the screen.
FIRST = 20


class Rejection(NamedTuple):
    """A rejected row: its line in the file, why, and its cells."""

    line: int
    reason: str
    cells: list[str]


class RejectedRows:
    """The rejected rows in the input's own layout and encoding, with the reason in a last column."""

    def __init__(self, table: DelimitedFile, codec: str) -> None:
        """Stand ready; nothing is written before the first rejection."""
        self._header = table.header
        # A file of rejected rows that was mended and comes again already has the column.
        self._old_reason = len(table.header) - 1 if table.header[-1].lower() in REASON_HEADERS else None
        self._spool: IO[bytes] = SpooledTemporaryFile(SPOOL_IN_MEMORY)  # noqa: SIM115 - the result owns it
        self._text = io.TextIOWrapper(self._spool, encoding=codec, newline="")
        self._writer = csv.writer(self._text, delimiter=table.delimiter, lineterminator=table.line_end)
        self._is_empty = True
        self.first: list[Rejection] = []

    def add(self, row: Row, reason: str) -> None:
        """Write one row."""
        if self._is_empty:
            self._write(self._header, _("reason"))
        self._is_empty = False
        if len(self.first) < FIRST:
            self.first.append(Rejection(row.line, reason, row.cells))
        self._write(row.cells + [""] * (len(self._header) - len(row.cells)), reason)

    def _write(self, cells: Sequence[str], reason: str) -> None:
        kept = [cell for position, cell in enumerate(cells) if position != self._old_reason]
        self._writer.writerow([*kept, reason])

    def close(self) -> IO[bytes] | None:
        """Return the file, at its beginning; None where nothing was rejected."""
        self._text.flush()
        self._text.detach()
        if self._is_empty:
            self._spool.close()
            return None
        self._spool.seek(0)
        return self._spool


def sentence_of(error: DBAPIError) -> str:
    """Return in the user's words why the database refused a row."""
    diagnosis: Any = getattr(error.orig, "diag", None)
    column = getattr(diagnosis, "column_name", None) or ""
    match getattr(error.orig, "sqlstate", None):
        case "23502":
            sentence = _("%(field)s must not be empty.", field=FIELD_LABELS.get(column, column))
        case "23505":
            detail = getattr(diagnosis, "message_detail", "")
            sentence = _("Another record already has this value: %(value)s", value=detail)
        case _other:
            rule = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "message_primary", "")
            sentence = _("The row breaks a rule of the database: %(rule)s", rule=rule)
    return str(sentence)


def save_rejected(rejected: IO[bytes], file: Path) -> Path:
    """Write the rejected rows to a new file beside `file`, or where the command runs, and return its path."""
    name = file.stem.removesuffix("-rejected") + "-rejected"
    suffix = ".csv" if file.suffix.lower() in WORKBOOKS else file.suffix
    try:
        return _write_new(rejected, file.parent, name, suffix)
    except OSError:
        # A folder that is read only, such as a medium or somebody else's.
        return _write_new(rejected, Path.cwd(), name, suffix)


def _write_new(content: IO[bytes], folder: Path, name: str, suffix: str) -> Path:
    for count in itertools.count(1):
        path = folder / f"{name}{'' if count == 1 else f'-{count}'}{suffix}"
        try:
            # Exclusive: neither the input nor the rejected rows of an earlier import are ever overwritten.
            with path.open("xb") as target:
                shutil.copyfileobj(content, target)
        except FileExistsError:
            continue
        return path
    raise AssertionError
