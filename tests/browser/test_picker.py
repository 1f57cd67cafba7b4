"""Dates by keyboard and by calendar, in the panel's language, whatever the browser's is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from browser.conftest import Panel
from factories import Factory
from models import db
from models.organisation import Locale, Role

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 812}


def test_the_calendar_works_by_keyboard(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR, timezone_id="America/New_York")
    page.goto("/vehicle/new/")
    sold = page.get_by_label("Sold on", exact=True)
    sold.fill("2024-2-29")
    sold.press("ArrowDown")
    grid = page.get_by_role("grid", name="February 2024")
    day = grid.get_by_role("gridcell", name="Thursday, February 29, 2024")
    expect(day).to_be_focused()
    expect(day).to_have_attribute("aria-selected", "true")
    expect(grid.get_by_role("columnheader").nth(1)).to_have_text("Mon")
    # 29 February 2024 lies in ISO week 9; 1 January 2027 in week 53.
    expect(grid.locator("tr:has([tabindex='0']) th")).to_have_text("9")
    for key, focused in (
        ("PageUp", "Monday, January 29, 2024"),
        ("PageDown", "Thursday, February 29, 2024"),
        ("Shift+PageDown", "Friday, February 28, 2025"),
        ("ArrowRight", "Saturday, March 1, 2025"),
        ("ArrowUp", "Saturday, February 22, 2025"),
        ("Home", "Monday, February 17, 2025"),
        ("End", "Sunday, February 23, 2025"),
        ("ArrowDown", "Sunday, March 2, 2025"),
        ("ArrowLeft", "Saturday, March 1, 2025"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("gridcell", name=focused)).to_be_focused()
    expect(page.get_by_role("dialog", name="Calendar").get_by_role("status")).to_have_text("March 2025")
    page.keyboard.press("Escape")
    expect(sold).to_be_focused()
    expect(sold).to_have_value("2024-02-29")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(sold).to_be_focused()
    expect(sold).to_have_value("2024-03-01")

    # A year that begins in the last week of the one before, by the choice of month and year.
    page.keyboard.press("ArrowDown")
    picker = page.get_by_role("dialog", name="Calendar")
    picker.get_by_label("Month", exact=True).select_option("January")
    picker.get_by_label("Year").fill("2027")
    first = picker.get_by_role("gridcell", name="Friday, January 1, 2027")
    expect(first.locator("xpath=../th")).to_have_text("53")
    first.click()
    expect(sold).to_have_value("2027-01-01")
    page.keyboard.press("ArrowDown")
    picker.get_by_role("button", name="Clear").click()
    expect(sold).to_have_value("")
    assert panel.complaints == []


def test_a_typed_date_is_shown_as_it_was_understood(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR, locale=Locale.CHINESE, viewport=PHONE, color_scheme="dark")
    page.goto("/complaint/new/")
    page.locator("summary", has_text="更多").click()
    at = page.locator("#f-registered_at")
    at.fill("２０２４年３月５日　１４：３０")
    at.press("Tab")
    expect(at).to_have_value("2024-03-05 14:30")
    at.fill("5/3/2024")
    at.press("Tab")
    wrong = page.get_by_role("alert").filter(has_text="请填日期和时间")
    expect(wrong).to_be_visible()
    expect(at).to_have_attribute("aria-invalid", "true")
    at.fill("2024-3-5 9:05")
    at.press("Tab")
    expect(wrong).to_be_hidden()

    page.get_by_role("button", name="日历：登记时间").click()
    picker = page.get_by_role("dialog", name="日历")
    expect(picker.get_by_role("grid", name="2024年3月")).to_be_visible()
    expect(picker.get_by_role("columnheader").nth(7)).to_have_text("周日")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picker.get_by_role("gridcell", name="2024年3月8日星期五").click()
    picker.get_by_label("时", exact=True).select_option("23")
    picker.get_by_role("button", name="确定").click()
    expect(at).to_have_value("2024-03-08 23:05")
    assert panel.complaints == []


def test_a_period_is_chosen_by_its_name(panel: Panel) -> None:
    with panel.app.app_context():
        Factory(db.session()).complaint()
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    page.goto("/complaint/?flt_registered_at_from=2020-01-01")
    page.locator("summary", has_text="Registered").click()
    page.get_by_role("button", name="This month").click()
    page.wait_for_url("**/complaint/?flt_registered_at_in=this_month")
    page.locator("summary", has_text="Registered").click()
    expect(page.get_by_role("button", name="This month")).to_have_attribute("aria-pressed", "true")
    # Days that are typed take its place; the calendar's Escape leaves the filter open.
    page.get_by_label("From", exact=True).press("ArrowDown")
    page.keyboard.press("Escape")
    page.get_by_label("From", exact=True).fill("2024-01-01")
    page.get_by_label("From", exact=True).press("Enter")
    page.wait_for_url("**/complaint/?flt_registered_at_from=2024-01-01")
    assert panel.complaints == []


def test_a_list_goes_to_the_day_that_is_chosen(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        for day in range(1, 28):
            make.complaint(registered_at=datetime(2024, 3, day, 4, tzinfo=UTC), customer_name=f"客户3-{day}")
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    page.goto("/complaint/?sort=registered_at&page_size=25")
    page.get_by_placeholder("Go to a day").fill("2024-3-26")
    page.keyboard.press("Tab")
    page.wait_for_url("**at=2024-*")
    expect(page.locator("tbody td.column-customer_name").first).to_have_text("客户3-26")
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
