"""Entering a related record in a dialog, without losing the form under it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import select

from browser.conftest import Panel
from factories import Factory
from models import Customer, Region, Vehicle, acting_as, db, system_actor
from models.organisation import Locale, Role

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 812}


def no_complaints(panel: Panel) -> bool:
    # Chromium notes each 422 as an error of the console.
    return [text for text in panel.complaints if "422" not in text] == []


def enter_its_customer(page: Page, vehicle: Locator) -> None:
    """Enter the customer of a vehicle from the dialog in which the vehicle is entered."""
    vehicle.get_by_role("combobox", name="Customer").press_sequentially("13900000731")
    expect(vehicle.get_by_role("option", name="New customer “13900000731”")).to_be_visible()
    page.keyboard.press("Enter")
    customer = page.get_by_role("dialog", name="New customer")
    expect(customer.get_by_label("Phone")).to_have_value("13900000731")
    expect(customer.get_by_label("Name")).to_be_focused()
    # No deeper than this.
    customer.get_by_role("combobox", name="Dealer").click()
    expect(customer.get_by_text("Nothing found")).to_be_visible()
    expect(customer.get_by_role("option", name="New dealer")).to_have_count(0)
    page.keyboard.press("Escape")
    customer.get_by_label("Name").fill("王新")
    # The key that saves the page saves what is in front.
    customer.get_by_label("Name").press("Control+Enter")
    expect(customer).to_have_count(0)
    expect(vehicle.get_by_role("combobox", name="Customer")).to_have_value("王新")
    expect(vehicle.get_by_role("combobox", name="Customer")).to_be_focused()


def test_a_vehicle_and_its_customer_are_entered_from_a_complaint_by_keyboard(panel: Panel) -> None:
    with panel.app.app_context():
        Factory(db.session()).product_model(code="HS-9", name="HS-9 加长版")
        Factory(db.session()).subject(name="电机")
        db.session.remove()
    page = panel.page(Role.CLERK)
    page.goto("/complaint/new/")
    page.get_by_label("What the customer says").fill("异响")
    page.get_by_role("combobox", name="Vehicle", exact=True).press_sequentially("LHS77")
    entry = page.get_by_role("option", name="New vehicle “LHS77”")
    expect(entry).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(entry).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")

    vehicle = page.get_by_role("dialog", name="New vehicle")
    expect(vehicle.get_by_label("Frame number")).to_have_value("LHS77")
    # Its labels name its own fields, not those of the form under it.
    model = vehicle.get_by_role("combobox", name="Model")
    expect(model).to_be_focused()
    # An error stands at its field, in the dialog.
    vehicle.get_by_role("button", name="Save").click()
    expect(vehicle.locator(".field .error", has_text="Fill this in.")).to_be_visible()
    expect(model).to_be_focused()
    expect(vehicle.get_by_label("Frame number")).to_have_value("LHS77")
    model.press_sequentially("HS-9")
    expect(vehicle.get_by_role("option", name="HS-9 加长版")).to_be_visible()
    page.keyboard.press("Enter")

    enter_its_customer(page, vehicle)

    vehicle.get_by_role("button", name="Save").click()
    expect(vehicle).to_have_count(0)
    field = page.get_by_role("combobox", name="Vehicle", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value("LHS77")
    expect(page.get_by_label("What the customer says")).to_have_value("异响")
    page.get_by_label("Customer's name").fill("王新")
    page.get_by_role("combobox", name="Subject", exact=True).press_sequentially("dj")
    page.keyboard.press("Enter")
    expect(page.locator("[name=subject_id]")).to_have_value(re.compile(r"\d+"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("TS-")
    with panel.app.app_context(), acting_as(system_actor("job:test")):
        statement = select(Customer.name, Customer.phone).join(Vehicle, Vehicle.customer_id == Customer.id)
        assert db.session.execute(statement).all() == [("王新", "13900000731")]
        db.session.remove()
    assert no_complaints(panel)


def test_leaving_the_dialog_asks_only_where_something_was_typed(panel: Panel) -> None:
    page = panel.page(Role.ADMINISTRATOR, viewport=PHONE, locale=Locale.CHINESE, color_scheme="dark")
    page.goto("/customer/new/")
    page.locator("#f-name").fill("王")
    button = page.get_by_role("button", name="新建区域")
    button.click()
    dialog = page.get_by_role("dialog", name="新建区域")
    expect(dialog.locator("input[name=name]")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#f-region_id")).to_be_focused()

    button.click()
    dialog.locator("input[name=name]").press_sequentially("鲁西")
    page.keyboard.press("Escape")
    expect(dialog.get_by_text("还没有保存")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog.get_by_text("还没有保存")).to_be_hidden()
    expect(dialog.locator("input[name=name]")).to_be_focused()
    dialog.get_by_role("button", name="关闭").click()
    dialog.get_by_role("button", name="放弃").click()
    expect(dialog).to_have_count(0)

    button.click()
    dialog.locator("input[name=name]").press_sequentially("鲁西")
    with_login = page.context.cookies()
    page.context.clear_cookies()
    dialog.get_by_role("button", name="保存").click()
    expect(dialog.locator("[data-held=login]")).to_be_visible()
    page.context.add_cookies(with_login)
    page.context.set_offline(True)
    dialog.get_by_role("button", name="保存").click()
    expect(dialog.locator("[data-held=network]")).to_be_visible()
    page.context.set_offline(False)
    # While it saves the button says so; what did not arrive freed it again.
    save = dialog.get_by_role("button", name="保存")
    expect(save).not_to_have_attribute("aria-busy", "true")
    on_its_way: list[Route] = []
    page.route(
        "**/region/new/**",
        lambda route: on_its_way.append(route) if route.request.method == "POST" else route.continue_(),
    )
    save.click()
    expect(save).to_have_attribute("aria-busy", "true")
    while not on_its_way:
        page.wait_for_timeout(20)
    on_its_way[0].continue_()
    expect(dialog).to_have_count(0)
    expect(page.locator("#f-region_id option:checked")).to_have_text("鲁西")
    expect(page.locator("#f-name")).to_have_value("王")
    with panel.app.app_context(), acting_as(system_actor("job:test")):
        assert db.session.scalars(select(Region.name)).all() == ["鲁西"]
        db.session.remove()


def test_a_dialog_that_cannot_open_says_so_and_keeps_the_form(panel: Panel) -> None:
    page = panel.page(Role.CLERK)
    page.goto("/complaint/new/")
    page.get_by_label("What the customer says").fill("on the paper")
    page.context.clear_cookies()
    customer = page.get_by_role("combobox", name="Customer", exact=True)
    customer.press_sequentially("王")
    expect(page.get_by_text("The search did not work.")).to_be_visible()
    assert page.evaluate("huisheng.enter('/customer/new/', document.querySelector('.record-form'))") is None
    expect(page.locator("[data-held=login]")).to_be_visible()
    expect(page.get_by_label("What the customer says")).to_have_value("on the paper")


def test_the_arrows_mark_nothing_of_an_older_answer(panel: Panel) -> None:
    """Whoever types, presses the arrow and Enter faster than the search must not get somebody else."""
    with panel.app.app_context():
        make = Factory(db.session())
        make.customer(name="安一")
        make.customer(name="王二")
        db.session.remove()
    page = panel.page(Role.CLERK)
    page.goto("/service-receipt/new/")
    customer = page.get_by_role("combobox", name="Customer", exact=True)
    customer.click()
    expect(page.get_by_role("option", name="安一")).to_be_visible()
    page.keyboard.insert_text("王")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(customer).to_have_value("王二")
    # What was marked before is not meant any more once one types on.
    customer.fill("一")
    expect(page.get_by_role("option", name="王二")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="安一")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Backspace")
    marked = page.get_by_role("listbox", name="Customer").get_by_role("option", selected=True)
    expect(marked).to_have_count(0)
    assert panel.complaints == []
