"""The keys that lead from anywhere to a page: g, then a letter."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import lazy_gettext as _

# Endpoint of a page -> its letter, in the order of the sidebar.
LETTERS: Mapping[str, str] = {
    "due": "u",
    "decision": "a",
    "complaint": "c",
    "customer": "k",
    "vehicle": "v",
    "service_receipt": "r",
    "call_record": "t",
    "dealer": "d",
    "warranty_claim": "w",
    "parts_quality_record": "q",
    "part": "p",
    "digest": "b",
}


@dataclass(frozen=True, slots=True)
class GoKey:
    """A letter that, after g, opens a page."""

    letter: str
    label: str
    url: str


def go_keys(endpoints: Container[str]) -> list[GoKey]:
    """Return the letters for the first page and for those of the pages that have one."""
    pages: list[Any] = current_app.extensions["pages"]
    by_endpoint = {page.endpoint: page for page in pages}
    keys = [GoKey("h", str(_("Home")), url_for("home.index"))]
    for endpoint, letter in LETTERS.items():
        page = by_endpoint[endpoint]
        if endpoint in endpoints:
            url = url_for(f"{endpoint}.{page._default_view}")  # noqa: SLF001 - as views.menu
            keys.append(GoKey(letter, str(page.title), url))
    return keys
