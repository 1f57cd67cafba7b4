"""Calling a robot: what each answer, and each way to fail, says of whether the message arrived."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from robot_server import RobotServer, robot_server

from jobs import public_route
from jobs.public_route import InsideAddressError, Route, is_public
from jobs.robots import LARGEST_ANSWER, send, signed
from jobs.smtp import Outcome, Verdict
from mail_server import free_port
from models.robot import Channel, Robot, read_robot

KEY = "693a91f6-7aac-4bc4-97a0-0ec2f1fa5aaa"
TOKEN = "5e" * 32
SECRET = "SEC0123456789abcdef"
WECOM = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"
DINGTALK = f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}"
FEISHU = f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}"
LARK = f"https://open.larksuite.com/open-apis/bot/v2/hook/{KEY}"
MESSAGE = b'{"msgtype":"markdown"}'
ADDRESSES = {Channel.WECOM: WECOM, Channel.DINGTALK: DINGTALK, Channel.FEISHU: FEISHU}


@pytest.fixture(scope="module")
def running() -> Iterator[RobotServer]:
    with robot_server() as server:
        yield server


@pytest.fixture
def service(running: RobotServer) -> RobotServer:
    running.answers(errcode=0, errmsg="ok")
    running.headers = running.behaves = ""
    running.requests.clear()
    return running


def robot(address: str, secret: str | None = None) -> Robot:
    found = read_robot(address, secret)
    assert found is not None
    return found


def call(
    service: RobotServer, address: str = WECOM, seconds: float = 5, secret: str | None = None
) -> Outcome:
    return send(robot(address, secret), MESSAGE, seconds, service.route)


@pytest.mark.parametrize("address", [WECOM, DINGTALK, FEISHU, LARK])
def test_the_forms_of_the_services_are_read(address: str) -> None:
    found = robot(address)
    assert f"https://{found.host}{found.target}" == address
    assert found.key not in found.shortened
    assert found.key not in repr(found)


@pytest.mark.parametrize(
    "address",
    [
        WECOM.replace("https", "http"),
        WECOM.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com:8443"),
        WECOM.replace("https://", "https://user@"),
        WECOM.replace("https://", "https://qyapi.weixin.qq.com@evil.example/"),
        WECOM.replace("qyapi.weixin.qq.com", "qyapi.weixin.qq.com.evil.example"),
        WECOM.replace("qyapi.weixin.qq.com", "127.0.0.1"),
        WECOM.replace("/webhook/send", "/webhook/upload_media"),
        WECOM.replace("/cgi-bin", "/x/../cgi-bin"),
        f"{WECOM}&debug=1",
        f"{WECOM}#x",
        f"{WECOM}\r\nHost: evil.example",
        WECOM[:-1],
        DINGTALK.replace(TOKEN, "not-hex"),
        FEISHU.replace("open.feishu.cn", "oapi.dingtalk.com"),
        FEISHU + "/x",
        "https://[::1",
        "",
    ],
)
def test_nothing_else_is_called(address: str) -> None:
    assert read_robot(address) is None


def test_the_request_goes_to_the_service_by_its_name(service: RobotServer) -> None:
    assert call(service) == Outcome(Verdict.SENT, "0 ok")
    (request,) = service.requests
    assert request.line == f"POST /cgi-bin/webhook/send?key={KEY} HTTP/1.1"
    assert request.headers["host"] == request.asked_for == "qyapi.weixin.qq.com"
    assert request.headers["content-type"].startswith("application/json")
    assert request.body == MESSAGE


@pytest.mark.parametrize(
    ("channel", "status", "code", "verdict"),
    [
        (Channel.WECOM, 200, 0, Verdict.SENT),
        (Channel.WECOM, 200, -1, Verdict.TEMPORARY),
        (Channel.WECOM, 200, 45009, Verdict.TEMPORARY),
        (Channel.WECOM, 200, 93000, Verdict.PERMANENT),
        (Channel.WECOM, 200, 40058, Verdict.PERMANENT),
        (Channel.DINGTALK, 200, 0, Verdict.SENT),
        (Channel.DINGTALK, 200, 130101, Verdict.TEMPORARY),
        (Channel.DINGTALK, 200, 410100, Verdict.TEMPORARY),
        (Channel.DINGTALK, 200, 310000, Verdict.PERMANENT),
        (Channel.FEISHU, 200, 0, Verdict.SENT),
        (Channel.FEISHU, 400, 11232, Verdict.TEMPORARY),
        (Channel.FEISHU, 429, 1, Verdict.TEMPORARY),
        (Channel.FEISHU, 400, 9499, Verdict.PERMANENT),
        (Channel.FEISHU, 200, 19021, Verdict.PERMANENT),
        # A success that is none.
        (Channel.FEISHU, 302, 0, Verdict.UNKNOWN),
    ],
)
def test_the_number_in_the_answer_counts(
    service: RobotServer, channel: Channel, status: int, code: int, verdict: Verdict
) -> None:
    names = ("code", "msg") if channel is Channel.FEISHU else ("errcode", "errmsg")
    service.answers(status, **{names[0]: code, names[1]: "what it says"})
    assert call(service, ADDRESSES[channel]) == Outcome(verdict, f"{code} what it says")


@pytest.mark.parametrize(
    ("status", "content", "verdict"),
    [
        (200, b"<html>", Verdict.UNKNOWN),
        (200, b"[]", Verdict.UNKNOWN),
        (200, b'{"errcode":"0"}', Verdict.UNKNOWN),
        (200, b"[" * 60_000, Verdict.UNKNOWN),
        (404, b"", Verdict.PERMANENT),
        (429, b"", Verdict.TEMPORARY),
        (503, b"", Verdict.TEMPORARY),
        # Somebody behind the door may have taken it before the door said so.
        (500, b"", Verdict.UNKNOWN),
        (502, b'{"errcode":0}', Verdict.UNKNOWN),
    ],
)
def test_an_answer_without_a_number_is_no_yes(
    service: RobotServer, status: int, content: bytes, verdict: Verdict
) -> None:
    service.status, service.content = status, content
    assert call(service).verdict is verdict


def test_a_redirect_is_not_followed(service: RobotServer) -> None:
    service.status, service.content = 307, b""
    service.headers = f"Location: https://127.0.0.1:{service.port}/inside\r\n"
    assert call(service).verdict is Verdict.PERMANENT
    assert len(service.requests) == 1


def test_no_more_is_read_of_a_huge_answer_than_fits(service: RobotServer) -> None:
    service.content = b'{"errcode":0,"errmsg":"' + b"x" * (20 * LARGEST_ANSWER) + b'"}'
    assert call(service) == Outcome(Verdict.UNKNOWN, "200 OK")


@pytest.mark.parametrize("behaves", ["drop", "hang"])
def test_a_break_after_the_request_leaves_it_open(service: RobotServer, behaves: str) -> None:
    service.behaves = behaves
    assert call(service, seconds=0.5).verdict is Verdict.UNKNOWN
    assert len(service.requests) == 1
    service.ends.set()
    service.ends.clear()


def test_before_the_request_a_failure_can_be_tried_again(service: RobotServer) -> None:
    service.behaves = "deaf"
    assert call(service, seconds=0.5).verdict is Verdict.TEMPORARY
    service.ends.set()
    service.ends.clear()
    service.port, port = free_port(), service.port
    assert call(service).verdict is Verdict.TEMPORARY
    service.port = port
    assert service.requests == []


def test_a_certificate_of_somebody_else_is_refused(service: RobotServer) -> None:
    route = Route(("127.0.0.1",), service.port, ssl.create_default_context())
    outcome = send(robot(WECOM), MESSAGE, 5, lambda _host: route)
    assert outcome.verdict is Verdict.TEMPORARY
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.answer
    assert service.requests == []


def test_no_answer_holds_the_key_or_the_secret(service: RobotServer) -> None:
    service.answers(errcode=310000, errmsg=f"token {TOKEN} and {SECRET} are wrong")
    assert call(service, DINGTALK, secret=SECRET).answer == "310000 token … and … are wrong"


def test_dingtalk_is_signed_in_the_address(service: RobotServer) -> None:
    call(service, DINGTALK, secret=SECRET)
    query = parse_qs(urlsplit(service.requests[0].line.split()[1]).query)
    text = f"{query['timestamp'][0]}\n{SECRET}".encode()
    expected = base64.b64encode(hmac.digest(SECRET.encode(), text, hashlib.sha256)).decode()
    assert (query["access_token"], query["sign"]) == ([TOKEN], [expected])
    assert service.requests[0].body == MESSAGE


def test_feishu_is_signed_in_the_body() -> None:
    target, body = signed(robot(FEISHU, "a-secret-of-feishu"), b'{"msg_type":"interactive"}', 1_700_000_000.9)
    expected = hmac.digest(b"1700000000\na-secret-of-feishu", b"", hashlib.sha256)
    assert target == f"/open-apis/bot/v2/hook/{KEY}"
    assert json.loads(body) == {
        "timestamp": "1700000000",
        "sign": base64.b64encode(expected).decode(),
        "msg_type": "interactive",
    }


# Where a name leads


def found(*addresses: str) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "nonsense",
    ],
)  # fmt: skip
def test_an_inside_address_is_refused_even_beside_a_public_one(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(InsideAddressError):
        public_route.public_route("qyapi.weixin.qq.com", lambda *_a, **_k: found("1.1.1.1", address))


def test_public_addresses_are_taken() -> None:
    assert all(is_public(each) for each in ("109.244.145.1", "2402:4e00::1", "64:ff9b::6df4:9101"))
    with pytest.raises(OSError, match="no address"):
        public_route.public_route("qyapi.weixin.qq.com", lambda *_a, **_k: [])


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [found("109.244.145.1"), found("127.0.0.1")]
    asked: list[str] = []
    connected: list[Any] = []

    def look_up(host: str, *_rest: Any, **_more: Any) -> list[Any]:
        asked.append(host)
        return answers.pop(0)

    def refuse(address: Any, timeout: float) -> socket.socket:
        connected.append((address, timeout <= 10))
        raise ConnectionRefusedError("closed")

    monkeypatch.setattr(socket, "create_connection", refuse)
    route = lambda host: public_route.public_route(host, look_up)
    assert send(robot(WECOM), MESSAGE, 5, route) == Outcome(
        Verdict.TEMPORARY, "ConnectionRefusedError: closed"
    )
    assert asked == ["qyapi.weixin.qq.com"]
    assert connected == [(("109.244.145.1", 443), True)]


def test_an_inside_answer_is_never_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", pytest.fail)
    outcome = send(
        robot(WECOM),
        MESSAGE,
        5,
        lambda host: public_route.public_route(host, lambda *_a, **_k: found("10.0.0.1")),
    )
    assert outcome.verdict is Verdict.TEMPORARY
    assert "leads to an address inside" in outcome.answer
