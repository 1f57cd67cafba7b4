"""Talking to the mail server, so that each way to fail tells whether the mail may have arrived."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from threading import Timer
from urllib.parse import unquote, urlsplit

LONGEST_ANSWER = 500
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 20.0
_PORTS = {"smtp": 587, "smtps": 465}


class Verdict(StrEnum):
    """What is known after a try."""

    SENT = "sent"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with the server's own words, or those of what went wrong on the way to it."""

    verdict: Verdict
    answer: str


class _RefusedError(Exception):
    def __init__(self, verdict: Verdict, code: int, words: bytes | str) -> None:
        self.outcome = Outcome(verdict, plain_words(code, words))
        super().__init__(self.outcome.answer)


def send(url: str, sender: str, recipient: str, message: bytes, seconds: float) -> Outcome:
    """Hand `message` to the server at `url` (smtp:// or smtps://) within so many seconds.

    Until the message is begun a failure can be tried again; a break after that leaves it open whether the
    server took it. A refusal in the server's words is final if it concerns this mail (5xx), and none of the
    mail's fault where the server is not ready or refuses our login.
    """
    is_begun = False
    try:
        with _connection(url, sender.rpartition("@")[2], seconds) as server:
            _envelope(server, sender, recipient, len(message))
            code, words = server.docmd("DATA")
            if code != 354:
                raise _refusal(code, words)
            is_begun = True
            server.send(_dotted(message))
            code, words = server.getreply()
            if 400 <= code < 600:
                raise _refusal(code, words)
            if code != 250:
                # Nonsense, or an answer that was cut short: it says neither yes nor no.
                return Outcome(Verdict.UNKNOWN, plain_words(code, words))
            answer = plain_words(code, words)
            # It is sent, whatever becomes of the goodbye.
            with contextlib.suppress(smtplib.SMTPException, OSError, ValueError):
                server.quit()
            return Outcome(Verdict.SENT, answer)
    except _RefusedError as refusal:
        return refusal.outcome
    except smtplib.SMTPResponseException as error:
        # The server's greeting, EHLO or STARTTLS: it refuses us, not the mail.
        verdict = Verdict.UNKNOWN if is_begun else Verdict.TEMPORARY
        return Outcome(verdict, plain_words(error.smtp_code, error.smtp_error))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Outcome(
            Verdict.UNKNOWN if is_begun else Verdict.TEMPORARY, plain_words(None, described(error))
        )


@contextlib.contextmanager
def _connection(url: str, local_host: str, seconds: float) -> Iterator[smtplib.SMTP]:
    """Connect, encrypt and log in; whatever happens, the connection is cut after `seconds`."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    context = ssl.create_default_context()
    with contextlib.ExitStack() as ends:
        connected = socket.create_connection((host, port), timeout=min(_CONNECT_SECONDS, seconds))
        ends.callback(connected.close)
        cut_after(seconds, connected, ends)
        connected.settimeout(min(_SILENCE_SECONDS, seconds))
        if parts.scheme == "smtps":
            connected = context.wrap_socket(connected, server_hostname=host)
            ends.callback(connected.close)
        server = _Over(connected, host, local_host)
        ends.callback(server.close)
        server.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
        elif parts.scheme == "smtp" and parts.username:
            raise OSError("The server offers no STARTTLS, so the password is not sent to it.")
        if parts.username:
            _log_in(server, unquote(parts.username), unquote(parts.password or ""))
        yield server


class _Over(smtplib.SMTP):
    """An SMTP client over a socket that is already connected."""

    def __init__(self, connected: socket.socket, host: str, local_host: str) -> None:
        super().__init__(local_hostname=local_host, timeout=_SILENCE_SECONDS)
        self._host = host  # STARTTLS checks the certificate against it
        self.sock = connected
        self.file = None
        code, words = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)


def cut_after(seconds: float, connected: socket.socket, ends: contextlib.ExitStack) -> None:
    """Cut a connection after so many seconds, unless `ends` has come to its end by then."""
    # A server that sends a byte now and then never times out by itself. TLS takes the socket over, so the
    # cut is made through a second handle on the same connection.
    # A socket under TLS can't be doubled as such.
    handle = socket.fromfd(connected.fileno(), connected.family, connected.type)

    def cut() -> None:
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()

    def call_off() -> None:
        timer.cancel()
        timer.join()
        handle.close()

    ends.callback(call_off)


def _log_in(server: smtplib.SMTP, user: str, password: str) -> None:
    # One way and one try: smtplib's login goes on to the next after a refusal, and loses the server's words.
    server.ehlo_or_helo_if_needed()
    offered = server.esmtp_features.get("auth", "").upper().split()
    ways = {"PLAIN": server.auth_plain, "LOGIN": server.auth_login}
    way = next((name for name in ways if name in offered), None)
    if way is None:
        raise OSError("The server offers no login by PLAIN or LOGIN.")
    server.user, server.password = user, password
    try:
        server.auth(way, ways[way])
    except smtplib.SMTPAuthenticationError as error:
        # The setting is wrong, not the mail: it waits until somebody has put it right.
        raise _RefusedError(Verdict.TEMPORARY, error.smtp_code, error.smtp_error) from error


def _envelope(server: smtplib.SMTP, sender: str, recipient: str, size: int) -> None:
    server.ehlo_or_helo_if_needed()
    # A server that takes no mail of this size says so before it comes, and for good (RFC 1870).
    options = [f"size={size}"] if server.has_extn("size") else []
    for code, words in (server.mail(sender, options), server.rcpt(recipient)):
        if code not in (250, 251):
            raise _refusal(code, words)


def _refusal(code: int, words: bytes) -> _RefusedError:
    # 421 and 5xx without a connection: smtplib reports a lost one as -1.
    return _RefusedError(Verdict.PERMANENT if 500 <= code < 600 else Verdict.TEMPORARY, code, words)


def _dotted(message: bytes) -> bytes:
    """Return the message as DATA wants it: lines end in CR LF, a leading dot is doubled, a dot ends it."""
    lines = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    quoted = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return quoted + (b"" if quoted.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def described(error: Exception) -> str:
    """Return kind and words of an error."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def plain_words(code: int | None, words: bytes | str) -> str:
    """Return what a server said as one line that can be stored and shown, its number first."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    # NUL can't be stored, and line ends only tear the line on the screen.
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return (f"{code} {plain}" if code is not None else plain)[:LONGEST_ANSWER]
