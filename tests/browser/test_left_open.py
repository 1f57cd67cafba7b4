"""A form left open over night: the login has ended, the draft has not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_security.utils import hash_password
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from browser.conftest import Panel
from factories import Factory
from models import Customer, LoginSession, Note, acting_as, db, system_actor
from models.dealer import Grade
from models.organisation import Role

pytestmark = pytest.mark.browser

EMAIL, PASSWORD = "wang@example.com", "a long pass phrase"


def give_password(page: Page) -> None:
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def move_time(panel: Panel, column: str, ago: timedelta) -> None:
    """Let the logins be so much older, or unused for so long."""
    with panel.app.app_context(), acting_as(system_actor("test")):
        changed = getattr(LoginSession, column)
        db.session.execute(
            update(LoginSession).values({column: changed - ago}),
            execution_options={"synchronize_session": False},
        )
        db.session.commit()
        db.session.remove()


def test_each_form_holds_its_draft_until_the_password_was_given_again(panel: Panel) -> None:
    with panel.app.app_context(), acting_as(system_actor("test")):
        make = Factory(db.session())
        make.staff(Role.CLERK, email=EMAIL, password=hash_password(PASSWORD))
        key = make.customer(name="张三", level=Grade.C).id
        db.session.remove()
    first = panel.page()
    first.goto("/customer/new/")
    give_password(first)
    first.wait_for_url("**/customer/new/")
    pages = {"new": first, **{name: first.context.new_page() for name in ("edit", "cell", "note")}}
    pages["edit"].goto(f"/customer/edit/?id={key}")
    pages["cell"].goto("/customer/")
    pages["note"].goto(f"/customer/details/?id={key}")
    first.get_by_label("Name", exact=True).fill("李四")
    pages["edit"].get_by_label("Address").fill("人民路一号")
    pages["note"].get_by_label("Note", exact=True).fill("未接通")
    pages["cell"].locator("td.column-level").first.click()
    dialog = pages["cell"].get_by_role("dialog")
    dialog.get_by_label("Level").select_option("A")
    saves = {
        name: (dialog if name == "cell" else page).get_by_role(
            "button", name="Add note" if name == "note" else "Save", exact=True
        )
        for name, page in pages.items()
    }
    # After half of the forms the other way in which a login ends.
    move_time(panel, "last_seen_at", timedelta(hours=25))
    for name in ("new", "edit", "cell", "note"):
        pages[name].bring_to_front()
        saves[name].click()
        expect(pages[name].locator("[data-held=login]:visible")).to_contain_text("Nothing is lost")
    again = first.context.new_page()
    again.goto("/login")
    give_password(again)
    expect(again.get_by_role("heading", name="Good to see you")).to_be_visible()
    move_time(panel, "created_at", timedelta(days=8))
    saves["new"].click()
    expect(first.locator("[data-held=login]:visible")).to_contain_text("Nothing is lost")
    again.goto("/login")
    give_password(again)
    expect(again.get_by_role("heading", name="Good to see you")).to_be_visible()
    # One after the other: the cell's change would otherwise meet the form's.
    for name in ("cell", "note", "new"):
        pages[name].bring_to_front()
        saves[name].click()
        expect(pages[name].locator(".message.success").first).to_be_visible()
    saves["edit"].click()
    expect(pages["edit"].locator("#problem")).to_contain_text("don't touch each other")
    pages["edit"].get_by_role("button", name="Save", exact=True).click()
    expect(pages["edit"].locator(".message.success")).to_contain_text("was saved")
    with panel.app.app_context(), acting_as(system_actor("test")):
        row = db.session.get_one(Customer, key)
        names = set(db.session.scalars(select(Customer.name)))
        assert (row.address, row.level, names) == ("人民路一号", Grade.A, {"张三", "李四"})
        assert db.session.scalars(select(Note.body)).all() == ["未接通"]
        db.session.remove()
    assert panel.complaints == []
