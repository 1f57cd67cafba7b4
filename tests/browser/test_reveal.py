"""A masked number in a browser: shown in its place by a click that is recorded, then open to a change."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from browser.conftest import Panel
from factories import Factory
from models import AccessEntry, Complaint, acting_as, db, system_actor
from models.access import AccessKind
from models.organisation import Role

pytestmark = pytest.mark.browser

PHONE, MASKED = "13700010001", "137****0001"


def test_a_masked_number_is_shown_by_a_click_noted_and_then_changed(panel: Panel) -> None:
    with panel.app.app_context(), acting_as(system_actor("test")):
        key = Factory(db.session()).complaint(phone=PHONE).id
        db.session.remove()
    page = panel.page(Role.QUALITY_ENGINEER)
    page.goto(f"/complaint/details/?id={key}")
    masked = page.locator("[data-masked=phone]").first
    expect(masked).to_contain_text(MASKED)
    assert PHONE not in page.content()
    masked.get_by_role("button", name="Show").click()
    expect(masked).to_have_text(PHONE)
    expect(masked.locator(":focus")).to_have_count(1)
    assert page.url.endswith(f"/details/?id={key}")

    page.goto(f"/complaint/edit/?id={key}")
    field = page.get_by_label("Phone", exact=True)
    expect(field).to_have_value(MASKED)
    expect(field).not_to_be_editable()
    page.locator("[data-masked=phone]").get_by_role("button", name="Show").press("Enter")
    expect(field).to_have_value(PHONE)
    expect(field).to_be_focused()
    field.fill("13900000000")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".message.success")).to_contain_text("was saved")
    with panel.app.app_context(), acting_as(system_actor("test")):
        assert db.session.get_one(Complaint, key).phone == "13900000000"
        noted = db.session.scalars(select(AccessEntry).where(AccessEntry.kind == AccessKind.REVEALED)).all()
        assert [(each.row_id, each.detail) for each in noted] == [(key, {"column": "phone"})] * 2
        db.session.remove()
    assert panel.complaints == []
