"""What goes on paper: black on white, without the frame, with who printed it; tables and mails whole."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from playwright.sync_api import expect

from browser.conftest import Panel
from factories import Factory
from models import db
from models.organisation import Role

pytestmark = pytest.mark.browser


def test_a_list_and_a_record_print_without_the_frame(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        for number in range(60):
            make.complaint(customer_name=f"C{number}", description="一段很长的陈述，" * 12)
        db.session.remove()
    page = panel.page(Role.SUPERVISOR, color_scheme="dark")
    page.goto("/complaint/?page_size=50&flt_severity=normal")
    line = page.locator(".print-line")
    rows = page.get_by_role("heading", level=1).get_by_text("1 to 50")
    expect(line).to_be_hidden()
    expect(rows).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    # The sheet says that it is not the whole list.
    expect(rows).to_be_visible()
    expect(line).to_contain_text("Printed by Staff")
    for hidden in (".topbar", ".sidebar", ".filters", ".table-foot", ".page-actions", "td.tick"):
        expect(page.locator(hidden).first).to_be_hidden()
    # Which filters were at work is said on paper too.
    expect(page.locator(".chips")).to_contain_text("Severity: Normal")
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator("tbody a").first).to_have_css("color", "rgb(0, 0, 0)")
    expect(page.locator("tbody a").first).to_have_css("text-decoration-line", "none")
    expect(page.locator("thead").first).to_have_css("display", "table-header-group")
    expect(page.locator("thead th").nth(1)).to_have_css("position", "static")
    clip = page.locator(".clip").first
    assert clip.evaluate("each => each.scrollHeight - each.clientHeight") <= 1
    sheets = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    assert sheets >= 3

    page.emulate_media(media="screen")
    page.locator("tbody a").first.click()
    page.emulate_media(media="print")
    expect(line).to_be_visible()
    expect(page.locator("form[data-notes]")).to_be_hidden()
    expect(page.locator("span.badge").first).to_have_css("color", "rgb(0, 0, 0)")
    assert panel.complaints == []


def test_a_digest_prints_with_its_whole_text(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        digest = make.digest(make.department())
        mail = EmailMessage()
        mail.set_content("first line\n" + "line\n" * 200 + "last line")
        mail.add_alternative("<p>first line</p>", subtype="html")
        make.delivery(digest=digest, message=mail.as_bytes())
        key = digest.id
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    page.goto(f"/digest/details/?id={key}")
    expect(page.get_by_text("last line")).to_be_hidden()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.get_by_text("last line")).to_be_visible()
    expect(page.locator("iframe")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.get_by_text("last line")).to_be_hidden()
