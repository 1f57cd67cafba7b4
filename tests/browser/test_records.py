"""The screens in a browser, under the real content security policy, from the login to the deletion."""

from __future__ import annotations

import pytest
from flask_security.utils import hash_password
from playwright.sync_api import Page, expect

from browser.conftest import Panel
from factories import Factory
from models import db
from models.organisation import Locale, Role
from models.permissions import MADE_BY_STEPS

pytestmark = pytest.mark.browser
PAYLOAD = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
PHONE = {"width": 375, "height": 812}


def open_page(page: Page, address: str) -> None:
    response = page.goto(address)
    assert response is not None
    assert response.status == 200, address


def test_login_enter_find_edit_and_delete_a_complaint(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        make.staff(
            Role.SUPERVISOR,
            email="boss@example.com",
            password=hash_password("a long pass phrase"),
            name="王主管",
        )
        make.customer(name="张三丰", phone="139 0000 0731")
        make.subject(name="电机")
        db.session.remove()
    page = panel.page()

    page.goto("/complaint/?search=731")
    page.get_by_label("Email").fill("boss@example.com")
    page.get_by_label("Password").fill("a long pass phrase")
    page.get_by_role("button", name="Log in").click()
    # Back to where the login was asked for.
    expect(page.get_by_role("heading", name="Complaints")).to_be_visible()

    page.get_by_role("link", name="New complaint").first.click()
    # The page begins with the caller.
    expect(page.get_by_role("combobox", name="Caller")).to_be_focused()
    customer = page.get_by_role("combobox", name="Customer", exact=True)
    customer.click()
    customer.press_sequentially("0731")
    expect(page.get_by_role("option", name="张三丰")).to_be_visible()
    customer.press("ArrowDown")
    customer.press("Enter")
    expect(customer).to_have_value("张三丰")
    # The file fills in the rest.
    expect(page.get_by_label("Customer's name")).to_have_value("张三丰")
    expect(page.get_by_label("Phone", exact=True)).to_have_value("139 0000 0731")
    page.get_by_role("combobox", name="Subject", exact=True).click()
    page.get_by_role("option", name="电机").click()
    page.get_by_label("What the customer says").fill(PAYLOAD)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("TS-")
    expect(page.get_by_text(PAYLOAD).first).to_be_visible()

    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Severity").select_option("Severe")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".message.success")).to_contain_text("was saved")

    crumbs = page.get_by_role("navigation", name="You are here")
    crumbs.get_by_role("link", name="Complaints", exact=True).click()
    expect(page.get_by_role("row")).to_have_count(2)
    delete = page.get_by_role("button", name="Delete selected…")
    expect(delete).to_be_disabled()
    page.get_by_label("Select all on this page").check()
    delete.click()
    expect(page.get_by_role("heading", name="Delete this record?")).to_be_visible()
    page.get_by_role("link", name="Keep").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".message.success")).to_contain_text("1 record was deleted.")
    assert page.evaluate("window.hacked") is None
    assert panel.complaints == []


def test_a_choice_fills_in_what_is_empty_and_leaves_what_was_typed(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        dealer = make.dealer(name="临沂宏达车行")
        make.customer(name="王一", phone="17000000001", address="一号", dealer_id=dealer.id)
        make.customer(name="王二", phone="17000000002")
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    open_page(page, "/complaint/new/")
    page.locator("summary", has_text="More").click()
    page.get_by_label("Address").fill("said on the phone")
    customer = page.get_by_role("combobox", name="Customer", exact=True)
    customer.press_sequentially("0001")
    page.get_by_role("option", name="王一").click()
    expect(page.get_by_label("Customer's name")).to_have_value("王一")
    expect(page.get_by_role("combobox", name="Dealer")).to_have_value("临沂宏达车行")
    expect(page.get_by_label("Address")).to_have_value("said on the phone")

    # Another choice replaces what the first one filled in, and nothing else.
    customer.fill("0002")
    page.get_by_role("option", name="王二").click()
    expect(page.get_by_label("Customer's name")).to_have_value("王二")
    expect(page.get_by_label("Phone", exact=True)).to_have_value("17000000002")
    expect(page.get_by_label("Address")).to_have_value("said on the phone")
    # The dealer of the first is no longer true of the second.
    expect(page.get_by_role("combobox", name="Dealer")).to_have_value("")
    assert panel.complaints == []


def test_what_was_typed_but_not_chosen_is_said_at_the_field(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR)
    open_page(page, "/dealer/new/")
    page.get_by_label("Code").fill("D1")
    page.get_by_label("Name", exact=True).fill("车行")
    page.get_by_role("combobox", name="Touring engineer").press_sequentially("nobody of this name")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.get_by_role("combobox", name="Touring engineer").press("Escape")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".field .error", has_text="Choose from the list.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Touring engineer")).to_be_focused()
    panel.complaints[:] = [text for text in panel.complaints if "422" not in text]
    assert panel.complaints == []


