"""Two people at one record, in a browser: both versions side by side, chosen by mouse and by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Panel
from factories import Factory
from models import Complaint, acting_as, db, system_actor
from models.organisation import Role

pytestmark = pytest.mark.browser


def collide(panel: Panel) -> tuple[Page, int]:
    """Return the page of the second of two editors, who has just tried to save, and the record's key."""
    with panel.app.app_context(), acting_as(system_actor("test")):
        key = Factory(db.session()).complaint(demand="修理", address="一号", phone="1").id
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    page.goto(f"/complaint/edit/?id={key}")
    with panel.app.app_context(), acting_as(system_actor("test")):
        row = db.session.get_one(Complaint, key)
        row.demand, row.address, row.phone = "退货", "二号", "2"
        db.session.commit()
        db.session.remove()
    page.get_by_label("What the customer demands").fill("换新车")
    page.get_by_label("Address").fill("三号")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#problem")).to_be_focused()
    return page, key


def stored(panel: Panel, key: int) -> tuple[str | None, str | None, str | None]:
    with panel.app.app_context(), acting_as(system_actor("test")):
        row = db.session.get_one(Complaint, key)
        found = (row.demand, row.address, row.phone)
        db.session.remove()
    return found


def test_a_version_is_chosen_by_keyboard_and_typing_means_the_own_one(panel: Panel) -> None:
    page, key = collide(panel)
    demand = page.locator("fieldset.difference", has_text="What the customer demands")
    address = page.locator("fieldset.difference", has_text="Address")
    page.locator("#problem").get_by_role("link", name="Address").press("Enter")
    expect(page.get_by_label("Address")).to_be_focused()
    demand.get_by_role("radio", name="Keep mine").focus()
    page.keyboard.press("ArrowUp")
    expect(demand.get_by_role("radio", name="Take theirs")).to_be_checked()
    address.get_by_role("radio", name="Take theirs").check()
    address.get_by_label("Address").fill("四号")
    expect(address.get_by_role("radio", name="Keep mine")).to_be_checked()
    page.keyboard.press("Control+s")
    expect(page.locator(".message.success")).to_contain_text("was saved")
    assert stored(panel, key) == ("退货", "四号", "2")


@pytest.mark.parametrize(
    ("button", "expected"), [("All mine", ("换新车", "三号", "2")), ("All theirs", None)]
)
def test_one_click_chooses_for_all_fields(
    button: str, expected: tuple[str, str, str] | None, panel: Panel
) -> None:
    page, key = collide(panel)
    before = stored(panel, key)
    page.get_by_role("button", name="All theirs").click()
    page.get_by_role("button", name=button).click()
    page.keyboard.press("Enter")
    expect(page.locator(".message.success")).to_contain_text("was saved")
    assert stored(panel, key) == (expected or before)
