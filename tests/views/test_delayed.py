"""No delay is a signal: what an address says reaches the database as a bound value, never as a statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event
from test_every_address import BRIEF, address, rules

from conftest import Login
from factories import Factory
from models import db
from models.organisation import Role

# Part of the function's name: a search escapes the rest of it.
SLEEP = "sleep"
# Closes a text, ends a number, opens another statement.
PAYLOAD = "1' || pg_sleep(9) || '; SELECT pg_sleep(9); --"
# What pages take behind the question mark, beside the filters of lists.
NAMES = (
    *("q", "query", "search", "sort", "desc", "page", "page_size", "before", "kind", "field", "state"),
    *("region", "at", "day", "type", "from", "name", "text", "mapping", "locale", "only", "role", "staff"),
    *("table", "record", "step", "year", "customer_id", "vehicle_id", "subject_id"),
)


@contextmanager
def said_to_the_database(app: Flask) -> Iterator[list[tuple[str, Any]]]:
    """Collect each statement as it is sent, with the values that are sent beside it."""
    said: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        said.append((statement, parameters))

    with app.app_context():
        bind = db.engines[None]
    engine = getattr(bind, "engine", bind)
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_no_address_carries_a_delay_into_a_statement(app: Flask, make: Factory, login: Login) -> None:
    make.customer()
    client = login(*Role)
    views = {view.endpoint: view for view in app.extensions["record_views"].values()}
    with said_to_the_database(app) as said:
        for rule in rules(app):
            if "GET" not in (rule.methods or ()):
                continue
            view = views.get(rule.endpoint.partition(".")[0])
            keys = [key for each in view.filters.values() for key in each.keys] if view else []
            sent = dict.fromkeys((*NAMES, *keys), PAYLOAD)
            with client.get(address(rule), query_string=sent, headers=BRIEF) as answer:
                assert answer.status_code < 500, rule.rule
    assert [statement for statement, _values in said if SLEEP in statement] == []
    # They did get there: a test that sent nothing would find nothing.
    assert sum(SLEEP in repr(values) for _statement, values in said) > 20
