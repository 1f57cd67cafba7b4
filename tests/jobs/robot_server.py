"""A service of group robots on loopback, over TLS: it notes each request, then behaves as it was told."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from jobs.public_route import Route
from mail_server import CERTIFICATE


@dataclass
class Request:
    """What came in: the line with method and target, the headers, and the body."""

    line: str
    headers: dict[str, str]
    body: bytes
    asked_for: str | None


@dataclass
class RobotServer:
    """`status` and `content` are the answer; "drop" and "hang" come after the request, "deaf" before it."""

    status: int = 200
    content: bytes = b'{"errcode":0,"errmsg":"ok"}'
    headers: str = ""
    behaves: str = ""
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    def answers(self, status: int = 200, **said: object) -> None:
        """Answer with a status and a JSON object from now on."""
        self.status, self.content = status, json.dumps(said).encode()

    def route(self, _host: str) -> Route:
        """Return the way here, whatever host was asked for; its certificate is trusted, its name is not."""
        context = ssl.create_default_context(cafile=CERTIFICATE)
        context.check_hostname = False
        return Route(("127.0.0.1",), self.port, context)

    def serve(self, connection: socket.socket) -> None:
        """Take one request."""
        if self.behaves == "deaf":
            self.ends.wait()
            return
        names: list[str | None] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as encrypted:
            self.requests.append(_read(encrypted, names[0] if names else None))
            if self.behaves == "hang":
                self.ends.wait()
            if not self.behaves:
                head = (
                    f"HTTP/1.1 {self.status} x\r\nContent-Length: {len(self.content)}\r\n{self.headers}\r\n"
                )
                encrypted.sendall(head.encode() + self.content)


def _read(connection: ssl.SSLSocket, asked_for: str | None) -> Request:
    with connection.makefile("rb") as stream:
        line = stream.readline().decode().strip()
        headers: dict[str, str] = {}
        while (header := stream.readline().decode().strip()) != "":
            name, _colon, value = header.partition(":")
            headers[name.lower()] = value.strip()
        return Request(line, headers, stream.read(int(headers["content-length"])), asked_for)


@contextmanager
def robot_server() -> Iterator[RobotServer]:
    """Run such a service."""
    server = RobotServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with connection:
                    server.serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server
        finally:
            server.ends.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
