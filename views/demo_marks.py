"""Saying of invented data that it is: on every page while there is any, and on each such record."""

from __future__ import annotations

from flask import Flask

from models import Record
from models.centre import centre_facts
from models.demo_record import is_demo_record


def register(app: Flask) -> None:
    """Give templates the two questions."""
    app.jinja_env.globals.update(shows_demo=shows_demo, is_invented=is_invented)


def shows_demo() -> bool:
    """Tell whether anything in the panel is invented."""
    return centre_facts().has_demo_records


def is_invented(row: Record) -> bool:
    """Tell whether a record is invented."""
    return shows_demo() and is_demo_record(row)
