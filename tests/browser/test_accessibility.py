"""What axe finds on every page, and what it can't see: titles, languages, order, focus, announcements."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Panel, serving
from browser.every_page import (
    Arguments,
    Screen,
    administrator_client,
    every_page,
    furnish,
    send_empty,
    special_screens,
)
from config import Settings
from conftest import own_app
from embedded_services import Postgres
from models.organisation import Locale, Role

pytestmark = pytest.mark.browser
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# A mail has no landmarks: it stands in a frame here, and in a mail program elsewhere.
RULES = {False: [*WCAG, "best-practice"], True: WCAG}
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}
RECORD_PAGES = ("index_view", "details_view", "edit_view", "create_view", "delete_view", "restore_view")
# What each page has alike, twice as many elements as most pages hold besides.
FRAME = [[".sidebar"], [".menu-sheet"], ["#keys"]]
START_AXE = """([tags, exclude]) => {
  const rules = {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], iframes: false};
  const whole = exclude.length ? {exclude} : document;
  window.found = axe.run(whole, rules).then((all) => all.violations.flatMap(({id, nodes}) =>
    nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`)));
}"""
# What has the focus, whether that can be seen, and whether it has left what the page holds.
FOCUS = """() => {
  const element = document.activeElement;
  const {outlineStyle, outlineWidth} = getComputedStyle(element);
  const hasMark = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return [element.name || element.textContent.trim(), hasMark, element.matches("body, .skip")];
}"""
# The field that has the focus, where the foot of the form lies over a part of it.
HIDDEN = """() => {
  const field = document.activeElement, foot = document.querySelector(".form-foot");
  if (foot.contains(field)) return "";
  const end = field.getBoundingClientRect().bottom;
  return end > foot.getBoundingClientRect().top ? field.name || field.outerHTML : "";
}"""


@dataclass(frozen=True)
class Furnished:
    """Hold a panel full of records, what its addresses need, and its pages as an administrator reads them."""

    panel: Panel
    arguments: dict[str, Arguments]
    pages: list[Screen]


class Eyes:
    """Two tabs for who is logged in, two for a stranger: while axe works in one, the next page loads."""

    def __init__(self, panel: Panel, locale: Locale = Locale.ENGLISH, **options: Any) -> None:
        cookie = administrator_client(panel.app, locale).get_cookie("huisheng", domain="localhost")
        assert cookie is not None
        known, strange = panel.page(**options), panel.page(**options)
        known.context.add_cookies([{"name": "huisheng", "value": cookie.value, "url": panel.address}])
        self.tabs = {
            False: [known, known.context.new_page()],
            True: [strange, strange.context.new_page()],
        }

    def look_at(self, screens: Sequence[Screen], *, is_whole: bool) -> dict[str, list[str]]:
        """Return what axe finds, by screen; but for `is_whole`, the frame counts on the first page alone."""
        found: dict[str, list[str]] = {}
        known = next(screen for screen in screens if not screen.is_before_login)
        before: tuple[Screen, Page] | None = None
        for screen in screens:
            tabs = self.tabs[screen.is_before_login]
            page = next(tab for tab in tabs if before is None or tab is not before[1])
            is_mail = show(page, screen)
            page.evaluate(AXE_SCRIPT)
            page.evaluate(START_AXE, [RULES[is_mail], [] if is_whole or screen is known else FRAME])
            found |= collected(before)
            before = (screen, page)
        return found | collected(before)


def collected(before: tuple[Screen, Page] | None) -> dict[str, list[str]]:
    if before is None:
        return {}
    screen, page = before
    seen: list[str] = page.evaluate("window.found")
    return {f"{screen.name} {screen.address}": seen} if seen else {}


def show(page: Page, screen: Screen) -> bool:
    """Bring a screen before the reader; tell whether it is a mail."""
    answer = page.goto(screen.address, wait_until="domcontentloaded")
    assert answer is not None
    is_mail = "sandbox" in answer.headers["content-security-policy"]
    if is_mail:
        # No script runs in a mail, not even axe: the same page without its policy.
        html = answer.text()
        page.goto("about:blank")
        page.set_content(html)
    if screen.prepare:
        screen.prepare(page)
        # A form that was sent brings another page, whose styles may still be on their way.
        page.wait_for_load_state()
    # A foot that stays on the screen lies over some field, whole or in part, until the reader scrolls on:
    # that nothing hides what has the focus is held by a test of its own.
    page.evaluate(
        "document.querySelectorAll('.form-foot').forEach((foot) => { foot.style.position = 'static'; })"
    )
    return is_mail


@pytest.fixture(scope="module")
def furnished(app: Flask, settings: Settings, engines: Postgres, browser: Browser) -> Iterator[Furnished]:
    """Serve one panel full of records to all tests that look at every page."""
    with own_app(settings, engines) as own, serving(own, browser) as panel:
        arguments = furnish(own)
        yield Furnished(panel, arguments, every_page(own, arguments, Locale.CHINESE))


@pytest.fixture
def screens(furnished: Furnished) -> list[Screen]:
    return furnished.pages + special_screens(furnished.panel.app, furnished.arguments)


def samples(screens: Sequence[Screen]) -> list[Screen]:
    """Leave of the pages that all record types have alike those of one type, and one of each other type.

    Of the guide's pages, which are text in one frame, a single one remains.
    """
    chosen: list[Screen] = []
    types: list[str] = []
    names = {screen.name for screen in screens}
    for screen in screens:
        record_type, _dot, page = screen.name.partition(".")
        if screen.name.startswith("the guide, "):
            continue
        if page not in RECORD_PAGES or record_type == "complaint":
            chosen.append(screen)
            continue
        if record_type not in types:
            types.append(record_type)
        # Another page with each type, of those that it has.
        own = [each for each in RECORD_PAGES if f"{record_type}.{each}" in names]
        if page == own[types.index(record_type) % len(own)]:
            chosen.append(screen)
    return chosen


def test_axe_finds_nothing(furnished: Furnished, screens: list[Screen]) -> None:
    """Look at a sample; the long run below looks at everything."""
    chosen = samples(screens)
    types = {each.name.partition(".")[0] for each in screens if not each.name.startswith("the guide, ")}
    assert types <= {each.name.partition(".")[0] for each in chosen}
    assert Eyes(furnished.panel, viewport=DESK).look_at(chosen, is_whole=False) == {}


@pytest.mark.faults
@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_on_any_page_in_any_look(
    furnished: Furnished, screens: list[Screen], viewport: dict[str, int], scheme: str, locale: Locale
) -> None:
    eyes = Eyes(furnished.panel, locale, viewport=viewport, color_scheme=scheme)
    assert eyes.look_at(screens, is_whole=True) == {}


@pytest.mark.parametrize("locale", [Locale.CHINESE, pytest.param(Locale.ENGLISH, marks=pytest.mark.faults)])
def test_each_page_has_a_title_of_its_own_one_heading_and_the_readers_language(
    furnished: Furnished, locale: Locale
) -> None:
    pages = furnished.pages
    if locale is not Locale.CHINESE:
        pages = every_page(furnished.panel.app, furnished.arguments, locale)
    titles = Counter[str]()
    for screen in pages:
        if screen.is_before_login or screen.name.endswith((".message", ".preview")):
            continue
        page = BeautifulSoup(screen.html, "html.parser")
        assert page.html is not None
        assert page.html["lang"] == locale.value.replace("_", "-"), screen
        assert page.title is not None
        title, _dot, centre = page.title.get_text().partition(" · ")
        assert title.strip(), screen
        assert centre, screen
        titles[title] += 1
        headings = [each for each in page.find_all(["h1", "h2", "h3", "h4"]) if not each.find_parent("nav")]
        levels = [int(heading.name[1]) for heading in headings]
        assert levels.count(1) == 1, screen
        assert levels[0] == 1, screen
        assert all(below <= above + 1 for above, below in pairwise(levels)), screen
        for table in page.select("main table"):
            heads = table.find_all("th")
            assert heads, screen
            assert all(head.get("scope") in ("col", "row") for head in heads), screen
    assert [title for title, count in titles.items() if count > 1] == []


def test_the_order_of_a_list_is_said_and_moves(panel: Panel) -> None:
    furnish(panel.app)
    page = panel.page(Role.ADMINISTRATOR)
    page.goto("/complaint/?sort=severity")
    expect(page.locator("th[aria-sort]")).to_have_count(1)
    head = page.get_by_role("columnheader", name="Severity")
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    page.get_by_role("columnheader", name="Step").get_by_role("link").click()
    expect(head).not_to_have_attribute("aria-sort", "descending")
    expect(page.locator("th[aria-sort]")).to_contain_text("Step")


def test_the_keyboard_skips_the_menu(panel: Panel) -> None:
    page = panel.page(Role.ADMINISTRATOR, viewport=DESK)
    page.goto("/complaint/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_keyboard_goes_through_a_form_sees_where_it_is_and_gets_out_again(panel: Panel) -> None:
    page = panel.page(Role.ADMINISTRATOR, viewport=DESK)
    page.goto("/vehicle/new/")
    visited = set()
    for _step in range(150):
        page.keyboard.press("Tab")
        name, has_mark, has_left = page.evaluate(FOCUS)
        if has_left:
            break
        assert has_mark, name
        visited.add(name)
    assert {"sold_on", "mileage_km", "Save"} <= visited
    # Past the last button the page lets go: no field, no list and no dialog holds the focus.
    assert has_left


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_foot_of_a_form_hides_no_field_that_has_the_focus(panel: Panel, viewport: dict[str, int]) -> None:
    page = panel.page(Role.ADMINISTRATOR, viewport=viewport)
    page.goto("/vehicle/new/")
    for _step in range(20):
        hidden = page.evaluate(HIDDEN)
        assert not hidden, hidden
        page.keyboard.press("Tab")


def test_a_form_that_is_refused_says_so_and_why_at_each_field(panel: Panel) -> None:
    page = panel.page(Role.ADMINISTRATOR)
    page.goto("/complaint/new/")
    send_empty(page)
    expect(page.get_by_role("alert").filter(has_text="Not saved yet")).to_be_visible()
    wrong = page.locator("[aria-invalid=true]")
    expect(wrong.first).to_be_focused()
    assert wrong.count() >= 2
    for field in wrong.all():
        expect(field).to_have_accessible_description(re.compile(r"Fill this in\."))
