"""Addresses of records' pages by the hundred, for lists: with `url_for` they took a tenth of the page."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote_plus

from flask import g, url_for


def record_address(endpoint: str, key: int, **args: str | int | None) -> str:
    """Return the address of an endpoint for the record with this id, as `url_for` writes it.

    An argument that is None or empty is left out.
    """
    return f"{before_id(endpoint)}{key}{after_id(**args)}"


def before_id(endpoint: str) -> str:
    """Return how the addresses of an endpoint begin up to a record's id; asked for once a request."""
    kept: dict[str, str] = g.setdefault("addresses", {})
    if endpoint not in kept:
        kept[endpoint] = f"{url_for(endpoint)}?id="
    return kept[endpoint]


def after_id(**args: str | int | None) -> str:
    """Return what follows a record's id in an address."""
    return "".join([f"&{name}={_quoted(str(value))}" for name, value in args.items() if value])


# What Werkzeug leaves as it is in a query.
_SAFE = "!$'()*,/:;?@"


@lru_cache(1000)
def _quoted(value: str) -> str:
    return quote_plus(value, safe=_SAFE)
