"""The frame on a phone and in both schemes: what a finger hits is large enough, and text is legible."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.conftest import Panel
from browser.test_records import contrast
from factories import Factory
from models import Complaint, db
from models.complaint import Step
from models.organisation import Density, Role
from models.vehicle import VehicleKind

pytestmark = pytest.mark.browser
PHONE = {"width": 375, "height": 812}
FINGER = 40

TOO_SMALL = """least => [...document.querySelectorAll(
    ".topbar :is(a, summary, input), .topbar .popover :is(a, button), .menu-sheet a, .chips a,"
    + " .page-actions a, .filters :is(input, summary), .field :is(input:not([type=checkbox]), select),"
    + " :is(.table-foot, .form-foot) .button")]
    .filter(each => each.checkVisibility())
    .map(each => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height && (box.height < least - 0.5 || box.width < least - 0.5))
    .map(([text, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${text}`)"""


@pytest.mark.parametrize("density", list(Density))
def test_a_finger_hits_every_control_of_the_frame_lists_and_forms(density: Density, panel: Panel) -> None:
    with panel.app.app_context():
        Factory(db.session()).complaint()
        db.session.remove()
    page = panel.page(Role.SUPERVISOR, viewport=PHONE)
    page.goto("/")
    page.locator(".user-menu summary").click()
    with page.expect_response("**/preferences/"):
        page.locator(f"button[value={density.value}]").click()
    assert page.evaluate(TOO_SMALL, FINGER) == []
    for address in ("/complaint/?search=1&flt_step=registered", "/complaint/new/"):
        page.goto(address)
        assert page.evaluate(TOO_SMALL, FINGER) == [], address
    page.locator(".menu-button summary").click()
    expect(page.locator(".menu-sheet a").first).to_be_visible()
    assert page.evaluate(TOO_SMALL, FINGER) == []
    assert panel.complaints == []


def test_the_foot_of_a_list_stays_on_the_screen_beside_filters(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        for number in range(40):
            make.part(code=f"FOOT-{number:02}")
        db.session.remove()
    page = panel.page(Role.SUPERVISOR, viewport={"width": 1440, "height": 800})
    for address in ("/part/", "/part/?search=FOOT"):
        page.goto(address)
        expect(page.locator(".table-foot")).to_be_in_viewport(ratio=1)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.locator("tbody tr").nth(2).hover()
        for selector in (".menu-area", ".menu a[aria-current]", ".chips span", "th a", ".count", "tbody a"):
            expect(page.locator(selector).first).to_be_attached()
            assert contrast(page, selector) >= 4.5, (scheme, selector)


def test_on_a_phone_a_narrowed_list_stands_above_its_foot_and_within_the_screen(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        for number in range(12):
            make.part(code=f"FOOT-{number:02}")
        # The longest word that a badge holds.
        make.vehicle(kind=VehicleKind.EXPRESS)
        db.session.remove()
    page = panel.page(Role.SUPERVISOR, viewport=PHONE)
    page.goto("/part/?search=FOOT")
    last, foot = page.locator("tbody tr").last.bounding_box(), page.locator(".table-foot").bounding_box()
    assert last is not None
    assert foot is not None
    assert last["y"] + last["height"] <= foot["y"]
    for address in ("/part/?search=FOOT", "/vehicle/", "/vehicle/new/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], address


def test_the_numbers_in_the_sidebar_come_after_the_page_and_stand_at_once_on_the_next(panel: Panel) -> None:
    with panel.app.app_context():
        Factory(db.session()).complaint()
        db.session.remove()
    page = panel.page(Role.CLERK)
    page.goto("/guide/")
    sidebar = page.get_by_role("navigation", name="Areas of work")
    link = sidebar.get_by_role("link", name="Complaints 1 complaint waits for an answer", exact=True)
    expect(link.locator(".waiting")).to_have_attribute("title", "1 complaint waits for an answer")
    # Without an answer they stay as they were.
    page.route("**/waiting/", lambda route: route.abort())
    page.goto("/part/")
    expect(link).to_be_visible()
    page.unroute("**/waiting/")
    with panel.app.app_context():
        db.session.query(Complaint).update({"step": Step.VERIFIED})
        db.session.commit()
        db.session.remove()
    page.goto("/guide/")
    expect(sidebar.get_by_role("link", name="Complaints", exact=True)).to_be_visible()


def test_the_entry_of_the_page_is_in_sight_in_a_menu_that_is_longer_than_the_screen(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR, viewport={"width": 1440, "height": 600})
    sidebar = page.get_by_role("navigation", name="Areas of work")
    entry, scrolled = sidebar.locator("[aria-current]"), "menu => menu.scrollTop"
    page.goto("/supplier/")
    expect(entry).to_be_in_viewport(ratio=1)
    before = sidebar.evaluate(scrolled)
    # What is in sight already does not move away from under the pointer.
    sidebar.get_by_role("link", name="Parts", exact=True).click()
    expect(entry).to_have_text("Parts")
    assert sidebar.evaluate(scrolled) == before
    page.goto("/")
    expect(entry).to_be_in_viewport(ratio=1)
    page.set_viewport_size(PHONE)
    page.goto("/compensation-rule/")
    page.locator(".menu-button summary").click()
    expect(page.locator(".menu-sheet [aria-current]")).to_be_in_viewport(ratio=1)
    assert panel.complaints == []