def test_a_draft_outlives_the_login(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR)
    open_page(page, "/customer/new/")
    page.get_by_label("Name", exact=True).fill("王")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Your login has ended.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("王")

    page.context.add_cookies(cookies)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".message.success")).to_contain_text("was saved")
    assert panel.complaints == []


def test_a_draft_outlives_a_panel_that_cannot_be_reached(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR)
    open_page(page, "/customer/new/")
    page.get_by_label("Name", exact=True).fill("王")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save and enter another").click()
    expect(page.get_by_text("can't be reached just now")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Save and enter another").click()
    # The button that was pressed still tells where to go.
    expect(page.get_by_role("heading", name="New customer")).to_be_visible()
    expect(page.locator(".message.success")).to_contain_text("was saved")
    panel.complaints[:] = [text for text in panel.complaints if "ERR_INTERNET_DISCONNECTED" not in text]
    assert panel.complaints == []


def test_leaving_with_unsaved_changes_asks_first(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    open_page(page, "/customer/new/")
    page.get_by_label("Name", exact=True).press_sequentially("王")
    page.get_by_role("link", name="Vehicles").click()
    expect(page.get_by_role("heading", name="Vehicles")).to_be_visible()
    assert asked == ["beforeunload"]


def test_filters_work_by_keyboard_and_stay_in_the_address(panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        make.complaint()
        db.session.remove()
    page = panel.page(Role.SUPERVISOR)
    open_page(page, "/complaint/")
    step = page.locator("details.filter").first
    step.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/complaint/?flt_step=registered")
    expect(page.get_by_text("Step: Registered")).to_be_visible()
    page.get_by_role("link", name="Remove this filter").click()
    page.wait_for_url("**/complaint/")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search everywhere")).to_be_focused()
    assert panel.complaints == []


# English words are the longer ones.
@pytest.mark.parametrize("locale", [Locale.ENGLISH, pytest.param(Locale.CHINESE, marks=pytest.mark.faults)])
def test_no_screen_is_wider_than_a_phone(locale: Locale, panel: Panel) -> None:
    with panel.app.app_context():
        make = Factory(db.session())
        key = make.complaint(description="一段很长的陈述，" * 20, customer_name="很长的客户名称" * 8).id
        db.session.remove()
    page = panel.page(Role.ADMINISTRATOR, locale=locale, viewport=PHONE)
    addresses = ["/", "/search/?q=x", f"/complaint/details/?id={key}", f"/complaint/edit/?id={key}"]
    addresses += [f"/complaint/delete/?id={key}", "/change"]
    for view in panel.app.extensions["record_views"].values():
        is_entered = view.model.__tablename__ not in MADE_BY_STEPS
        addresses += [f"{view.url}/", *([f"{view.url}/new/"] if is_entered else [])]
    for address in addresses:
        open_page(page, address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
    page.goto("/complaint/")
    page.locator(".menu-button summary").click()
    expect(page.locator(".menu-sheet a").first).to_be_visible()
    assert panel.complaints == []


def test_text_keeps_enough_contrast_in_both_schemes(panel: Panel) -> None:
    for scheme in ("light", "dark"):
        page = panel.page(Role.SUPERVISOR, color_scheme=scheme)
        open_page(page, "/complaint/new/")
        for selector in ("h1", ".help", ".menu a", ".button.primary", ".button.quiet", ".field label"):
            assert contrast(page, selector) >= 4.5, (scheme, selector)


def contrast(page: Page, selector: str) -> float:
    """Return the contrast of the first such element's text and what lies behind it (WCAG 2.2, 1.4.3)."""
    return float(
        page.evaluate(
            """selector => {
                const channels = colour => colour.match(/[\\d.]+/g).map(Number);
                const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
                const element = document.querySelector(selector);
                let behind = element;
                const isClear = e => channels(getComputedStyle(e).backgroundColor)[3] === 0;
                while (isClear(behind)) behind = behind.parentElement;
                const levels = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor]
                    .map(channels).map(light).sort((a, b) => b - a);
                return (levels[0] + 0.05) / (levels[1] + 0.05);
            }""",
            selector,
        )
    )
