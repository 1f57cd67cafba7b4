"""Asking the database for what need not be known at any price: in good time, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from models.sql import within

T = TypeVar("T")
# What the database does not tell in this time is said to be unknown.
ASK_SECONDS = 2.0

log = structlog.get_logger()


def asked(fetch: Callable[[], T]) -> T | None:
    """Return what the database answers in good time, else None."""
    try:
        with within(ASK_SECONDS):
            return fetch()
    except (DBAPIError, PoolTimeoutError) as error:
        log.warning("database_slow", error=type(error).__name__)
        return None
