"""What a group is told: in short, cut to what its service takes, and without a meaning in anybody's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from test_digest_mail import FIRST_VERSION, payload

from jobs.digest_short import short_digest
from jobs.robot_message import LINE_MOST, TEXT_MOST, Message, plain, request_body, text_of
from models.organisation import Locale
from models.robot import Channel

__all__ = ["payload"]

CHANNELS = (Channel.WECOM, Channel.DINGTALK, Channel.FEISHU)
PAYLOADS = (
    "<at id=all></at>",
    '<font color="warning">x</font>',
    "<@all>",
    "@all @13800000000",
    "[click](https://evil.example/x)",
    "![x](https://evil.example/x.png)",
    "**bold** _x_ `code` ~~x~~ | # > ",
    "see https://evil.example or www.evil.example",
    "&lt;at id=all&gt;",
    "two\nlines\r\n# three\u2028four",
)


@pytest.mark.parametrize("written", PAYLOADS)
def test_what_people_wrote_has_no_meaning(written: str) -> None:
    assert not set(plain(written)) & set("*_`#<>[]@~|\\&\n\r\u2028")
    assert "://" not in plain(written)
    assert "evil.example" not in plain(written)


def test_ordinary_words_stay_as_they_are() -> None:
    for words in ("行驶中电机异响（150 km 后），约 3.5 小时", "HS-150: 48/50, 96.0%", "“好！”"):
        assert plain(words) == words


def test_a_sentence_is_cut_before_it_fills_the_message() -> None:
    assert len(plain("长" * 5000)) == LINE_MOST


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_message_fits_its_service_and_says_where_the_rest_is(app: Flask, channel: Channel) -> None:
    with app.test_request_context(), force_locale("en"):
        lines = [f"- {number} {'电' * 60}" for number in range(500)]
        body = request_body(channel, Message("标题", lines, "https://panel.example/digest/details/?id=1"))
    text = text_of(body)
    assert len(text.encode()) <= TEXT_MOST[channel]
    assert len(body) <= (4_096 + 100 if channel is Channel.WECOM else 20_000)
    last = text.splitlines()[-1]
    assert last == "… [More in the panel](https://panel.example/digest/details/?id=1)"
    assert all(line.endswith("电") for line in text.splitlines() if line.startswith("- "))


def test_each_service_gets_its_own_form(app: Flask) -> None:
    message = Message("[周报] 2/3", ["一", "二"], "https://panel.example/")
    with app.test_request_context(), force_locale("en"):
        forms = {channel: json.loads(request_body(channel, message)) for channel in CHANNELS}
    link = "[Open in the panel](https://panel.example/)"
    assert forms[Channel.WECOM] == {
        "msgtype": "markdown",
        "markdown": {"content": f"### ［周报］ 2/3\n一\n二\n{link}"},
    }
    assert forms[Channel.DINGTALK] == {
        "msgtype": "markdown",
        "markdown": {"title": "［周报］ 2/3", "text": f"### ［周报］ 2/3\n\n一\n\n二\n\n{link}"},
    }
    card = forms[Channel.FEISHU]["card"]
    assert forms[Channel.FEISHU]["msg_type"] == "interactive"
    assert card["header"]["title"] == {"tag": "plain_text", "content": "［周报］ 2/3"}
    assert card["elements"] == [{"tag": "markdown", "content": f"一\n二\n{link}"}]


@pytest.mark.parametrize("locale", list(Locale))
def test_a_digest_in_short_says_what_is_owed_and_has_no_link_that_acts(
    app: Flask, payload: dict[str, Any], locale: Locale
) -> None:
    payload["subjects"]["top"][0]["quotation"] = {"text": "<at id=all>", "number": "TS-1"}
    with app.test_request_context():
        message = short_digest(payload, locale, "https://panel.example", 7)
    text = "\n".join(message.lines)
    for number in ("ZG-7", "RW-1", "FA-1", "TS-2024-000005"):
        assert f"[{number}](https://panel.example/" in text
    for said in ("换供应商", "寄出配件", "改热处理工艺", "97.1%", "＜at id=all＞"):
        assert said in text
    assert message.url == "https://panel.example/digest/details/?id=7"
    assert not any(f"/{path}/" in text + message.url for path in ("point", "answer", "unsubscribe"))
    assert ("Needs you" in text) == (locale is Locale.ENGLISH)
    assert ("需要您处理" in text) == (locale is Locale.CHINESE)


def test_a_digest_of_the_first_version_is_still_told_in_short(app: Flask) -> None:
    with app.test_request_context():
        message = short_digest(FIRST_VERSION, Locale.ENGLISH, "https://panel.example", 7)
    assert "TS-2024-000005" in "\n".join(message.lines)


def test_a_calm_week_says_so_in_two_lines(app: Flask) -> None:
    payload = FIRST_VERSION | {"is_calm": True}
    with app.test_request_context():
        assert len(short_digest(payload, Locale.ENGLISH, "https://panel.example", 7).lines) == 3
