"""Chat groups for tests, sealed also where no application is at hand."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from flask import Flask, has_app_context

from models import ChatGroup

SECRET = "a-secret-that-only-the-tests-have-0123456789"


def wecom_address(number: int) -> str:
    """Return the address of a robot that nobody has."""
    return f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={uuid.UUID(int=number)}"


def chat_group(number: int, attributes: Mapping[str, Any]) -> ChatGroup:
    """Return a group with a robot of its own."""
    values = dict(attributes)
    region = values.pop("region", None)
    defaults = {
        "name": f"群 {number}",
        "webhook": wecom_address(number),
        "region_id": region.id if region else None,
    }
    with _sealing():
        return ChatGroup(**(defaults | values))


@contextmanager
def _sealing() -> Iterator[None]:
    if has_app_context():
        yield
        return
    bare = Flask("sealing")
    bare.extensions["settings"] = SimpleNamespace(second_factor_secret=SECRET)
    with bare.app_context():
        yield
