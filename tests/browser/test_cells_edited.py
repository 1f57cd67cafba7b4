"""A cell of a list changed in a browser: by a click and by keys, without leaving the list."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.conftest import Panel
from factories import Factory
from models import acting_as, db, system_actor
from models.dealer import Grade
from models.organisation import Role

pytestmark = pytest.mark.browser


def test_a_cell_is_changed_by_a_click_and_by_keys_and_its_row_follows(panel: Panel) -> None:
    with panel.app.app_context(), acting_as(system_actor("test")):
        Factory(db.session()).customer(name="张三", level=Grade.C)
        db.session.remove()
    page = panel.page(Role.CLERK)
    page.goto("/customer/")
    page.locator("td.column-level").click()
    dialog = page.get_by_role("dialog", name="Level of 张三")
    dialog.get_by_label("Level").select_option("B")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("td.column-level")).to_contain_text("B")
    expect(page.locator(".message.success")).to_contain_text("was saved")
    expect(page.get_by_role("link", name="Change Level of")).to_be_focused()

    page.keyboard.press("Enter")
    dialog.get_by_label("Level").select_option("A")
    page.keyboard.press("Control+Enter")
    expect(page.locator("td.column-level")).to_contain_text("A")
    assert panel.complaints == []
