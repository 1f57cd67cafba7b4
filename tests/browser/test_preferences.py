"""Appearance and spacing in a browser: at once, kept, stronger than the device, and without scripts too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Panel
from factories import Factory
from models import db
from models.organisation import Role

pytestmark = pytest.mark.browser
LIGHT, DARK = "rgb(244, 246, 247)", "rgb(19, 24, 27)"


def row_height(page: Page) -> float:
    return float(page.locator("table.records tbody tr").first.evaluate("row => row.offsetHeight"))


def choose(page: Page, name: str) -> None:
    if not page.locator(".user-menu .popover").is_visible():
        page.locator(".user-menu summary").click()
    page.get_by_role("button", name=name, exact=True).click()


def test_a_choice_holds_at_once_and_is_stronger_than_the_device(panel: Panel) -> None:
    with panel.app.app_context():
        Factory(db.session()).customer()
        db.session.remove()
    page = panel.page(Role.SUPERVISOR, color_scheme="light")
    page.goto("/customer/")
    body = page.locator("body")
    expect(body).to_have_css("background-color", LIGHT)
    page.emulate_media(color_scheme="dark")
    expect(body).to_have_css("background-color", DARK)
    page.evaluate("window.stays = true")
    high = row_height(page)
    with page.expect_response("**/preferences/"):
        choose(page, "Light")
    expect(body).to_have_css("background-color", LIGHT)
    with page.expect_response("**/preferences/"):
        choose(page, "Dense")
    assert row_height(page) < high
    assert page.evaluate("window.stays")
    page.reload()
    expect(body).to_have_css("background-color", LIGHT)
    assert row_height(page) < high

    with page.expect_response("**/preferences/"):
        choose(page, "Dark")
    page.emulate_media(color_scheme="light")
    expect(body).to_have_css("background-color", DARK)
    # On paper nothing is dark.
    page.emulate_media(media="print")
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    page.emulate_media(media="screen")

    page.context.set_offline(True)
    choose(page, "Light")
    expect(page.get_by_text("This could not be kept.")).to_be_visible()
    expect(body).to_have_css("background-color", DARK)
    assert [text for text in panel.complaints if "ERR_INTERNET" not in text] == []


def test_a_choice_is_kept_without_scripts(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR, java_script_enabled=False, viewport={"width": 375, "height": 812})
    page.goto("/part/?search=x")
    choose(page, "Dark")
    assert page.url.endswith("/part/?search=x")
    expect(page.locator("body")).to_have_css("background-color", DARK)
    page.locator(".user-menu summary").click()
    page.locator(".user-menu").get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_contain_text("配件")
