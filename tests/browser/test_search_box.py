"""The search box in a browser: by keyboard alone, with answers that come late, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from browser.conftest import Panel
from factories import Factory
from models import db
from models.organisation import Role

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 812}


def test_the_search_box_finds_as_one_types_and_opens_by_keyboard(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        make.customer(name="张三丰<b>", phone="139 0000 0731")
        for number in range(6):
            make.customer(name=f"李四 {number}")
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    page.goto("/vehicle/")
    box = page.get_by_role("combobox", name="Search everywhere")
    hits = page.get_by_role("listbox", name="Search results")
    expect(box).to_have_attribute("aria-expanded", "false")

    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    expect(hits.get_by_role("option").first).to_have_text("New customer")
    page.keyboard.type("0000 0731")
    expect(hits.get_by_role("option")).to_have_count(1)
    expect(hits.get_by_role("group", name="Customers")).to_contain_text("张三丰<b>")
    expect(hits.locator("mark")).to_have_text(["0000", "0731"])
    expect(page.locator(".global-search [role=status]")).to_have_text("1 hits")
    page.keyboard.press("Escape")
    expect(hits).to_be_hidden()
    page.keyboard.press("Escape")
    expect(box).to_have_value("")

    page.keyboard.type("李四")
    expect(hits.get_by_role("option")).to_have_count(6)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    chosen = hits.get_by_role("option", name="All in this list")
    expect(chosen).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer/?search=*")

    page.keyboard.press("/")
    page.keyboard.type("new veh")
    expect(hits.get_by_role("option", name="New vehicle")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/vehicle/new/")

    # Without a choice: the page of everything.
    page.keyboard.press("Control+k")
    page.keyboard.type("李四")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
    expect(page.locator("main mark").first).to_have_text("李四")
    assert panel.complaints == []


def test_a_late_answer_and_a_failed_one_mislead_nobody(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        make.customer(name="slow one")
        make.customer(name="slower one")
        db.session.remove()
    page = panel.page(Role.SUPERVISOR, viewport=PHONE)
    page.goto("/")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/search/hits/?q=slow", hold)
    box = page.get_by_role("combobox", name="Search everywhere")
    hits = page.locator("#hits")
    with page.expect_request("**/search/hits/?q=slow"):
        box.fill("slow")
    box.fill("slower")
    expect(hits).to_contain_text("slower one")
    held[0].continue_()
    expect(hits.get_by_role("option")).to_have_count(1)
    # As wide as a phone, and high enough for a finger.
    frame, option = hits.bounding_box(), hits.get_by_role("option").bounding_box()
    assert frame is not None
    assert option is not None
    assert (frame["x"], frame["width"]) == (0, PHONE["width"])
    assert option["height"] >= 40

    page.context.set_offline(True)
    box.fill("other")
    # What was found for other words can't be chosen any more.
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") is None
    expect(hits).to_contain_text("The search did not work.")
    page.context.set_offline(False)
    page.mouse.click(180, 700)
    expect(hits).to_be_hidden()
    assert [text for text in panel.complaints if "ERR_INTERNET" not in text] == []
