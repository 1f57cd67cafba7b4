"""A TLS server in front of one that speaks none, as a service's proxy stands before its database."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DATA = Path(__file__).parent / "data"
# Of localhost, signed by itself, with its key: it is worth nothing outside these tests.
CERTIFICATE = DATA / "localhost.pem"
ANOTHER_AUTHORITY = DATA / "another_authority.pem"
# What a client of PostgreSQL sends first, to ask for TLS.
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@contextmanager
def tls_front(port: int, *, is_postgres: bool) -> Iterator[int]:
    """Listen, and pass what comes over TLS on to the server at `port`; nothing in clear is passed on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    client, _address = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(client,), daemon=True).start()

        def serve(client: socket.socket) -> None:
            with client, suppress(OSError):
                if is_postgres:
                    if client.recv(8) != SSL_REQUEST:
                        return
                    client.sendall(b"S")
                with (
                    context.wrap_socket(client, server_side=True) as safe,
                    socket.create_connection(("127.0.0.1", port)) as server,
                ):
                    threading.Thread(target=pass_on, args=(server, safe), daemon=True).start()
                    pass_on(safe, server)

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(5)


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
