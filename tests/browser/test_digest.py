"""The digest's pages in a browser, under the real content security policy."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from browser.conftest import Panel
from factories import Factory
from jobs.digest import make
from models import Complaint, acting_as, db, system_actor
from models.iso_week import IsoWeek
from models.organisation import Role

pytestmark = pytest.mark.browser
PAYLOAD = "<script>parent.hacked=1</script><img src=x onerror='parent.hacked=1'>"
WEEK = IsoWeek(2024, 10)


def prepare(panel: Panel) -> None:
    with panel.app.app_context(), acting_as(system_actor("test")):
        factory = Factory(db.session())
        department = factory.department("quality-test", name="品质部", name_en="Quality")
        factory.digest_recipient(department, name="张经理", email="a@example.com")
        subject = factory.subject(name="电机", name_en="Motor", departments=[department])
        factory.complaint(
            subject_id=subject.id,
            registered_at=datetime(2024, 3, 6, tzinfo=UTC),
            description=f"行驶两个月后电机异响严重{PAYLOAD}",
        )
        make(department.id, WEEK)
        assert db.session.scalars(select(Complaint.id)).all()
        db.session.remove()


def test_a_digest_is_read_in_its_frame_and_sent_again(panel: Panel) -> None:
    prepare(panel)
    page = panel.page(Role.SUPERVISOR)
    page.goto("/digest/?week=2024-W10")
    page.get_by_role("link", name="Quality", exact=True).click()
    frame = page.frame_locator("iframe.mail-frame")
    expect(frame.get_by_role("heading", name="品质部")).to_be_visible()
    expect(frame.get_by_text("行驶两个月后电机异响严重").first).to_be_visible()
    assert page.evaluate("window.hacked") is None
    page.get_by_role("button", name="Send again").first.click()
    expect(page.get_by_text("A new copy for 张经理 is on its way.")).to_be_visible()
    expect(page.get_by_text("Copy 2")).to_be_visible()
    page.goto("/delivery/")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("tbody tr a").first.click()
    expect(page.get_by_text("without the links in which only the recipient acts")).to_be_visible()


def test_the_pages_fit_a_phone(panel: Panel) -> None:
    prepare(panel)
    page = panel.page(Role.SUPERVISOR)
    page.set_viewport_size({"width": 375, "height": 812})
    for address in (
        "/digest/?week=2024-W10",
        "/digest/details/?id=1",
        "/delivery/",
        "/delivery/details/?id=1",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, address
