"""Addresses of records' pages by the hundred, for lists: with `url_for` they took a tenth of the page."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote_plus

from flask import g, url_for


def record_address(endpoint: str, key: int, **args: str | int | None) -> str:
    """Return the address of an endpoint for the record with this id, as `url_for` writes it.

    The path is asked for once a request; an argument that is None or empty is left out.
    """
    paths: dict[str, str] = g.setdefault("addresses", {})
    path = paths.get(endpoint)
    if path is None:
        path = paths[endpoint] = url_for(endpoint)
    rest = "".join([f"&{name}={_quoted(str(value))}" for name, value in args.items() if value])
    return f"{path}?id={key}{rest}"


# What Werkzeug leaves as it is in a query.
_SAFE = "!$'()*,/:;?@"


@lru_cache(1000)
def _quoted(value: str) -> str:
    return quote_plus(value, safe=_SAFE)
