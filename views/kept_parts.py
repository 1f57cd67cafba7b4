"""Parts of pages that are drawn once and kept, since most of a page is the same for many readers.

The frame and the filters of a list took a third of the time of its page, to say each time the same.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from flask import Flask, request
from flask_babel import get_locale
from markupsafe import Markup

# Each a few KB: the menus of all roles on all pages, and the filters of all lists.
PARTS_MOST = 600


def register(app: Flask) -> None:
    """Give templates `kept_part(name, …)`, which draws another template from these values alone.

    It stands for an `include`, but sees neither the page's variables nor the request: a token, a nonce or a
    name of the reader in it would be shown to the next one.
    """

    @lru_cache(PARTS_MOST)
    def draw(name: str, _language: str, _root: str, values: tuple[tuple[str, Hashable], ...]) -> Markup:
        return Markup(app.jinja_env.get_template(name).render(values))  # noqa: S704 - the template escapes

    def kept_part(name: str, **values: Hashable) -> Markup:
        return draw(name, str(get_locale()), request.script_root, tuple(values.items()))

    app.jinja_env.globals["kept_part"] = kept_part
