# ruff: noqa: ARG002 - the server passes what it passes
"""A real SMTP server on loopback that behaves badly when told to, and writes down what it took first."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# Of localhost, signed by itself, with its key: it is worth nothing outside these tests.
CERTIFICATE = Path(__file__).parent / "data" / "localhost.pem"
USER, PASSWORD = "panel", "p@ss:word/1"


class Sink:
    """Keep each message as a file, on disk before the answer; `answers` are given in turn, then 250."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.rcpt_answers: list[str] = []
        self.data_answers: list[str] = []
        self.hangs_after_data = False
        self.hang_ends = threading.Event()
        self.drop_after_data = False
        self.logins: list[bytes] = []

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt_answers:
            return self.rcpt_answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        answer = self.data_answers.pop(0) if self.data_answers else "250 taken"
        if answer.startswith("250"):
            self._keep(envelope)
        if self.drop_after_data:
            server.transport.abort()
            return answer
        if self.hangs_after_data:
            await asyncio.to_thread(self.hang_ends.wait, 60)
        return answer

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        name = f"{len(self.messages()):06}-{os.urandom(4).hex()}-{envelope.rcpt_tos[0]}"
        path = self.folder / name
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def messages(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    def recipients(self) -> list[str]:
        return [path.name.split("-", 2)[2] for path in self.messages()]

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        is_right = data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=is_right, handled=False)


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    """Return what a mail server keeps, empty."""
    return Sink(tmp_path / "taken")


def server_context() -> ssl.SSLContext:
    """Return what the server encrypts with; only who trusts this very certificate talks to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextmanager
def mail_server(sink: Sink, **options: Any) -> Iterator[int]:
    """Run the server on a free port of loopback and yield the port."""
    controller = Controller(sink, hostname="localhost", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        sink.hang_ends.set()
        controller.stop()


@contextmanager
def odd_server(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that says to each client whatever `speak` says, and yield its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    clients: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            clients.append(client)
            threading.Thread(target=_speak, args=(client,), daemon=True).start()

    def _speak(client: socket.socket) -> None:
        with suppress(OSError):
            speak(client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for client in clients:
            client.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
