"""Logging in with a code from the phone, in a browser: set up, asked for, and between draft and saving."""

from __future__ import annotations

import re

from flask_security.utils import hash_password
from passlib.totp import TOTP
from playwright.sync_api import Page, expect
from sqlalchemy import update

from browser.conftest import Panel
from factories import Factory
from models import LoginSession, acting_as, db, second_factor, system_actor
from models.base import now
from models.organisation import Role

EMAIL, PASSWORD = "wang@example.com", "a long pass phrase"


def give_password(page: Page) -> None:
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def give_code(page: Page, code: str) -> None:
    page.get_by_label("Six digits, or a recovery code").fill(code)
    page.get_by_role("button", name="Log in").click()


def person_with_codes(panel: Panel) -> list[str]:
    """Make a person with a second factor; return the recovery codes."""
    settings = panel.app.extensions["settings"]
    with panel.app.app_context(), acting_as(system_actor("test")):
        staff = Factory(db.session()).staff(Role.CLERK, email=EMAIL, password=hash_password(PASSWORD))
        codes = second_factor.set_up(settings, staff.id, second_factor.new_secret(settings), 0)
        db.session.commit()
        db.session.remove()
    return codes


def test_who_administers_sets_up_a_phone_and_logs_in_with_it(panel: Panel) -> None:
    with panel.app.app_context():
        Factory(db.session()).staff(Role.ADMINISTRATOR, email=EMAIL, password=hash_password(PASSWORD))
        db.session.remove()
    page = panel.page()
    page.goto("/staff/")
    give_password(page)
    expect(page.get_by_role("heading", name="Set up your second factor")).to_be_visible()
    # The picture is shown: the content policy lets it in, and it has a size.
    assert page.locator(".key-picture").evaluate("image => image.complete && image.naturalWidth > 0")
    totp = TOTP(key=page.locator(".key-text code").inner_text().replace(" ", ""))
    page.get_by_label("Six digits").fill(totp.generate(time=now().timestamp() - 30).token)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".recovery-codes code")).to_have_count(10)
    page.get_by_role("link", name="I have kept them: go on").click()
    expect(page).to_have_url(re.compile("/staff/$"))

    page = panel.page()
    page.goto("/staff/")
    give_password(page)
    give_code(page, totp.generate().token)
    expect(page.get_by_role("heading", name="Staff")).to_be_visible()
    page.locator(".user-menu summary").click()
    page.get_by_role("link", name="Account security").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("button", name="End all others").click()
    expect(page.locator(".message.success")).to_contain_text("1 login has ended.")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert panel.complaints == []


def test_a_draft_outlives_a_login_whose_next_one_asks_for_a_code(panel: Panel) -> None:
    codes = person_with_codes(panel)
    page = panel.page()
    page.goto("/customer/new/")
    give_password(page)
    give_code(page, codes[0])
    page.wait_for_url("**/customer/new/", wait_until="load")
    page.get_by_label("Name", exact=True).fill("王")
    with panel.app.app_context(), acting_as(system_actor("test")):
        db.session.execute(update(LoginSession).values(ended_at=now()))
        db.session.commit()
        db.session.remove()

    save = page.get_by_role("button", name="Save", exact=True)
    save.click()
    expect(page.get_by_text("Your login has ended.")).to_be_visible()
    other = page.context.new_page()
    other.goto("/login")
    give_password(other)
    expect(other.get_by_role("heading", name="Code from your phone")).to_be_visible()
    # The password alone saves nothing.
    save.click()
    expect(page.get_by_text("Your login has ended.")).to_be_visible()
    give_code(other, codes[1])
    expect(other.get_by_role("heading", name="Good to see you")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("王")
    save.click()
    expect(page.locator(".message.success")).to_contain_text("was saved")
    assert panel.complaints == []
