"""Excel workbooks: looked at from outside first, then turned into a text table by a child process.

A small file can hold a table that takes all memory, or minutes. So its declared sizes are checked before
anything is unpacked, and what reads it has limits of memory and time, and is not the web process.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from flask_babel import gettext as _

from jobs.import_reader import ImportRefusedError

MEGABYTE = 1 << 20
# Unpacked bytes of all parts together; a sheet of 200,000 rows of ten cells has about half of it.
MOST_UNPACKED = 160 * MEGABYTE
MOST_PARTS = 2000
# What the child may take: address space in bytes, processor and clock time in seconds.
MEMORY = 1024 * MEGABYTE
PROCESSOR_SECONDS = 20
CLOCK_SECONDS = 30
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first sheet of a workbook as a text table in UTF-8, and the names of others that hold something."""

    content: IO[bytes]
    others: tuple[str, ...]


def check_workbook(source: BinaryIO) -> None:
    """Refuse what is no workbook, or would unpack to too much, from its table of contents alone.

    Raises:
        ImportRefusedError: with a sentence for the user.
    """
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _unreadable() from error
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise _unreadable()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise too_large()


def read_workbook(source: BinaryIO) -> Sheet:
    """Return the first sheet with anything in it.

    Raises:
        ImportRefusedError: where the workbook is none, is empty, or takes too much memory or time.
    """
    check_workbook(source)
    source.seek(0)
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        while block := source.read(MEGABYTE):
            file.write(block)
        file.flush()
        content = tempfile.TemporaryFile()  # noqa: SIM115 - the caller reads it
        try:
            others = _convert(file.name, content)
        except BaseException:
            content.close()
            raise
    content.seek(0)
    return Sheet(content, others)


def _convert(path: str, content: IO[bytes]) -> tuple[str, ...]:
    """Have a child write the text table, and return the names that it reports."""
    child = [sys.executable, "-m", "jobs.workbook_text", path]
    try:
        # No environment: the child needs none of our secrets.
        done = subprocess.run(
            child,
            stdin=subprocess.DEVNULL,
            stdout=content,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            timeout=CLOCK_SECONDS,
            preexec_fn=_limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise too_large() from error
    said = done.stderr.decode("utf-8", "replace").splitlines()
    match done.returncode, said[:1]:
        case 0, _any:
            return tuple(said)
        case 3, ["empty"]:
            raise ImportRefusedError(_("The file is empty."))
        case 3, ["large"]:
            raise too_large()
        case 3, ["unreadable"]:
            raise _unreadable()
        case _killed:
            raise too_large()


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def too_large() -> ImportRefusedError:
    """Return the refusal of a workbook that would take too much."""
    return ImportRefusedError(
        _("This Excel workbook is too large to be read safely. Save the sheet as CSV, or split it.")
    )


def _unreadable() -> ImportRefusedError:
    return ImportRefusedError(
        _("This is no Excel workbook that can be read. Save it as .xlsx or as CSV, then import that file.")
    )
