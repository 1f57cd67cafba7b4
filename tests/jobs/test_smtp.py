"""Each way in which a mail server can fail, over a real connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes

import pytest

from jobs.smtp import LONGEST_ANSWER, Outcome, Verdict, send
from mail_server import CERTIFICATE, PASSWORD, USER, Sink, free_port, mail_server, odd_server, server_context

SENDER, RECIPIENT = "panel@example.com", "reader@example.com"
MESSAGE = (
    b"Subject: test\r\nMessage-ID: <a@example.com>\r\n\r\nFirst line\r\n.a dot\r\n..two\r\n.\r\nlast\r\n"
)
LOGIN = f"{USER}:p%40ss%3Aword%2F1"


@pytest.fixture
def port(sink: Sink) -> Iterator[int]:
    with mail_server(sink) as found:
        yield found


@pytest.fixture
def _trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the test's certificate, as an operator would a private authority's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


def try_sending(
    port: int, scheme: str = "smtp", login: str = "", seconds: float = 10, host: str = "localhost"
) -> Outcome:
    at = f"{login}@" if login else ""
    return send(f"{scheme}://{at}{host}:{port}", SENDER, RECIPIENT, MESSAGE, seconds)


def test_a_mail_arrives_byte_for_byte(sink: Sink, port: int) -> None:
    assert try_sending(port) == Outcome(Verdict.SENT, "250 taken")
    (path,) = sink.messages()
    assert path.read_bytes() == MESSAGE
    assert sink.recipients() == [RECIPIENT]


def test_a_message_with_bare_line_ends_is_put_right(sink: Sink, port: int) -> None:
    outcome = send(f"smtp://localhost:{port}", SENDER, RECIPIENT, b"Subject: x\n\n.a\nb", 10)
    assert outcome.verdict is Verdict.SENT
    assert sink.messages()[0].read_bytes() == b"Subject: x\r\n\r\n.a\r\nb\r\n"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("451 busy", Verdict.TEMPORARY),
        ("421 closing", Verdict.TEMPORARY),
        ("450 greylisted", Verdict.TEMPORARY),
        ("550 no such user", Verdict.PERMANENT),
        ("552 mailbox full", Verdict.PERMANENT),
    ],
)
def test_a_refused_recipient_is_final_or_not_by_the_servers_code(
    sink: Sink, port: int, answer: str, verdict: Verdict
) -> None:
    sink.rcpt_answers = [answer]
    assert try_sending(port) == Outcome(verdict, answer)
    assert sink.messages() == []


@pytest.mark.parametrize(
    ("answer", "verdict"), [("452 try later", Verdict.TEMPORARY), ("554 spam", Verdict.PERMANENT)]
)
def test_a_refused_message_is_final_or_not_by_the_servers_code(
    sink: Sink, port: int, answer: str, verdict: Verdict
) -> None:
    sink.data_answers = [answer]
    assert try_sending(port) == Outcome(verdict, answer)


def test_a_mail_that_the_server_says_is_too_large_is_refused_for_good_before_it_is_sent(sink: Sink) -> None:
    with mail_server(sink, data_size_limit=len(MESSAGE) - 1) as port:
        outcome = try_sending(port)
    assert outcome.verdict is Verdict.PERMANENT
    assert outcome.answer.startswith("552")
    assert sink.messages() == []


def test_a_connection_dropped_after_the_message_leaves_it_open(sink: Sink, port: int) -> None:
    sink.drop_after_data = True
    outcome = try_sending(port)
    assert outcome.verdict is Verdict.UNKNOWN
    assert len(sink.messages()) == 1


def test_silence_after_the_message_leaves_it_open(sink: Sink, port: int) -> None:
    sink.hangs_after_data = True
    began = time.monotonic()
    assert try_sending(port, seconds=1.5).verdict is Verdict.UNKNOWN
    assert time.monotonic() - began < 5


def test_no_server_is_tried_again_later() -> None:
    outcome = try_sending(free_port())
    assert outcome.verdict is Verdict.TEMPORARY
    assert "refused" in outcome.answer.lower()


def test_a_host_without_address_is_tried_again_later() -> None:
    assert try_sending(25, host="nowhere.invalid").verdict is Verdict.TEMPORARY


def test_a_server_that_says_nothing_is_left_in_time() -> None:
    silence = threading.Event()
    with odd_server(lambda client: silence.wait(20) and None) as port:
        began = time.monotonic()
        outcome = try_sending(port, seconds=1)
        assert time.monotonic() - began < 5
        silence.set()
    assert outcome.verdict is Verdict.TEMPORARY


def drip(client: socket.socket) -> None:
    """Send a byte now and then, so that no single read times out."""
    for sign in b"220 " + b"x" * 1000:
        client.sendall(bytes([sign]))
        time.sleep(0.1)


def test_a_server_at_a_few_bytes_a_second_holds_nobody() -> None:
    with odd_server(drip) as port:
        began = time.monotonic()
        outcome = try_sending(port, seconds=1.5)
        took = time.monotonic() - began
    assert outcome.verdict is Verdict.TEMPORARY
    assert 1 < took < 5


def drip_after_data(client: socket.socket) -> None:
    file = client.makefile("rb")
    client.sendall(b"220 hello\r\n")
    while line := file.readline():
        if line.upper().startswith(b"DATA"):
            client.sendall(b"354 go on\r\n")
            while file.readline() != b".\r\n":
                pass
            drip(client)
            return
        client.sendall(b"250 OK\r\n")


def test_a_drip_after_the_message_leaves_it_open_in_time() -> None:
    with odd_server(drip_after_data) as port:
        began = time.monotonic()
        assert try_sending(port, seconds=1.5).verdict is Verdict.UNKNOWN
        assert time.monotonic() - began < 5


def speak_nonsense_after_data(client: socket.socket) -> None:
    file = client.makefile("rb")
    client.sendall(b"220 hello\r\n")
    while line := file.readline():
        if line.upper().startswith(b"DATA"):
            client.sendall(b"354 go on\r\n")
            while file.readline() != b".\r\n":
                pass
            client.sendall(b"what?\r\n")
            return
        client.sendall(b"250 OK\r\n")


def test_nonsense_after_the_message_leaves_it_open() -> None:
    with odd_server(speak_nonsense_after_data) as port:
        assert try_sending(port).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "greeting", [b"554 go away\r\n", b"421 too many\r\n", b"HTTP/1.1 400 Bad\r\n", b"\xff\xfe\x00\r\n", b""]
)
def test_a_server_that_is_not_ready_is_tried_again_later(greeting: bytes) -> None:
    def greet(client: socket.socket) -> None:
        client.sendall(greeting)
        client.shutdown(socket.SHUT_RDWR)

    with odd_server(greet) as port:
        outcome = try_sending(port)
    assert outcome.verdict is Verdict.TEMPORARY
    assert "\x00" not in outcome.answer


def test_a_long_answer_is_cut_and_kept_on_one_line(sink: Sink, port: int) -> None:
    sink.rcpt_answers = ["550-first\r\n550 " + "x" * 400]
    outcome = try_sending(port)
    assert outcome.verdict is Verdict.PERMANENT
    assert "\n" not in outcome.answer
    assert len(outcome.answer) <= LONGEST_ANSWER


@pytest.mark.usefixtures("_trusting")
def test_starttls_and_login(sink: Sink) -> None:
    with mail_server(
        sink,
        tls_context=server_context(),
        require_starttls=True,
        authenticator=sink.authenticate,
        auth_required=True,
    ) as port:
        assert try_sending(port, login=LOGIN).verdict is Verdict.SENT
    assert sink.logins == [USER.encode()]
    assert message_from_bytes(sink.messages()[0].read_bytes())["Subject"] == "test"


@pytest.mark.usefixtures("_trusting")
def test_tls_from_the_first_byte(sink: Sink) -> None:
    with mail_server(sink, ssl_context=server_context()) as port:
        assert try_sending(port, "smtps").verdict is Verdict.SENT


@pytest.mark.usefixtures("_trusting")
def test_a_wrong_password_waits_until_it_is_put_right(sink: Sink) -> None:
    with mail_server(
        sink,
        tls_context=server_context(),
        require_starttls=True,
        authenticator=sink.authenticate,
        auth_required=True,
    ) as port:
        outcome = try_sending(port, login=f"{USER}:wrong")
    assert outcome.verdict is Verdict.TEMPORARY
    assert outcome.answer.startswith("535")
    assert "wrong" not in outcome.answer
    assert PASSWORD not in outcome.answer


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_nobody_trusts_is_refused(sink: Sink, scheme: str) -> None:
    options = {"smtp": {"tls_context": server_context()}, "smtps": {"ssl_context": server_context()}}[scheme]
    with mail_server(sink, **options) as port:
        outcome = try_sending(port, scheme)
    assert outcome.verdict is Verdict.TEMPORARY
    assert "certificate" in outcome.answer.lower()
    assert sink.messages() == []


@pytest.mark.usefixtures("_trusting")
def test_a_certificate_of_another_host_is_refused(sink: Sink) -> None:
    with mail_server(sink, ssl_context=server_context()) as port:
        assert try_sending(port, "smtps", host="127.0.0.1").verdict is Verdict.TEMPORARY
    assert sink.messages() == []


def test_a_password_is_never_sent_in_clear(sink: Sink) -> None:
    with mail_server(sink, authenticator=sink.authenticate, auth_require_tls=False) as port:
        outcome = try_sending(port, login=LOGIN)
    assert outcome.verdict is Verdict.TEMPORARY
    assert "STARTTLS" in outcome.answer
    assert sink.logins == []


def test_the_sendings_leave_no_thread_behind(sink: Sink, port: int) -> None:
    before = threading.active_count()
    for _ in range(3):
        try_sending(port, seconds=30)
    assert threading.active_count() == before
