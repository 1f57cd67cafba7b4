"""The rejected rows of an import: in the input's own layout, with the reason in a last column."""

from __future__ import annotations

import csv
import io
import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from flask_babel import gettext as _

from jobs.import_reader import DelimitedFile, Row

# Bytes up to which they stay in memory.
SPOOL_IN_MEMORY = 1 << 20
# The last column's header, in each language.
REASON_HEADERS = frozenset({"原因", "reason"})


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

    def add(self, row: Row, reason: str) -> None:
        """Write one row."""
        if self._is_empty:
            self._write(self._header, _("reason"))
        self._is_empty = False
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


def save_rejected(rejected: IO[bytes], file: Path) -> Path:
    """Write the rejected rows to a new file beside `file`, or where the command runs, and return its path."""
    name = file.stem.removesuffix("-rejected") + "-rejected"
    try:
        return _write_new(rejected, file.parent, name, file.suffix)
    except OSError:
        # A folder that is read only, such as a medium or somebody else's.
        return _write_new(rejected, Path.cwd(), name, file.suffix)


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
