"""Calling a group robot, so that each way to fail tells whether the message may have arrived.

The services answer 200 to nearly everything; what counts is the number in the answer's JSON. They tell of
their numbers at https://developer.work.weixin.qq.com/document/path/90313 (WeCom),
https://open.dingtalk.com/document/orgapp/custom-robot-access (DingTalk) and
https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN (Feishu); a number that is not known here
counts as final.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_plus

from jobs.public_route import Route, connect, public_route
from jobs.smtp import Outcome, Verdict, cut_after, described, plain_words
from models.robot import Channel, Robot

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 20.0
# They answer with some hundred bytes.
LARGEST_ANSWER = 65_536

# Refused for now: the service is busy (-1), or was asked too often. Every other number is for good.
TEMPORARY_CODES = {
    Channel.WECOM: frozenset({-1, 45009, 45033}),
    Channel.DINGTALK: frozenset({-1, 130101, 410100}),
    Channel.FEISHU: frozenset({-1, 11232, 11233, 99991400}),
}
# What was not taken for certain, but may be the next time.
_TRY_LATER = frozenset({429, 503})


def send(
    robot: Robot, message: bytes, seconds: float, find_route: Callable[[str], Route] = public_route
) -> Outcome:
    """Hand `message`, the JSON that the service takes, to a robot within so many seconds.

    Until the request is begun a failure can be tried again; a break after that, or an answer that says
    neither yes nor no, leaves it open whether the group has it. The robot's key is in no answer.
    """
    target, body = signed(robot, message, time.time())
    is_begun = False
    try:
        with _connection(robot.host, seconds, find_route) as connection:
            is_begun = True
            connection.request("POST", target, body, {"Content-Type": "application/json; charset=utf-8"})
            response = connection.getresponse()
            outcome = _read(robot.channel, response.status, response.read(LARGEST_ANSWER + 1))
    except (http.client.HTTPException, OSError, ValueError) as error:
        outcome = Outcome(
            Verdict.UNKNOWN if is_begun else Verdict.TEMPORARY, plain_words(None, described(error))
        )
    return Outcome(outcome.verdict, _without_secrets(robot, outcome.answer))


def signed(robot: Robot, message: bytes, at: float) -> tuple[str, bytes]:
    """Return path and body of the request at an instant in seconds, signed where the robot asks for that.

    DingTalk wants the sign in the address, over milliseconds and secret with the secret as key; Feishu in the
    body, over nothing, with seconds and secret as key.
    """
    if robot.secret is None:
        return robot.target, message
    if robot.channel is Channel.DINGTALK:
        milliseconds = str(round(at * 1000))
        sign = _sign(robot.secret, f"{milliseconds}\n{robot.secret}")
        return f"{robot.target}&timestamp={milliseconds}&sign={quote_plus(sign)}", message
    moment = str(int(at))
    proof = {"timestamp": moment, "sign": _sign(f"{moment}\n{robot.secret}", "")}
    return robot.target, json.dumps(proof | json.loads(message), ensure_ascii=False).encode()


def _sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode("ascii")


@contextlib.contextmanager
def _connection(
    host: str, seconds: float, find_route: Callable[[str], Route]
) -> Iterator[http.client.HTTPConnection]:
    """Connect and encrypt; whatever happens, the connection is cut after `seconds`."""
    until = time.monotonic() + seconds
    route = find_route(host)
    with contextlib.ExitStack() as ends:
        plain = connect(route, CONNECT_SECONDS, until)
        ends.callback(plain.close)
        cut_after(max(until - time.monotonic(), 0), plain, ends)
        # The certificate is that of the name, whatever address it led to.
        encrypted = route.context.wrap_socket(plain, server_hostname=host)
        ends.callback(encrypted.close)
        encrypted.settimeout(min(SILENCE_SECONDS, seconds))
        connection = http.client.HTTPConnection(host)
        # Over this connection or none.
        connection.auto_open = 0
        connection.sock = encrypted
        ends.callback(connection.close)
        yield connection


def _read(channel: Channel, status: int, content: bytes) -> Outcome:
    code, words = _said(channel, content)
    said = (
        plain_words(code, words)
        if code is not None
        else plain_words(status, http.client.responses.get(status, ""))
    )
    if code is not None and 200 <= status < 500:
        if code == 0:
            return Outcome(Verdict.SENT if status == 200 else Verdict.UNKNOWN, said)
        is_temporary = code in TEMPORARY_CODES[channel] or status == 429
        return Outcome(Verdict.TEMPORARY if is_temporary else Verdict.PERMANENT, said)
    if status in _TRY_LATER:
        return Outcome(Verdict.TEMPORARY, said)
    # Moved (never followed), forbidden, not there: nobody took it. An error inside says nothing of that.
    return Outcome(Verdict.PERMANENT if 300 <= status < 500 else Verdict.UNKNOWN, said)


def _said(channel: Channel, content: bytes) -> tuple[int | None, str]:
    """Return number and words of an answer; no number where it is not one of the service's."""
    if len(content) > LARGEST_ANSWER:
        return None, ""
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None, ""
    names = ("code", "msg") if channel is Channel.FEISHU else ("errcode", "errmsg")
    code = found.get(names[0]) if isinstance(found, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        return None, ""
    return code, str(found.get(names[1], ""))


def _without_secrets(robot: Robot, answer: str) -> str:
    for secret in (robot.key, robot.secret):
        if secret:
            answer = answer.replace(secret, "…")
    return answer
