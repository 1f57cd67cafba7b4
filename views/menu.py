"""The sidebar: areas of work, and in each the pages that the reader may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _

from models.base import Labelled
from views.waiting import badge_of, sentence_of


class Area(Labelled):
    """An area of work, in the order of the sidebar."""

    # The first ones stand below "Home", without a heading.
    TODAY = "today", _("Today")
    COMPLAINTS = "complaints", _("Complaints")
    CUSTOMERS = "customers", _("Customers and vehicles")
    DEALERS = "dealers", _("Dealers")
    PARTS = "parts", _("Parts quality")
    DIGEST = "digest", _("Weekly digest")
    ORGANISATION = "organisation", _("Organisation")


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A page in the sidebar."""

    label: str
    url: str
    icon: str
    is_current: bool
    # What waits there, as "12" or "99+", and the same as a sentence; None where nothing does.
    badge: str | None = None
    waiting: str | None = None


@dataclass(frozen=True, slots=True)
class MenuArea:
    """An area with its pages."""

    label: str
    items: list[MenuItem]
    is_first: bool = False


def menu() -> list[MenuArea]:
    """Return the areas with the pages that who acts now may open; empty areas are left out."""
    pages: list[Any] = current_app.extensions.get("pages", [])
    areas = []
    for area in Area:
        items = [
            MenuItem(
                label=str(page.title),
                url=url_for(f"{page.endpoint}.{page._default_view}"),  # noqa: SLF001 - Flask-Admin's metaclass sets it
                icon=page.icon,
                is_current=request.blueprint == page.endpoint,
                badge=badge_of(page.endpoint),
                waiting=sentence_of(page.endpoint),
            )
            for page in pages
            if page.area is area and page.is_accessible()
        ]
        if items:
            areas.append(MenuArea(str(area.label), items, area is Area.TODAY))
    return areas
