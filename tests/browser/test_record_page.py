"""A record's page by hand: copying a phone, narrowing the timeline, and nothing too wide for a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from browser.conftest import Panel
from factories import Factory
from models import db
from models.base import now
from models.organisation import Role

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 812}


def test_a_customers_page_by_hand_and_on_a_phone(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        subject = make.subject()
        customer = make.customer(
            name="徐州市永顺物流有限责任公司（铜山区北京南路分公司）第三车队",
            phone="139 0516 7788",
            address="江苏省徐州市铜山区北京南路 200 号 3 栋 2 单元 501 室",
        )
        for number in range(22):
            make.complaint(
                customer_id=customer.id,
                subject_id=subject.id,
                registered_at=now() - timedelta(hours=number),
                description="下坡时电机异响，随后失去动力，仪表无故障码显示，客户担心安全" * 3,
            )
        make.letter(customer_id=customer.id)
        address = f"/customer/details/?id={customer.id}"
        db.session.remove()
    page = panel.page(Role.SUPERVISOR, permissions=["clipboard-read", "clipboard-write"])
    page.goto(address)
    page.get_by_role("button", name="Copy 139 0516 7788").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "13905167788"

    page.get_by_role("link", name="Timeline").click()
    timeline = page.get_by_role("region", name="Timeline")
    timeline.get_by_role("link", name="Letters 1").click()
    expect(timeline.locator(".course > li")).to_have_count(1)
    timeline.get_by_role("link", name="Everything").click()
    timeline.get_by_role("link", name="Earlier").click()
    expect(timeline.locator(".course > li")).to_have_count(3)
    timeline.get_by_role("link", name="Newest").click()
    expect(timeline.locator(".course > li")).to_have_count(20)

    page.set_viewport_size(PHONE)
    for shown in ("", "&show=timeline"):
        page.goto(address + shown)
        too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(too_wide) == 0, shown
    # What sends a form there is no keyboard's Enter alone.
    page.goto(address.replace("/details/", "/restore/"))
    expect(page.get_by_role("button", name="Show")).to_be_visible()
