"""Saying of invented data that it is: on every page while there is any, and on each such record."""

from __future__ import annotations

from flask import Flask, g

from models import Record
from models.demo_record import has_demo_records, is_demo_record


def register(app: Flask) -> None:
    """Give templates the two questions."""
    app.jinja_env.globals.update(shows_demo=shows_demo, is_invented=is_invented)


def shows_demo() -> bool:
    """Tell whether anything in the panel is invented; one short query for each request."""
    if "shows_demo" not in g:
        g.shows_demo = has_demo_records()
    return bool(g.shows_demo)


def is_invented(row: Record) -> bool:
    """Tell whether a record is invented."""
    return shows_demo() and is_demo_record(row)
