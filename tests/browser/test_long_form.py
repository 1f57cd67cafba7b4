"""A complaint from a paper slip: few keys, nothing hidden that matters, and the way to what is missing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Panel
from factories import Factory
from models import db
from models.organisation import Role

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 812}


class Keyboard:
    """Count what is pressed, letters of free text apart."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.pressed += len(keys)


def test_a_complaint_of_a_known_customer_takes_few_keys(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        make.customer(name="张三丰", phone="139 0000 0731", address="一号")
        make.subject(name="电机")
        db.session.remove()
    page = panel.page(Role.CLERK)
    page.goto("/complaint/new/")
    hands = Keyboard(page)
    # The first field has the focus already.
    expect(page.get_by_role("combobox", name="Customer", exact=True)).to_be_focused()
    hands.press("0", "7", "3", "1")
    expect(page.get_by_role("option", name="张三丰")).to_be_visible()
    hands.press("Enter")
    hands.press("Tab", "Tab", "Tab", "Tab")
    subject = page.get_by_label("Subject")
    expect(subject).to_be_focused()
    hands.press("ArrowDown")
    expect(subject.locator("option:checked")).to_have_text("电机")
    hands.press("Tab", "Tab", "Tab")
    words = page.get_by_label("What the customer says")
    expect(words).to_be_focused()
    page.keyboard.insert_text("电机异响")
    hands.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("TS-")
    expect(page.get_by_text("139 0000 0731").first).to_be_visible()
    # Four digits, seven times Tab, and three keys that choose, pick and save.
    assert hands.pressed <= 14
    assert panel.complaints == []


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
