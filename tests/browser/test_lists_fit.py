"""Lists at the width of a usual screen, with records as a centre has them: nothing is pushed sideways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from browser.conftest import Panel
from jobs.demo import seed_demo
from models import acting_as, db, system_actor
from models.essentials import seed_essentials
from models.organisation import Locale, Role

pytestmark = [pytest.mark.browser, pytest.mark.faults]
DESK = {"width": 1440, "height": 900}
# How far each table goes beyond what is shown of it, in pixels.
BEYOND = """() => Math.max(0, ...[...document.querySelectorAll(".table-wrap")].map(
  (wrap) => wrap.scrollWidth - wrap.clientWidth))"""


def seed(app: Flask) -> None:
    """Fill a panel with a twentieth of the demo, of one day for all: another day draws other words."""
    with app.app_context(), acting_as(system_actor("command:release")):
        seed_essentials()
        seed_demo(replace(app.extensions["settings"], demo_size=5), date(2026, 3, 17))
        db.session.commit()
        db.session.remove()


def lists(app: Flask) -> Iterator[str]:
    """Yield the addresses of all pages that need nothing to be named."""
    for rule in app.url_map.iter_rules():
        if (
            rule.endpoint.endswith((".index", ".index_view"))
            and not rule.arguments
            and "GET" in (rule.methods or ())
        ):
            yield rule.rule


def test_no_list_is_pushed_sideways(panel: Panel) -> None:
    seed(panel.app)
    too_wide: dict[str, int] = {}
    looked_at = set()
    for locale in Locale:
        page = panel.page(Role.ADMINISTRATOR, locale=locale, viewport=DESK)
        for address in lists(panel.app):
            page.goto(address)
            looked_at.add(address)
            if beyond := page.evaluate(BEYOND):
                too_wide[f"{locale.value} {address}"] = beyond
    assert {view.url + "/" for view in panel.app.extensions["record_views"].values()} <= looked_at
    assert too_wide == {}
