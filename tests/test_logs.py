"""What the log says of requests and failures, and what it never says: who or what they were about."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config import LogFormat, read_settings
from conftest import Login, PanelClient
from factories import Factory
from jobs.logs import configure_logging
from models.organisation import Role

# Put together here: a traceback may show a line of this file.
NAME, PHONE, PLATE = "欧阳" + "秘密", "139" + "55556666", "苏C" + "12W45"
FRAME, TOKEN = "LZSHC" + "KZS0K8001234", "s3cret-" + "t0ken-in-an-address"
SECRETS = (NAME, PHONE, PLATE, FRAME, TOKEN)
ALL = " ".join(SECRETS)


@pytest.fixture(autouse=True)
def _json() -> Iterator[None]:
    configure_logging()
    yield
    configure_logging()


def fail_with(error: Exception) -> None:
    raise error


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was logged; fails where a line is no JSON, or says what it must not."""
    written = capsys.readouterr()
    for secret in SECRETS:
        assert secret not in written.err + written.out
        assert json.dumps(secret).strip('"') not in written.err
    return [json.loads(line) for line in written.err.splitlines()]


def test_a_request_leaves_one_line_with_ids_and_its_answer_the_same_id(
    login: Login, capsys: pytest.CaptureFixture[str]
) -> None:
    client = login(Role.CLERK)
    capsys.readouterr()
    answer = client.get(f"/customer/?search={PHONE}")
    assert client.staff is not None
    (line,) = lines(capsys)
    assert line["event"] == "request"
    assert (line["method"], line["endpoint"], line["status"]) == ("GET", "customer.index_view", 200)
    assert line["actor_id"] == client.staff.id
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["ms"] >= 0


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ("0123456789abcdef0123456789ABCDEF", True),
        ("2b1c7a52-6d0f-4f0e-9a53-0f3a5c9d1e77", True),
        (PHONE, False),
        (FRAME, False),
        (TOKEN, False),
        ("0" * 33, False),
        ("", False),
    ],
)
def test_an_id_of_the_server_in_front_is_taken_over_where_it_is_one(
    app: Flask, capsys: pytest.CaptureFixture[str], given: str, is_taken: bool
) -> None:
    answer = app.test_client().get("/login", headers={"X-Request-ID": given})
    kept = answer.headers["X-Request-ID"]
    assert (kept == given.lower()) is is_taken
    assert len(kept) >= 16
    assert lines(capsys)[-1]["request_id"] == kept


def test_nothing_that_was_sent_stands_in_the_log(login: Login, capsys: pytest.CaptureFixture[str]) -> None:
    client, stranger = login(Role.CLERK), login().application.test_client()
    assert isinstance(stranger, PanelClient)
    headers = {"User-Agent": PHONE, "Referer": f"http://localhost/?q={PHONE}", "X-Request-ID": PHONE}
    for address in (
        f"/customer/?search={ALL}",
        f"/no-such/{ALL}",
        f"/answer/{TOKEN}",
        f"/invitation/{TOKEN}",
    ):
        client.get(address, headers=headers)
        stranger.get(address, headers=headers)
    client.post("/customer/new/", data={"name": NAME, "phone": PHONE, "note": ALL})
    client.post("/vehicle/new/", data={"frame_number": FRAME, "plate_number": PLATE})
    stranger.post("/login", data={"email": f"{TOKEN}@example.com", "password": ALL})
    stranger.post("/reset", data={"email": f"{TOKEN}@example.com"})
    client.post("/customer/new/", data={"name": NAME}, csrf=False)
    written = lines(capsys)
    assert len([line for line in written if line["event"] == "request"]) == 13
    assert all(line["request_id"] for line in written)


def test_an_unforeseen_error_is_told_by_kind_and_place(
    login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_args: object) -> None:
        try:
            fail_with(KeyError(ALL))
        except KeyError as error:
            raise ValueError(ALL) from error

    monkeypatch.setattr("views.base.fetch_page", fail)
    client = login(Role.CLERK)
    capsys.readouterr()
    answer = client.get("/customer/")
    assert answer.status_code == 500
    failure, request = lines(capsys)
    assert failure["event"] == "unexpected_error"
    kinds = [line for line in failure["exception"].splitlines() if not line.startswith(" ")]
    assert kinds == ["ValueError", "KeyError"]
    assert "tests/test_logs.py" in failure["exception"]
    # The number on the page finds both lines.
    assert failure["request_id"] == request["request_id"]
    assert f"<code>{failure['request_id']}</code>" in answer.text


def test_an_error_of_the_database_is_told_by_state_and_constraint(
    db_session: Session, make: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    log = structlog.get_logger()
    make.dealer(code=FRAME)
    refused = (
        lambda: db_session.execute(text(f"SELECT '{NAME}'::integer")),
        lambda: db_session.execute(text(f'SELECT "{TOKEN}" FROM dealer')),
        lambda: make.dealer(code=FRAME, name=NAME, phone=PHONE),
    )
    for attempt in refused:
        try:
            attempt()
        except DBAPIError:
            log.exception("failed")
        db_session.rollback()
    written = lines(capsys)
    assert "22P02" in written[0]["exception"]
    assert "23505 uq_dealer_code" in written[-1]["exception"]


def test_what_libraries_say_comes_as_a_line_without_what_they_put_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    library = logging.getLogger("a.package")
    library.warning("Could not read %s of %s", NAME, PHONE)
    library.error(f"Gone: {PHONE}, {FRAME}, {PLATE}")
    try:
        fail_with(ValueError(ALL))
    except ValueError:
        library.exception("Failed for %s", NAME)
    first, second, third = lines(capsys)
    assert (first["event"], first["logger"], first["level"]) == (
        "Could not read %s of %s",
        "a.package",
        "warning",
    )
    assert second["event"].startswith("Gone: ***")
    assert third["exception"].startswith("ValueError\n  tests/test_logs.py")


def test_text_is_for_one_s_own_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogFormat.TEXT)
    try:
        fail_with(ValueError("said whole"))
    except ValueError:
        structlog.get_logger().exception("failed", run_id=7)
    written = capsys.readouterr().err
    assert "failed" in written
    assert "run_id=7" in written
    assert "ValueError: said whole" in written


def test_json_is_what_everybody_gets_who_asks_for_nothing_else() -> None:
    given = {
        "DATABASE_URL": "postgresql://a:b@c/d",
        "REDIS_URL": "redis://c:1/0",
        **dict.fromkeys(("SECRET_KEY", "PASSWORD_SECRET", "SECOND_FACTOR_SECRET"), "abcdefgh" * 4),
    }
    assert read_settings(given | {"ENVIRONMENT": "local"}).log_format is LogFormat.TEXT
    assert read_settings(given | {"ENVIRONMENT": "test"}).log_format is LogFormat.JSON
    outside = {"PUBLIC_URL": "https://a.example", "MAIL_FROM": "a@a.example"}
    assert read_settings(given | outside).log_format is LogFormat.JSON
