"""One search over every type of record that the reader may list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from flask import current_app, request
from flask_admin import expose
from flask_babel import lazy_gettext as _

from views.fields import clean_line
from views.lookups import SEARCH_MOST
from views.page import PageForAll
from views.suggestions import look_up

HITS_MOST = 6


class SearchView(PageForAll):
    """Search every type of record that the reader may list."""

    permission = "search"
    actions: ClassVar[Mapping[str, str]] = {"index": "read"}
    title = _("Search")

    def __init__(self) -> None:
        super().__init__(name="search", endpoint="search", url="/search")

    @expose("/")
    def index(self) -> str:
        """Show what was found, by type."""
        typed = clean_line(request.args.get("q", "")[:SEARCH_MOST])
        found = []
        for view in current_app.extensions["record_views"].values() if typed else ():
            if view.is_allowed("list"):
                hits = look_up(view.model, typed)[:HITS_MOST]
                if hits:
                    found.append((view, hits))
        return self.render("search.html", typed=typed, found=found)
