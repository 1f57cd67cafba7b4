"""A file for which the disk has no room: the text that came with it is kept, and the sender is told."""

from __future__ import annotations

import errno
import io
import tempfile
from typing import Any

import pytest
from screens import path

from conftest import Login
from factories import Factory
from models import Note
from models.organisation import Role
from views import no_room


def test_a_note_keeps_its_text_where_its_file_finds_no_room(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_about: Any, **_named: Any) -> None:
        raise OSError(errno.ENOSPC, "no space")

    customer, client = make.customer(), login(Role.CLERK)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(no_room, "IN_MEMORY_MOST", 1000)
    data = {"body": "已回电，见附件", "files": (io.BytesIO(bytes(2000)), "a.txt")}
    answer = client.post(path("customer", "notes", id=customer.id), data=data)
    assert answer.status_code == 503
    assert "no room left" in answer.text
    assert "\n已回电，见附件</textarea>" in answer.text
    assert "choose the files again" in answer.text
    assert make.session.query(Note).count() == 0
