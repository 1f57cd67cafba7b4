"""The panel by keyboard alone: rows, pages, forms, and the dialog that says which keys work here."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Panel
from factories import Factory
from models import db
from models.organisation import Role

pytestmark = pytest.mark.browser


def shown_keys(page: Page) -> set[str]:
    """Return the actions that the dialog of keys lists; it is open afterwards."""
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    rows = dialog.locator("[data-action]:visible")
    return set(rows.evaluate_all("all => all.map(each => each.dataset.action)"))


def test_a_list_is_walked_opened_edited_and_ticked_by_keyboard(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        for number in range(30):
            make.customer(name=f"C{number:02}")
        db.session.remove()
    page = panel.page(Role.SUPERVISOR, viewport={"width": 1100, "height": 600})
    page.goto("/customer/?sort=name")
    assert shown_keys(page) == {
        "next", "previous", "open", "edit-row", "change-cell", "tick", "selected", "next-page", "new",
        "search", "keys", "go",
    }  # fmt: skip
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    cursor = page.locator("tbody tr:focus-within")
    expect(cursor).to_have_count(0)

    for key in ("j", "j", "ArrowDown", "k"):
        page.keyboard.press(key)
    expect(cursor).to_contain_text("C01")
    page.keyboard.press("x")
    expect(page.locator("tbody tr", has_text="C01").get_by_role("checkbox")).to_be_checked()
    # With a modifier a letter is the browser's.
    page.keyboard.press("Alt+x")
    expect(page.locator("tbody tr", has_text="C01").get_by_role("checkbox")).to_be_checked()
    for _ in range(20):
        page.keyboard.press("j")
    expect(cursor).to_contain_text("C21")
    expect(cursor).to_be_in_viewport(ratio=0.8)

    page.keyboard.press("e")
    page.wait_for_url("**/customer/edit/?id=*")
    page.go_back()
    page.keyboard.press("]")
    page.wait_for_url("**/customer/?*page=1*")
    page.keyboard.press("[")
    page.wait_for_url(lambda url: "page=1" not in url)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer/details/?id=*")

    # On a record's page the same letters mean the record.
    assert {"edit", "note"} <= shown_keys(page)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    note = page.locator("#note-body")
    expect(note).to_be_focused()
    page.keyboard.type("jxe[?")
    expect(note).to_have_value("jxe[?")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".note-list")).to_contain_text("jxe[?")
    page.wait_for_load_state()
    page.keyboard.press("g")
    page.keyboard.press("v")
    page.wait_for_url("**/vehicle/")
    assert panel.complaints == []


def test_a_form_is_begun_saved_and_left_by_keyboard(panel: Panel) -> None:
    page = panel.page(Role.CLERK)
    page.goto("/part/")
    page.keyboard.press("g")
    page.keyboard.press("k")
    page.wait_for_url("**/customer/")
    page.keyboard.press("n")
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()

    # Nothing typed: Escape leads back. Something typed: it stays.
    page.keyboard.press("Escape")
    page.wait_for_url("**/customer/")
    page.keyboard.press("n")
    expect(name).to_be_focused()
    page.keyboard.type("王一")
    page.keyboard.press("Escape")
    # While an input method composes, its keys are its own.
    for key in ("s", "Enter"):
        name.dispatch_event("keydown", {"key": key, "ctrlKey": True, "isComposing": True, "bubbles": True})
    expect(name).to_have_value("王一")
    page.keyboard.press("Control+Shift+Enter")
    expect(page.get_by_role("status").filter(has_text="was saved")).to_be_visible()
    expect(page.get_by_role("heading", name="New customer")).to_be_visible()
    page.wait_for_load_state()
    expect(name).to_be_focused()
    page.keyboard.type("王二")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/customer/details/?id=*")
    page.keyboard.press("e")
    page.wait_for_url("**/customer/edit/?id=*")
    page.locator("h1").click()
    assert shown_keys(page) == {"save", "leave", "search", "keys", "go"}

    # Whose call it is stands there already: a visit that may be named is no beginning.
    page.goto(f"/call-record/new/?customer_id={page.url.partition('id=')[2].partition('&')[0]}")
    expect(page.locator("#f-spoke_with")).to_be_focused()
    assert panel.complaints == []


def test_the_keys_are_found_in_the_menu_and_name_only_what_opens(panel: Panel) -> None:
    page = panel.page(Role.WAREHOUSE_KEEPER)
    page.goto("/")
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Keyboard").click()
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_contain_text("Complaints")
    expect(dialog).not_to_contain_text("Customers")
    expect(dialog.get_by_text("Next row")).to_be_hidden()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("g")
    page.keyboard.press("k")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/part/")
    # An open menu keeps the letters.
    page.locator("details.filter summary").first.click()
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    expect(page.locator("details.filter[open]")).to_have_count(0)
    page.keyboard.press("n")
    page.wait_for_url("**/part/new/")
    assert panel.complaints == []
