"""Several records of a list changed with keys alone, from the ticks to the message that takes it back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from browser.conftest import Panel
from factories import Factory
from models import Customer, acting_as, db, system_actor
from models.organisation import Role

pytestmark = pytest.mark.browser


def test_ticked_records_are_given_to_a_person_by_keys(panel: Panel) -> None:
    with panel.app.app_context(), acting_as(system_actor("test")):
        make = Factory(db.session())
        person = make.staff(Role.CLERK, name="赵六").id
        for name in ("张三", "李四", "王五"):
            make.customer(name=name)
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    page.goto("/customer/")
    buttons = page.locator("[data-needs-selection]")
    expect(buttons).to_have_count(3)
    expect(buttons.first).to_be_disabled()
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("[data-selected]")).to_have_text("2 selected")
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Give to a person…")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Change 2 records")).to_be_visible()
    field = page.locator("main [role=combobox]").first
    field.focus()
    page.keyboard.type("赵六")
    expect(page.locator("main [role=option]").first).to_contain_text("赵六")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    message = page.locator(".message.success")
    expect(message).to_contain_text("2 records were changed.")
    assert page.url.endswith("/customer/")
    with panel.app.app_context(), acting_as(system_actor("test")):
        assert sorted(map(bool, db.session.scalars(select(Customer.responsible_id)))) == [False, True, True]
        assert person in set(db.session.scalars(select(Customer.responsible_id)))
        db.session.remove()
    message.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".message.success")).to_contain_text("2 records are as they were before.")
    assert panel.complaints == []
