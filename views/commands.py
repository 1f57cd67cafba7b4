"""What the search box opens besides records: pages of the panel by their names, and forms for new records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import LazyString, force_locale
from flask_babel import lazy_gettext as _

from models.organisation import Locale
from views.base import RecordView
from views.hits import FIRST_TYPES

_HOME, _PASSWORD = _("Home"), _("Change password")


@dataclass(frozen=True, slots=True)
class Command:
    """A page to go to, by the name under which it is looked for."""

    label: LazyString
    url: str
    is_new: bool = False


def commands(words: Sequence[str] = ()) -> Iterator[Command]:
    """Yield the pages and the new records that who acts now may open and whose names hold each word.

    Names first: whether a page is open may have to be asked of the database.
    """
    pages: list[Any] = current_app.extensions["pages"]
    views: dict[Any, RecordView] = current_app.extensions["record_views"]
    if place_of(words, _HOME) is not None:
        yield Command(_HOME, url_for("home.index"))
    for page in pages:
        if page.area is not None and place_of(words, page.title) is not None and page.is_accessible():
            yield Command(page.title, url_for(f"{page.endpoint}.{page._default_view}"))  # noqa: SLF001 - as views.menu
    first = [views[model] for model in FIRST_TYPES]
    for view in (*first, *(view for view in views.values() if view not in first)):
        if place_of(words, view.new_label) is not None and view.is_allowed("create"):
            yield Command(view.new_label, url_for(f"{view.endpoint}.create_view"), is_new=True)
    if place_of(words, _PASSWORD) is not None:
        yield Command(_PASSWORD, url_for("security.change_password"))


def find_commands(typed: str, most: int) -> list[Command]:
    """Return the pages and forms whose name, in either language, holds each word typed; pages first."""
    words = typed.casefold().split()
    found = [(each.is_new, place_of(words, each.label) or 0, each) for each in commands(words) if words]
    return [command for *_order, command in sorted(found, key=lambda each: each[:2])][:most]


def place_of(words: Sequence[str], label: LazyString) -> int | None:
    """Return where in a name, of either language, the first of the words stands; None where one does not."""
    if not words:
        return 0
    names = _names(label)
    places = [min((name.find(word) for name in names if word in name), default=-1) for word in words]
    return min(places) if min(places) >= 0 else None


def _names(label: LazyString) -> list[str]:
    """Return a label in every language: whoever reads the panel in one may know a page by another."""
    names = [str(label)]
    for locale in Locale:
        with force_locale(locale.value):
            names.append(str(label))
    return [name.casefold() for name in dict.fromkeys(names)]
