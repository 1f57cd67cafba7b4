"""A form that can't be sent says so and keeps what is in it; one that was refused can be sent again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.conftest import Panel
from factories import Factory
from models import Complaint, acting_as, db, system_actor
from models.organisation import Role

pytestmark = pytest.mark.browser


def complaint_of(panel: Panel) -> int:
    with panel.app.app_context():
        key = Factory(db.session()).complaint(description="异响").id
        db.session.remove()
    return key


def test_work_is_given_after_it_was_said_that_a_person_lacks(panel: Panel) -> None:
    key = complaint_of(panel)
    with panel.app.app_context():
        receiver = Factory(db.session()).staff(Role.CLERK, name="接收人").id
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    page.goto(f"/team/give/?item=complaint:{key}")
    give = page.get_by_role("button", name="Give", exact=True)
    give.click()
    expect(page.locator("#problem")).to_be_visible()
    page.locator(f"input[type=radio][value='{receiver}']").check()
    with page.expect_navigation(url="**/team/**"):
        give.click()
    expect(page.get_by_role("status").filter(has_text="接收人")).to_be_visible()
    with panel.app.app_context(), acting_as(system_actor("job:test")):
        assert db.session.get_one(Complaint, key).responsible_id == receiver
        db.session.remove()


def test_a_step_is_held_while_the_login_has_ended(panel: Panel) -> None:
    page = panel.page(Role.CLERK)
    page.goto(f"/complaint/details/?id={complaint_of(panel)}")
    page.locator("#f-fault").fill("电机异响")
    other = page.context.new_page()
    other.goto("/complaint/new/")
    page.context.clear_cookies()
    # By the key that saves, far from the end of a long form.
    other.get_by_label("Customer's name").fill("王伟")
    other.keyboard.press("Control+Enter")
    expect(other.get_by_text("Your login has ended.")).to_be_in_viewport()
    expect(other.get_by_label("Customer's name")).to_have_value("王伟")
    page.locator("#step button[value=verify]").click()
    expect(page.locator("#step").get_by_text("Your login has ended.")).to_be_visible()
    expect(page.locator("#f-fault")).to_have_value("电机异响")
