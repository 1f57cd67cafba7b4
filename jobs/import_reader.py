"""Read a delimited text file row by row: its encoding, its delimiter, and the rows that are broken."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from flask_babel import gettext as _

BLOCK = 1 << 20
# Characters of one line; a longer one is no text table, and would have to be held in memory whole.
LONGEST_LINE = 1_000_000
DELIMITERS = ",\t;|"

ENCODINGS = {
    "utf-8-sig": "UTF-8 (BOM)",
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "gb18030": "GB18030",
}
WORKBOOK_START = b"PK\x03\x04"
_OLD_WORKBOOK_START = b"\xd0\xcf\x11\xe0"


class ImportRefusedError(Exception):
    """The file as a whole can't be imported; the text is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class FileForm:
    """How the bytes of a file are to be read; `size` is in bytes."""

    codec: str
    size: int
    sha256: str

    @property
    def encoding(self) -> str:
        """Return the encoding's name as people know it."""
        return ENCODINGS[self.codec]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file; `problem` says why its cells can't be trusted, None where they can."""

    line: int
    cells: list[str]
    problem: str | None = None


def examine(source: BinaryIO) -> FileForm:
    """Return encoding, size and digest of `source`, having decoded all of it.

    Raises:
        ImportRefusedError: where the bytes are no text in an encoding that is known.
    """
    digest = hashlib.sha256()
    size = 0
    head = b""
    is_blank = True
    for block in _blocks(source):
        head = head or block[:4]
        is_blank = is_blank and not block.strip()
        digest.update(block)
        size += len(block)
    if is_blank:
        raise ImportRefusedError(_("The file is empty."))
    if head.startswith((WORKBOOK_START, _OLD_WORKBOOK_START)):
        raise ImportRefusedError(
            _("This is an old Excel workbook (.xls). Save it as .xlsx or as CSV, then import that file.")
        )
    return FileForm(_find_codec(source, head), size, digest.hexdigest())


def _find_codec(source: BinaryIO, head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _require(source, "utf-16")
    if head.startswith(codecs.BOM_UTF8):
        return _require(source, "utf-8-sig")
    # Nearly any bytes make GB18030 of some kind: damaged UTF-8 must not slip through as wrong characters.
    if _first_bad_line(source, "utf-8") is None or _is_mostly_utf8(source):
        return _require(source, "utf-8")
    return _require(source, "gb18030")


def _require(source: BinaryIO, codec: str) -> str:
    line = _first_bad_line(source, codec)
    if line is not None:
        raise ImportRefusedError(
            _(
                "Line %(line)s is not valid %(encoding)s. Save the file as “CSV UTF-8” and import it again.",
                line=line,
                encoding=ENCODINGS[codec],
            )
        )
    return codec


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    source.seek(0)
    while block := source.read(BLOCK):
        yield block


def _first_bad_line(source: BinaryIO, codec: str) -> int | None:
    """Return the number of the first line that is not valid in `codec`, None where all are."""
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    try:
        for block in _blocks(source):
            line += decoder.decode(block).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + error.object[: error.start].count(b"\n")
    return None


def _is_mostly_utf8(source: BinaryIO) -> bool:
    """Tell whether the bytes above ASCII mostly make valid UTF-8, which GB18030 text never does."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    foreign = bad = 0
    for block in _blocks(source):
        text = decoder.decode(block)
        foreign += sum(character > "\x7f" for character in text)
        bad += text.count("\ufffd")
    return bad * 4 < foreign


class DelimitedFile:
    """A text table: its header, and its rows as they come."""

    def __init__(self, source: BinaryIO, form: FileForm) -> None:
        """Read the header of `source`.

        Raises:
            ImportRefusedError: where there is none.
        """
        source.seek(0)
        self._source = source
        self._text = io.TextIOWrapper(source, encoding=form.codec, newline="")
        # Physical lines that were read for a record and turned out not to belong to it.
        self._returned: deque[str] = deque()
        self._line = 0
        first = self._next_line()
        while not first.strip() and first:
            first = self._next_line()
        self.line_end = "\r\n" if first.endswith("\r\n") else "\n"
        splits = {mark: self._split(first, mark) for mark in DELIMITERS}
        self.delimiter = max(DELIMITERS, key=lambda mark: len(splits[mark]))
        self.header = [cell.strip().strip("\ufeff") for cell in splits[self.delimiter]]
        if not any(self.header):
            raise ImportRefusedError(_("The file is empty."))

    @property
    def bytes_read(self) -> int:
        """Return how far the file has been read."""
        return self._source.tell()

    def release(self) -> None:
        """Leave the source open for its owner."""
        self._text.detach()

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows after the header; blank ones are left out."""
        while True:
            taken: list[str] = []
            try:
                reader = csv.reader(self._taking(taken), delimiter=self.delimiter, strict=True)
                cells = next(reader, None)
            except csv.Error:
                cells = []
            if cells is None:
                return
            line = self._line - len(taken) + 1
            if len(taken) > 1 and len(cells) != len(self.header):
                cells = []
            if not cells and len(taken[0].strip()) > 0:
                yield self._broken(line, taken)
            elif any(cell.strip() for cell in cells):
                yield self._fitted(line, cells)

    def _taking(self, taken: list[str]) -> Iterator[str]:
        while line := self._next_line():
            taken.append(line)
            yield line

    def _broken(self, line: int, taken: list[str]) -> Row:
        # A quote that is never closed swallows the rows below: give those back, and refuse its own line only.
        self._returned.extendleft(reversed(taken[1:]))
        self._line -= len(taken) - 1
        cells = self._split(taken[0], self.delimiter)
        limit = csv.field_size_limit()
        if any(len(cell) > limit for cell in cells):
            return Row(line, cells, _("A cell is longer than %(limit)s characters.", limit=limit))
        return Row(line, cells, _("The quotation marks in this row don't match."))

    def _fitted(self, line: int, cells: list[str]) -> Row:
        width = len(self.header)
        if any(cell.strip() for cell in cells[width:]):
            problem = _(
                "The row has %(found)s cells, the header has %(expected)s.", found=len(cells), expected=width
            )
            return Row(line, cells, problem)
        # Excel leaves out empty cells at the end of a row, or adds some.
        return Row(line, cells[:width] + [""] * (width - len(cells)))

    def _next_line(self) -> str:
        if self._returned:
            self._line += 1
            return self._returned.popleft()
        line = self._text.readline(LONGEST_LINE)
        self._line += bool(line)
        if len(line) == LONGEST_LINE:
            raise ImportRefusedError(_("Line %(line)s is too long for a table.", line=self._line))
        # A crash or a cheap exporter leaves NULs behind; PostgreSQL can't store them, and they say nothing.
        return line.replace("\0", "") or ("\n" if line else "")

    def _split(self, line: str, delimiter: str) -> list[str]:
        """Return the cells of one line, quotes or not."""
        line = line.rstrip("\r\n")
        try:
            return next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error:
            return line.split(delimiter)
