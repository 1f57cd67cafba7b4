"""Open a file as a table of rows, whatever it is: delimited text in several encodings, or a workbook."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from jobs.import_reader import BLOCK, WORKBOOK_START, DelimitedFile, examine
from jobs.import_workbook import read_workbook


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was opened: its rows, and how its rejected rows are to be written."""

    rows: DelimitedFile
    # The encoding as people know it, or the kind of file.
    encoding: str
    # What rejected rows are written in; Excel needs the mark at the beginning.
    codec: str
    # Bytes of the text.
    size: int
    sha256: str
    # Sheets that hold something and are not read.
    other_sheets: tuple[str, ...] = ()


@contextmanager
def open_table(source: BinaryIO) -> Iterator[Table]:
    """Open `source` as a table, and leave it open for its owner afterwards.

    Raises:
        ImportRefusedError: where it is no table that can be read, with a sentence for the user.
    """
    source.seek(0)
    if source.read(len(WORKBOOK_START)) == WORKBOOK_START:
        sheet = read_workbook(source)
        with sheet.content as content:
            form = examine(content)  # type: ignore[arg-type]  # a temporary file is a binary one
            rows = DelimitedFile(content, form)  # type: ignore[arg-type]  # as above
            yield Table(rows, "Excel", "utf-8-sig", form.size, _sha256(source), sheet.others)
            rows.release()
        return
    form = examine(source)
    rows = DelimitedFile(source, form)
    try:
        yield Table(rows, form.encoding, form.codec, form.size, form.sha256)
    finally:
        rows.release()


def _sha256(source: BinaryIO) -> str:
    digest = hashlib.sha256()
    source.seek(0)
    while block := source.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
