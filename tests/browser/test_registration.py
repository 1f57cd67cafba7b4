"""Registering a complaint at the phone: few keys, seconds, and nothing hidden that matters."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from browser.conftest import Panel
from factories import Factory
from models import Complaint, acting_as, db, system_actor
from models.organisation import Role

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 812}
# Four digits and Enter, two initials of the subject and Enter, and the key that saves.
KEYS_MOST = 9


class Keyboard:
    """Count what is pressed, letters of free text apart."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.pressed += len(keys)


def test_a_complaint_of_a_known_customer_takes_nine_keys(
    panel: Panel, record_testsuite_property: Callable[[str, object], None]
) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        wang = make.customer(name="王伟", phone="139 0000 0731", address="一号")
        vehicle_id = make.vehicle(customer_id=wang.id, plate_number="苏C12345").id
        make.subject(name="电机")
        db.session.remove()
    page = panel.page(Role.CLERK)
    page.goto("/complaint/new/")
    hands = Keyboard(page)
    # The first field has the focus already.
    expect(page.get_by_role("combobox", name="Caller")).to_be_focused()
    began = time.monotonic()
    # Faster than the search: Enter waits for the answer, and does not send the form.
    hands.press("0", "7", "3", "1", "Enter")
    expect(page.get_by_role("combobox", name="Subject", exact=True)).to_be_focused()
    hands.press("d", "j", "Enter")
    words = page.get_by_label("What the customer says")
    expect(words).to_be_focused()
    page.keyboard.insert_text("电机异响")
    hands.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("TS-")
    record_testsuite_property("registering a complaint: seconds", round(time.monotonic() - began, 2))
    record_testsuite_property("registering a complaint: keys", hands.pressed)
    assert hands.pressed <= KEYS_MOST
    with panel.app.app_context(), acting_as(system_actor("job:test")):
        made = db.session.scalars(select(Complaint)).one()
        assert (made.vehicle_id, made.phone, made.address) == (vehicle_id, "139 0000 0731", "一号")
        db.session.remove()
    assert panel.complaints == []


def test_one_of_several_vehicles_is_taken_and_another_one_instead(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        wang = make.customer(name="王伟", phone="139 0000 0731")
        first = make.vehicle(customer_id=wang.id, plate_number="苏C11111").id
        second = make.vehicle(customer_id=wang.id, plate_number="苏C22222").id
        make.complaint(vehicle_id=first, description="以前的异响")
        db.session.remove()
    page = panel.page(Role.CLERK)
    page.goto("/complaint/new/")
    page.keyboard.type("王伟")
    expect(page.get_by_role("option", name="苏C11111")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    vehicle, beside = (
        page.locator("[name=vehicle_id]"),
        page.get_by_role("complementary", name="What is known"),
    )
    expect(vehicle).to_have_value(str(first))
    expect(beside.get_by_role("heading", name="Perhaps the same complaint again")).to_be_visible()
    expect(beside).to_contain_text("以前的异响")
    expect(beside.get_by_role("link", name="Add to that one instead")).to_be_visible()
    beside.get_by_role("button", name="It is about 苏C22222").click()
    expect(vehicle).to_have_value(str(second))
    expect(beside.get_by_role("heading", name="Perhaps the same complaint again")).to_be_hidden()
    assert panel.complaints == []


def test_who_is_not_on_file_complains_all_the_same(panel: Panel) -> None:
    page = panel.page(Role.CLERK, viewport=PHONE)
    page.goto("/complaint/new/")
    caller = page.get_by_role("combobox", name="Caller")
    caller.press_sequentially("13900000731")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name="Go on without a file")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Phone", exact=True)).to_have_value("13900000731")
    expect(page.get_by_label("Customer's name")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    # Or a file is made without leaving the form.
    caller.fill("13900000732")
    page.get_by_role("option", name=re.compile("New customer")).click()
    dialog = page.get_by_role("dialog", name="New customer")
    expect(dialog.get_by_label("Phone")).to_have_value("13900000732")
    dialog.get_by_label("Name").fill("王新")
    dialog.get_by_label("Name").press("Control+Enter")
    expect(page.get_by_role("combobox", name="Customer", exact=True)).to_have_value("王新")
    expect(page.get_by_label("Customer's name")).to_have_value("王新")
    assert [text for text in panel.complaints if "422" not in text] == []


def test_short_values_share_a_row_on_the_phone(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR, viewport=PHONE)
    page.goto("/vehicle/new/")
    expect(page.get_by_role("navigation", name="Sections of the form")).to_be_hidden()
    boxes = [
        page.locator(f"#f-{name}").bounding_box()
        for name in ("next_maintenance_on", "mileage_km", "plate_number")
    ]
    assert None not in boxes
    day, number, line = (box for box in boxes if box)
    assert abs(day["y"] - number["y"]) < 4
    assert line["width"] > day["width"] + number["width"]
