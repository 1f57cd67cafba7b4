"""The first-run assistant in a browser: from an empty panel to a centre whose people have come in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Panel
from models import acting_as, db, system_actor
from models.essentials import seed_essentials
from models.organisation import Role

pytestmark = pytest.mark.browser
PASSWORD = "a short sentence on tricycles"
STAFF = """姓名\t邮箱\t部门\t角色
李娜\tlina@maker.example.com\t客服部\t回访专员
王强\twang@maker\t客户部\t售后内勤"""


@pytest.fixture
def boss(panel: Panel) -> Page:
    """Open the assistant of a panel on its first day."""
    with panel.app.app_context(), acting_as(system_actor("test")):
        seed_essentials()
        db.session.commit()
        db.session.remove()
    page = panel.page(Role.ADMINISTRATOR, viewport={"width": 1440, "height": 900})
    page.goto("/setup/")
    return page


def test_a_centre_is_set_up_left_in_the_middle_and_finished(panel: Panel, boss: Page) -> None:
    boss.get_by_label("Name of the centre").fill("华东售后中心")
    boss.get_by_label("Time zone", exact=True).select_option("Asia/Urumqi")
    boss.get_by_role("button", name="Save and go on").click()
    expect(boss.locator(".topbar .brand")).to_have_text("华东售后中心")
    boss.get_by_label("Addresses: 品质检验部").fill("a@maker.example.com; b@maker.example.com")
    boss.get_by_role("button", name="Save and go on").click()

    area = boss.get_by_label("Copy the cells in Excel and paste them here")
    area.fill(STAFF)
    expect(boss.locator("#lines")).to_have_text("3 lines")
    boss.get_by_role("button", name="Check the list").click()
    expect(boss.get_by_text("There is no “客户部”")).to_be_visible()
    # Left in the middle: on another day, on a phone, the list is still there.
    boss.goto("/")
    boss.set_viewport_size({"width": 375, "height": 812})
    boss.goto("/setup/")
    boss.get_by_label("E-mail", exact=True).fill("wang@maker.example.com")
    boss.get_by_label("Department", exact=True).select_option("客服部")
    boss.get_by_role("button", name="Create and invite").click()
    expect(boss.get_by_text("2 people were invited.")).to_be_visible()
    assert boss.evaluate("document.documentElement.scrollWidth") == 375
    boss.set_viewport_size({"width": 1440, "height": 900})

    boss.get_by_role("link", name="Staff list").click()
    boss.get_by_role("link", name="李娜").first.click()
    link = boss.get_by_label("Link of the invitation").input_value()
    accept_invitation(panel, link)
    boss.reload()
    expect(boss.locator(".badge.invitation_state-accepted")).to_be_visible()

    boss.goto("/setup/")
    boss.get_by_label("车架: Sales", exact=True).check()
    boss.get_by_role("button", name="Save and go on").click()
    boss.get_by_role("button", name="These are the key parts").click()
    boss.get_by_role("link", name="Upload the customer list").click()
    expect(boss.get_by_label("What is in it").first).to_have_value("customers")
    boss.goto("/setup/")
    boss.get_by_role("button", name="Skip for now").click()
    expect(boss.get_by_role("heading", name="Your centre is ready")).to_be_visible()
    assert panel.complaints == []


def accept_invitation(panel: Panel, link: str) -> None:
    """Set a password as the person whom the link was sent to, and log in."""
    guest = panel.page(viewport={"width": 375, "height": 812})
    guest.goto(link[link.index("/invitation/") :])
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_label("The same password again").fill(PASSWORD)
    guest.get_by_role("button", name="Save the password").click()
    guest.locator("[name=email]").fill("lina@maker.example.com")
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.locator("button.primary").click()
    expect(guest.locator(".topbar")).to_be_visible()


def test_on_a_phone_a_subject_shows_who_is_told_and_unfolds_to_be_changed(boss: Page) -> None:
    boss.set_viewport_size({"width": 375, "height": 812})
    boss.goto("/setup/?step=subjects")
    told = boss.get_by_label("车架: Sales", exact=True)
    button = boss.get_by_role("button", name="Who is told: 车架", exact=True)
    expect(told).not_to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    told.check()
    button.click()
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(told).to_be_visible()
    assert boss.evaluate("document.documentElement.scrollWidth") == 375
    boss.get_by_role("button", name="Save and go on").click()
    boss.goto("/setup/?step=subjects")
    expect(told).to_be_checked()
