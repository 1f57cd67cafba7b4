"""How long a statement may take: set for a request, open for jobs, imports and commands."""

from __future__ import annotations

from contextvars import ContextVar, Token

_seconds: ContextVar[float | None] = ContextVar("statement_seconds", default=None)


def limit_statements(seconds: float) -> Token[float | None]:
    """Give each statement from here on in this thread so long; return what takes that back."""
    return _seconds.set(seconds)


def unlimit_statements(token: Token[float | None]) -> None:
    """Let statements take again as long as before the `limit_statements` that gave this token."""
    _seconds.reset(token)


def statement_timeout() -> str | None:
    """Return the limit as PostgreSQL writes it, in milliseconds; None where there is none."""
    seconds = _seconds.get()
    return None if seconds is None else str(int(seconds * 1000))
