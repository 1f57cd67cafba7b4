"""One search over every type of record that the reader may list, as a page and as one types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Response, current_app, jsonify, request, url_for
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from models import Record
from views.base import RecordView
from views.commands import Command, commands, find_commands
from views.fields import clean_line
from views.finding import SEARCH_MOST
from views.hits import ENDING, FIRST_TYPES, Hit, find_hits, may_match
from views.page import PageForAll

HITS_MOST = 6
# In the list below the box: of the types that people look for most, and of each other one.
FIRST_MOST, OTHERS_MOST, COMMANDS_MOST = 5, 3, 6


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one type of record; `is_more` where there are further ones."""

    view: RecordView
    hits: list[Hit]
    is_more: bool


class SearchView(PageForAll):
    """Search every type of record that the reader may list."""

    permission = "search"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "hits": "read"}
    title = _("Search")

    def __init__(self) -> None:
        super().__init__(name="search", endpoint="search", url="/search")

    @expose("/")
    def index(self) -> str:
        """Show what was found, by type."""
        typed = asked()
        found = search(typed, dict.fromkeys(listed_views(), HITS_MOST))
        return self.render("search.html", typed=typed, found=found)

    @expose("/hits/")
    def hits(self) -> Response:
        """Answer the search box: the first hits of each type, and the pages of that name."""
        typed = asked()
        if not typed:
            first = [each for each in commands() if each.is_new][:COMMANDS_MOST]
            return jsonify(typed="", groups=_command_groups(first))
        most = {
            view: FIRST_MOST if view.model in FIRST_TYPES else OTHERS_MOST
            for view in listed_views()
            if _is_enough(typed) and may_match(view.model, typed)
        }
        found = search(typed, most)
        certain = [each for each in found if each.hits[0].closeness <= ENDING]
        named = _command_groups(find_commands(typed, COMMANDS_MOST))
        likely = [each for each in found if each not in certain]
        groups = [*map(_group, certain), *named, *(_group(each) for each in likely)]
        return jsonify(typed=typed, groups=groups)


def asked() -> str:
    """Return what the reader searches for, in bounds."""
    return clean_line(request.args.get("q", "")[:SEARCH_MOST])


def listed_views() -> list[RecordView]:
    """Return the types that who acts now may list, those that people look for most first."""
    views: dict[type[Record], RecordView] = current_app.extensions["record_views"]
    ordered = (*FIRST_TYPES, *(model for model in views if model not in FIRST_TYPES))
    return [views[model] for model in ordered if views[model].is_allowed("list")]


def search(typed: str, most: Mapping[RecordView, int]) -> list[Found]:
    """Return what is found of each type, at most so many; one query finds the records of a type."""
    found = []
    for view, count in most.items() if typed else ():
        hits = find_hits(view, typed, count + 1)
        if hits:
            found.append(Found(view, hits[:count], len(hits) > count))
    return found


def _is_enough(typed: str) -> bool:
    """Tell whether records are worth looking for: one letter or digit stands in all, a character in few."""
    return len(typed) > 1 or not typed.isascii()


def _group(found: Found) -> dict[str, Any]:
    view = found.view
    hits = [
        {
            "label": hit.label,
            "hint": hit.hint,
            "url": url_for(f"{view.endpoint}.details_view", id=hit.id),
        }
        for hit in found.hits
    ]
    more = url_for(f"{view.endpoint}.index_view", search=asked()) if found.is_more else None
    return {"label": str(view.plural), "icon": view.icon, "hits": hits, "more": more}


def _command_groups(found: list[Command]) -> list[dict[str, Any]]:
    """Return the pages found, then the forms for new records."""
    groups = []
    for is_new, label in ((False, gettext("Go to")), (True, gettext("New record"))):
        hits = [
            {"label": str(each.label), "hint": "", "url": each.url} for each in found if each.is_new is is_new
        ]
        if hits:
            groups.append({"label": label, "icon": "plus" if is_new else "page", "hits": hits, "more": None})
    return groups
