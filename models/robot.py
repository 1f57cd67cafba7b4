"""Group robots of WeCom, DingTalk and Feishu: which addresses are theirs, and how one is spoken of.

Nothing else is ever called: the forms are those of the services' own documentation, and a robot's key stands
in its address, so that the address is a secret as a password is.

WeCom: https://developer.work.weixin.qq.com/document/path/91770
DingTalk: https://open.dingtalk.com/document/orgapp/custom-robot-access
Feishu: https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _

from models.base import Labelled

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# So much of a key stands in the shortened address: enough to tell two robots apart, and no way in.
SHOWN = 8


class Channel(Labelled):
    """By which way something reaches its recipient."""

    MAIL = "mail", _("E-mail")
    WECOM = "wecom", _("WeCom")
    DINGTALK = "dingtalk", _("DingTalk")
    FEISHU = "feishu", _("Feishu")


@dataclass(frozen=True, slots=True)
class Service:
    """What the addresses of a service look like; `target` is path and query, its group the key."""

    channel: Channel
    target: re.Pattern[str]
    example: str
    # What its signing secrets look like, None where its robots have none.
    secret: re.Pattern[str] | None


_FEISHU = re.compile(rf"/open-apis/bot/v2/hook/({_UUID})")
_FEISHU_SECRET = re.compile(r"[0-9A-Za-z_-]{10,100}")
SERVICES: Mapping[str, Service] = {
    "qyapi.weixin.qq.com": Service(
        Channel.WECOM,
        re.compile(rf"/cgi-bin/webhook/send\?key=({_UUID})"),
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
        None,
    ),
    "oapi.dingtalk.com": Service(
        Channel.DINGTALK,
        re.compile(r"/robot/send\?access_token=([0-9a-fA-F]{32,128})"),
        "https://oapi.dingtalk.com/robot/send?access_token=…",
        re.compile(r"SEC[0-9A-Za-z]{10,100}"),
    ),
    "open.feishu.cn": Service(
        Channel.FEISHU, _FEISHU, "https://open.feishu.cn/open-apis/bot/v2/hook/…", _FEISHU_SECRET
    ),
    "open.larksuite.com": Service(
        Channel.FEISHU, _FEISHU, "https://open.larksuite.com/open-apis/bot/v2/hook/…", _FEISHU_SECRET
    ),
}


@dataclass(frozen=True, slots=True)
class Robot:
    """Where a message to a group goes, and by which secret it is signed; the key is kept out of its repr."""

    channel: Channel
    host: str
    target: str = field(repr=False)
    key: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)

    @property
    def shortened(self) -> str:
        """Return the address as people may see it: the service, and the end of the key."""
        return f"{self.host}/…{self.key[-SHOWN:].lower()}"


def read_robot(address: str, secret: str | None = None) -> Robot | None:
    """Return the robot at `address`, None where that is not exactly what a service gives out."""
    service = service_of(address)
    if service is None:
        return None
    parts = urlsplit(address)
    target = address.removeprefix(f"https://{parts.hostname}")
    found = service.target.fullmatch(target)
    if found is None or parts.hostname is None or (secret is not None and service.secret is None):
        return None
    return Robot(service.channel, parts.hostname, target, found[1], secret)


def service_of(address: str) -> Service | None:
    """Return whose address it is by its host, right or not; None for any other."""
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return None
    return SERVICES.get(host or "")
