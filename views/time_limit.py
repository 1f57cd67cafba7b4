"""A statement that a person waits for ends in time: no page keeps a worker from the others."""

from __future__ import annotations

from flask import Flask, g

from config import Settings
from models.time_limit import limit_statements, unlimit_statements


def register(app: Flask) -> None:
    """Bound what each request asks of the database, from its first statement on."""
    settings: Settings = app.extensions["settings"]

    def begin() -> None:
        g.statements_before = limit_statements(settings.statement_seconds)

    def end(_error: BaseException | None = None) -> None:
        if "statements_before" in g:
            unlimit_statements(g.pop("statements_before"))

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.teardown_request(end)
