"""The archive of a complaint as PDF: a child sets it, so that no paper can take the panel with it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import structlog

log = structlog.get_logger()
MEGABYTE = 1 << 20
# What the child may take: address space in bytes, processor and clock time in seconds.
MEMORY = 640 * MEGABYTE
PROCESSOR_SECONDS = 20
CLOCK_SECONDS = 25
ROOT = Path(__file__).parents[1]
# Each takes some 150 MB while it lasts.
_AT_ONCE = BoundedSemaphore(2)


class NotSetError(Exception):
    """The PDF could not be made, not even without the papers that are PDF themselves."""


def set_archive(folder: Path, content: dict[str, Any]) -> bytes:
    """Return the PDF of an archive whose papers lie in `folder`, by the names that `content` gives.

    Where a paper takes the child with it, it is made anew without the pages of PDF papers, which are named.

    Raises:
        NotSetError: when that does not work either.
    """
    with _AT_ONCE:
        if not _set(folder, content):
            log.warning("archive_set_without_papers", number=content["number"])
            _leave_out(content)
            if not _set(folder, content):
                raise NotSetError(content["number"])
    return (folder / "archive.pdf").read_bytes()


def _leave_out(content: dict[str, Any]) -> None:
    for paper in content["papers"]:
        if paper["pdf"] is not None:
            paper["pdf"], paper["remark"] = None, content["words"]["unreadable"]


def _set(folder: Path, content: dict[str, Any]) -> bool:
    """Have the child set it; tell whether it did."""
    (folder / "content.json").write_text(json.dumps(content), encoding="utf-8")
    try:
        # No environment: the child needs none of our secrets.
        done = subprocess.run(
            [sys.executable, "-m", "jobs.typeset", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            timeout=CLOCK_SECONDS,
            preexec_fn=_limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    if done.returncode != 0:
        # Of a traceback the last line; it names a file of the folder at most.
        log.warning("archive_not_set", said=done.stderr.decode("utf-8", "replace").strip()[-300:])
    return done.returncode == 0


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
