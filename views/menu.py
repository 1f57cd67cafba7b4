"""The sidebar: areas of work, and in each the pages that the reader may open."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import lazy_gettext as _

from models.base import Labelled


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
    # Under this name the page is told how much waits there.
    endpoint: str


@dataclass(frozen=True, slots=True)
class MenuArea:
    """An area with its pages."""

    label: str
    items: list[MenuItem]
    is_first: bool = False


def open_pages() -> tuple[str, ...]:
    """Return the endpoints of the pages that who acts now may open."""
    pages: list[Any] = current_app.extensions.get("pages", [])
    return tuple(page.endpoint for page in pages if page.is_accessible())


def menu(endpoints: Container[str], here: str | None) -> list[MenuArea]:
    """Return the areas with those of the pages that stand in a menu, `here` as the one that is open.

    Empty areas are left out.
    """
    pages: list[Any] = current_app.extensions.get("pages", [])
    areas = []
    for area in Area:
        items = [
            MenuItem(
                label=str(page.title),
                url=url_for(f"{page.endpoint}.{page._default_view}"),  # noqa: SLF001 - Flask-Admin's metaclass sets it
                icon=page.icon,
                is_current=here == page.endpoint,
                endpoint=page.endpoint,
            )
            for page in pages
            if page.area is area and page.endpoint in endpoints
        ]
        if items:
            areas.append(MenuArea(str(area.label), items, area is Area.TODAY))
    return areas
