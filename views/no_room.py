"""Files that come in while the disk is full: the texts that come with them are kept, the sender is told."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from flask import Flask, Request, request
from werkzeug.exceptions import ServiceUnavailable

# Bytes of a file that are held in memory.
IN_MEMORY_MOST = 500_000


class NoRoomError(ServiceUnavailable):
    """There is no room on the disk for a file that was sent."""


class Upload(SpooledTemporaryFile[bytes]):
    """A file that comes in; where the disk has no room it is read to its end, and not kept."""

    is_lost = False

    def __init__(self) -> None:
        super().__init__(max_size=IN_MEMORY_MOST, mode="wb+")

    def write(self, data: Any) -> int:
        """Keep what came, as long as there is room."""
        with self._room_missed():
            super().write(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of what was kept; nothing is read of what was lost."""
        with self._room_missed():
            return super().seek(offset, whence)
        return 0

    def close(self) -> None:
        """Let go of what was kept."""
        with self._room_missed():
            super().close()

    @contextmanager
    def _room_missed(self) -> Iterator[None]:
        """Note that there was no room, each time; any other error of the disk is one."""
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.is_lost = True


class PanelRequest(Request):
    """A request whose texts can be read though the disk had no room for its files."""

    def _get_file_stream(self, *_known: Any, **_about: Any) -> IO[bytes]:
        return cast("IO[bytes]", Upload())

    def _load_form_data(self) -> None:
        is_first = "form" not in self.__dict__
        super()._load_form_data()
        if is_first and any(
            getattr(each.stream, "is_lost", False) for _name, each in self.files.items(multi=True)
        ):
            raise NoRoomError


def register(app: Flask) -> None:
    """Have `app` read files so, and let go of them as a request ends."""
    app.request_class = PanelRequest
    app.teardown_request(lambda _error: request.close())
