"""A disk that is full: a clear answer with the draft, nothing acknowledged is lost, and then it goes on."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from config import Settings
from conftest import PanelClient
from embedded_services import Postgres, postgres
from factories import Factory
from models import db
from models.organisation import Role
from processes import wait_until
from web_server import Answer, Person, Web, customers_and_entries, logged_in, web_server

pytestmark = [pytest.mark.faults, pytest.mark.mount]
# Enough for the tables and a few segments of the log of changes.
DATABASE_DISK = "400m"
# How often it fills up, each time with more room (in bytes) at its end; refusals waited for.
TURNS, LEFT_MORE_EACH, REFUSALS = 8, 3_000_000, 20


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """Put a disk of its own, of this size, at the folder."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0711", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, left: int = 0) -> Path:
    """Write until nothing more fits, and leave so many bytes; return the file that takes the room."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            file.truncate(file.tell() - left)
            return ballast
    raise AssertionError("the disk has no end")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk(tmp_path / "disk", DATABASE_DISK) as folder:
        yield folder


@pytest.fixture
def small_database(small_disk: Path) -> Iterator[Postgres]:
    with postgres(small_disk, settings={"max_wal_size": "64MB", "min_wal_size": "32MB"}) as running:
        yield running


@pytest.fixture
def panel(settings: Settings, small_database: Postgres) -> Iterator[Flask]:
    urls = {"database_url": small_database.app_url, "migration_database_url": small_database.owner_url}
    app = create_app(replace(settings, **urls))
    app.test_client_class = PanelClient
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def enter(web: Web, person: Person, name: str) -> Answer:
    """Enter a customer with a text that no compression makes small."""
    fields = {
        "name": name,
        "kind": "owner",
        "wished_service": os.urandom(50_000).hex(),
        "csrf_token": person.csrf,
    }
    return web.send("POST", "/customer/new/", person.cookie, fields)


def test_what_was_acknowledged_outlives_a_full_disk_and_saving_goes_on(
    panel: Flask, small_disk: Path, small_database: Postgres
) -> None:
    with panel.app_context():
        person = logged_in(panel, Factory(db.session()).staff(Role.SUPERVISOR), db.session())
        db.session.remove()
        db.engine.dispose()
    answers: dict[str, Answer] = {}

    def enter_next() -> int:
        name = f"第{len(answers)}号"
        answers[name] = enter(web, person, name)
        return answers[name].status

    times_ended = 0
    with web_server(panel.extensions["settings"]) as web:
        for turn in range(TURNS):
            assert enter_next() == 302
            ballast = fill(small_disk, left=turn * LEFT_MORE_EACH)
            before = len(answers)
            while Counter(answer.status for answer in list(answers.values())[before:])[503] < REFUSALS:
                assert enter_next() in (302, 503)
            ballast.unlink()
            if not small_database.server.is_running:
                # Whoever runs it starts it again, as with any service that has ended.
                times_ended += 1
                small_database.server.start()
            assert wait_until(lambda: enter_next() == 302, 30)

    rows, audited = customers_and_entries(panel)
    ends = Counter(answer.status for answer in answers.values())
    acknowledged = {name for name, answer in answers.items() if answer.status == 302}
    print(  # noqa: T201 - the figures of the long dose
        f"{ends}, database ended {times_ended} times, saved unacknowledged {len(rows) - len(acknowledged)}"
    )
    assert acknowledged <= set(rows.values())
    assert sorted(audited) == sorted(rows)
    for name, answer in answers.items():
        if answer.status == 503:
            assert f"\n{name}</textarea>" in answer.text


def test_a_file_for_which_the_disk_has_no_room_is_answered_and_taken_later(
    fresh_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh_app.app_context():
        make = Factory(db.session())
        customer = make.customer().id
        person = logged_in(fresh_app, make.staff(Role.SUPERVISOR), db.session())
        db.session.remove()
    with disk(tmp_path / "temporary", "8m") as temporary:
        monkeypatch.setenv("TMPDIR", str(temporary))
        with web_server(fresh_app.extensions["settings"]) as web:
            ballast = fill(temporary)
            refused = send_note(web, person, customer)
            ballast.unlink()
            taken = send_note(web, person, customer)
    assert refused.status == 503
    assert "no room left" in refused.text
    assert "\n已回电，见附件</textarea>" in refused.text
    assert taken.status == 302


def send_note(web: Web, person: Person, customer: int) -> Answer:
    """Send a note with a file of two megabytes."""
    boundary = "0b5c"
    parts = {"csrf_token": person.csrf, "body": "已回电，见附件"}
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    )
    body = f"{head}{file}{'x' * 2_000_000}\r\n--{boundary}--\r\n".encode()
    address = f"/customer/notes/?id={customer}"
    return web.send_body(address, person.cookie, body, f"multipart/form-data; boundary={boundary}")
