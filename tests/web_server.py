"""The panel as it is deployed, several processes under gunicorn, and browsers that only send and time."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from conftest import PanelClient, environ_of
from models import AuditEntry, Customer, Staff, acting_as, db, system_actor
from models.audit import AuditAction
from processes import descendants, is_gone, wait_until

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Answer:
    """What came back: status, where it leads, the page, and how long it took in seconds."""

    status: int
    location: str | None
    text: str
    seconds: float


@dataclass
class Web:
    """A running server; its workers answer, its master starts them anew."""

    process: subprocess.Popen[bytes]
    port: int

    def workers(self) -> set[int]:
        """Return the processes that answer."""
        return descendants(self.process.pid)

    def is_ready(self) -> bool:
        """Tell whether the server answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return len(self.workers()) == 2
        except OSError:
            return False

    def send(self, method: str, path: str, cookie: str, fields: dict[str, str] | None = None) -> Answer:
        """Send one request on a connection of its own.

        Raises:
            OSError, HTTPException: when the connection ends without an answer.
        """
        body = urlencode(fields).encode() if fields is not None else None
        return self._send(method, path, cookie, body, "application/x-www-form-urlencoded")

    def send_body(self, path: str, cookie: str, body: bytes, kind: str) -> Answer:
        """Post a body of this kind, which may hold files, on a connection of its own."""
        return self._send("POST", path, cookie, body, kind)

    def _send(self, method: str, path: str, cookie: str, body: bytes | None, kind: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        headers = {"Host": "localhost", "Cookie": cookie, "Accept": "text/html"}
        if body is not None:
            headers["Content-Type"] = kind
        began = time.monotonic()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        return Answer(answer.status, answer.headers.get("Location"), text, time.monotonic() - began)


@contextmanager
def web_server(settings: Settings) -> Iterator[Web]:
    """Run the Procfile's web process, and kill all of it at the end."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    command = next(line.partition(": ")[2] for line in lines if line.startswith("web: "))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", *shlex.split(command), "--bind", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=os.environ | environ_of(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    web = Web(process, port)
    try:
        assert wait_until(web.is_ready, 60)
        yield web
    finally:
        left = web.workers()
        process.kill()
        process.wait()
        for pid in left:
            if not is_gone(pid):
                os.kill(pid, 9)


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in: what the browser sends along."""

    cookie: str
    csrf: str


def logged_in(app: Flask, staff: Staff, session: Session) -> Person:
    """Open a login of `staff`."""
    client = app.test_client()
    assert isinstance(client, PanelClient)
    client.log_in(staff, session)
    csrf = client.csrf_token()
    cookie = client.get_cookie("huisheng", domain="localhost")
    assert cookie is not None
    return Person(f"huisheng={cookie.value}", csrf)


def version_in(page: str) -> str:
    """Return the version that a form on a page carries."""
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None, page[:500]
    return found[1]


def customers_and_entries(app: Flask) -> tuple[dict[int, str], list[int]]:
    """Return the names of all customers by id, and the ids of those whose entry the audit log tells of."""
    entered = (AuditEntry.table_name == "customer", AuditEntry.action == AuditAction.INSERT)
    with app.app_context(), acting_as(system_actor("test")):
        rows = dict(iter(db.session.execute(select(Customer.id, Customer.name))))
        audited = list(db.session.scalars(select(AuditEntry.row_id).where(*entered)))
        db.session.remove()
    return rows, audited
