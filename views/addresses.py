"""Addresses by the hundred, of pages and of lists' records: with `url_for` they took a tenth of the page."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote_plus

import flask
from flask import Flask, has_request_context, request


def register(app: Flask) -> None:
    """Let templates name pages without each address being put together anew."""
    app.jinja_env.globals["url_for"] = url_for


def url_for(endpoint: str, **values: Any) -> str:
    """Return an address as Flask does; what takes no values is put together once."""
    if values or endpoint.startswith(".") or not has_request_context():
        return flask.url_for(endpoint, **values)
    return _page_address(request.script_root, endpoint)


@cache
def _page_address(script_root: str, endpoint: str) -> str:  # noqa: ARG001 - the address begins with it
    return flask.url_for(endpoint)


def record_address(endpoint: str, key: int, **args: str | int | None) -> str:
    """Return the address of an endpoint for the record with this id, as `url_for` writes it.

    An argument that is None or empty is left out.
    """
    return f"{before_id(endpoint)}{key}{after_id(**args)}"


def before_id(endpoint: str) -> str:
    """Return how the addresses of an endpoint begin up to a record's id."""
    return f"{url_for(endpoint)}?id="


def after_id(**args: str | int | None) -> str:
    """Return what follows a record's id in an address."""
    return "".join([f"&{name}={_quoted(str(value))}" for name, value in args.items() if value])


# What Werkzeug leaves as it is in a query.
_SAFE = "!$'()*,/:;?@"


@lru_cache(1000)
def _quoted(value: str) -> str:
    return quote_plus(value, safe=_SAFE)
