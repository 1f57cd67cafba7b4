"""A form that is larger than the panel takes: read to its end all the same, for the texts that stand in it.

Without that the browser's answer would be a broken connection, not the page that says what was too large.
Files are counted and let go; nothing of theirs is kept, on the disk or in memory.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from flask import request
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.wsgi import get_input_stream
from wtforms import ValidationError

from models.attached_file import FILE_MOST, safe_name
from models.labels import FIELD_LABELS

MEGABYTE = 1024 * 1024
REQUEST_MOST = 32 * MEGABYTE
# One text beside files; where no file comes along the texts may have all of it.
TEXT_MOST = 2 * MEGABYTE
PARTS_MOST = 2000
# Beyond this a connection is cut: nobody sends so much by mistake.
READ_MOST = 256 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Oversized:
    """What was sent: the texts, without those that are too long, and sentences on what was too large."""

    fields: MultiDict[str, str]
    sentences: list[str]


class _Counted(io.RawIOBase):
    """A file that is counted while it comes in, and not kept."""

    size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 - nothing is kept to go to
        return 0


def read_oversized() -> Oversized | None:
    """Return what the request that was refused holds; None where it is no form of the panel's own page."""
    try:
        stream = get_input_stream(request.environ, max_content_length=READ_MOST)
        parser = FormDataParser(
            stream_factory=lambda *_about, **_more: _Counted(),  # type: ignore[arg-type]  # nothing is read back
            max_form_memory_size=READ_MOST,
            max_form_parts=PARTS_MOST,
        )
        _rest, fields, files = parser.parse(
            stream, request.mimetype, request.content_length, request.mimetype_params
        )
        # What another site had a browser send is on no page of ours.
        validate_csrf(fields.get("csrf_token"))
    except (RequestEntityTooLarge, ValidationError):
        return None
    long = _too_long(fields)
    kept = MultiDict((name, value) for name, value in fields.items(multi=True) if name not in long)
    sent = [file for _name, file in files.items(multi=True) if file.filename]
    return Oversized(kept, _about_files(sent) if sent else _about_texts(long))


def _too_long(fields: MultiDict[str, str]) -> list[str]:
    """Return the fields without which the others can be sent, the longest first."""
    sizes = {name: sum(len(quote_plus(value)) for value in fields.getlist(name)) for name in fields}
    long = []
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if sum(sizes.values()) <= REQUEST_MOST:
            break
        long.append(name)
        sizes[name] = 0
    return long


def _about_texts(names: list[str]) -> list[str]:
    return [
        _(
            "“%(name)s” holds more text than the panel takes, and was left out; the rest is kept.",
            name=FIELD_LABELS.get(name, name),
        )
        for name in names
    ]


def _about_files(files: list[FileStorage]) -> list[str]:
    sizes = [(safe_name(file.filename or ""), _size(file)) for file in files]
    sizes.sort(key=lambda each: -each[1])
    said = [
        _(
            "“%(name)s” has %(size)s MB; a file may have %(most)d MB.",
            name=name,
            size=f"{size / MEGABYTE:.1f}",
            most=FILE_MOST // MEGABYTE,
        )
        for name, size in sizes
        if size > FILE_MOST
    ]
    return said or [
        _(
            "The files have %(size)s MB together; at once %(most)d MB can be sent.",
            size=f"{sum(size for _name, size in sizes) / MEGABYTE:.1f}",
            most=REQUEST_MOST // MEGABYTE,
        )
    ]


def _size(file: FileStorage) -> int:
    counted = file.stream
    assert isinstance(counted, _Counted)
    return counted.size
