"""Building what a group robot takes: short Markdown in which nothing of what people wrote has a meaning.

WeCom takes 4,096 bytes of Markdown, DingTalk a request of 20,000 bytes, Feishu one of 20 KB; their
documentation is named in models.robot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from jobs.mail_message import one_line
from models.robot import Channel

# Of the text alone: around it stand the names of fields, and each line end takes two bytes.
TEXT_MOST = {Channel.WECOM: 4_000, Channel.DINGTALK: 16_000, Channel.FEISHU: 16_000}
# Longer sentences are cut: the whole one is in the panel.
LINE_MOST = 400
# Signs of Markdown, of tags such as <at id=all> and of calls such as @all, as signs that only look so.
_HARMLESS = {ord(sign): ord(sign) + 0xFEE0 for sign in "*_`#<>[]@~|\\&"}
# Otherwise the services' apps make links of what customers wrote.
_LINKED = re.compile(r"(?<=[A-Za-z0-9])\.(?=[A-Za-z])")


@dataclass(frozen=True, slots=True)
class Message:
    """What a group is told: a title, lines of Markdown, and where the rest stands."""

    title: str
    lines: Sequence[str]
    url: str


def plain(text: str) -> str:
    """Return words of people on one line, so that no service reads formats, links, tags or calls in them."""
    line = one_line(text).translate(_HARMLESS).replace("://", "：//")
    return _LINKED.sub("．", line if len(line) <= LINE_MOST else line[: LINE_MOST - 1] + "…")


def request_body(channel: Channel, message: Message) -> bytes:
    """Return the JSON of a message, unsigned; one too long ends with a whole line and a way to the rest."""
    title = plain(message.title)
    if channel is Channel.FEISHU:
        return _json(
            {
                "msg_type": "interactive",
                "card": {
                    "config": {"wide_screen_mode": True},
                    "header": {"template": "blue", "title": {"tag": "plain_text", "content": title}},
                    "elements": [{"tag": "markdown", "content": _text(channel, message.lines, message.url)}],
                },
            }
        )
    text = _text(channel, [f"### {title}", *message.lines], message.url)
    if channel is Channel.WECOM:
        return _json({"msgtype": "markdown", "markdown": {"content": text}})
    return _json({"msgtype": "markdown", "markdown": {"title": title, "text": text}})


def text_of(body: bytes) -> str:
    """Return the Markdown of a message that was built here."""
    found: dict[str, Any] = json.loads(body)
    if "card" in found:
        return str(found["card"]["elements"][0]["content"])
    return str(found["markdown"].get("content") or found["markdown"]["text"])


def _text(channel: Channel, lines: Sequence[str], url: str) -> str:
    # DingTalk joins lines that follow each other.
    between = "\n\n" if channel is Channel.DINGTALK else "\n"
    whole = between.join([*lines, f"[{_('Open in the panel')}]({url})"])
    most = TEXT_MOST[channel]
    if len(whole.encode()) <= most:
        return whole
    rest = f"… [{_('More in the panel')}]({url})"
    taken: list[str] = []
    for line in lines:
        if len(between.join([*taken, line, rest]).encode()) > most:
            break
        taken.append(line)
    return between.join([*taken, rest])


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
