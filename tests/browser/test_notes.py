"""The box of notes in a browser: a screenshot is pasted, a file dropped, a draft is not lost by accident."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from browser.conftest import Panel
from factories import Factory
from models import Attachment, Note, db
from models.organisation import Locale, Role

pytestmark = pytest.mark.browser

# Puts a picture, named as browsers name each screenshot, where Ctrl+V or a mouse would.
HAND_OVER = """async ([kind, name]) => {
  const canvas = new OffscreenCanvas(400, 240);
  canvas.getContext("2d").fillRect(0, 0, 400, 240);
  const data = new DataTransfer();
  data.items.add(new File([await canvas.convertToBlob()], name, { type: "image/png" }));
  const box = document.querySelector("#note-body");
  const Kind = kind === "paste" ? ClipboardEvent : DragEvent;
  const given = kind === "paste" ? { clipboardData: data } : { dataTransfer: data };
  box.dispatchEvent(new Kind(kind, { ...given, bubbles: true, cancelable: true }));
}"""


def open_customer(panel: Panel, *, locale: Locale = Locale.ENGLISH) -> Page:
    with panel.app.app_context():
        customer = Factory(db.session()).customer(name="张三")
        address = f"/customer/details/?id={customer.id}"
        db.session.remove()
    page = panel.page(Role.CLERK, locale=locale)
    page.goto(address)
    return page


def test_a_pasted_screenshot_and_a_dropped_file_come_with_the_note(panel: Panel) -> None:
    page = open_customer(panel)
    page.get_by_label("Note", exact=True).fill("客户发来的照片")
    page.evaluate(HAND_OVER, ["paste", "image.png"])
    page.evaluate(HAND_OVER, ["drop", "现场.png"])
    chosen = page.locator(".chosen-files li")
    expect(chosen).to_have_count(2)
    expect(chosen.first).to_contain_text("Pasted picture")
    page.get_by_role("button", name="Add note").click()

    expect(page.get_by_text("The note was saved.")).to_be_visible()
    expect(page.locator("#notes").get_by_text("客户发来的照片")).to_be_visible()
    picture = page.get_by_alt_text("Preview of 现场.png")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.images].every((image) => image.naturalWidth > 0)")
    with page.expect_download() as download:
        page.get_by_role("link", name="现场.png", exact=True).click()
    assert download.value.suggested_filename == "现场.png"
    assert panel.complaints == []


def test_a_preview_opens_under_its_own_policy(panel: Panel) -> None:
    page = open_customer(panel)
    page.evaluate(HAND_OVER, ["paste", "image.png"])
    page.get_by_role("button", name="Add note").click()
    with page.expect_popup() as opened:
        page.locator(".thumbnail").click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("() => document.images[0].naturalWidth") == 400


def test_words_that_are_pasted_stay_words(panel: Panel) -> None:
    page = open_customer(panel)
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "13900000731");
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          document.querySelector("#note-body").dispatchEvent(event);
          window.wasTaken = event.defaultPrevented;
        }"""
    )
    assert page.evaluate("() => window.wasTaken") is False
    expect(page.locator(".chosen-files li")).to_have_count(0)


def test_a_draft_is_not_left_by_accident(panel: Panel) -> None:
    page = open_customer(panel)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss())[0])
    page.get_by_label("Note", exact=True).press_sequentially("还没写完")
    page.get_by_role("link", name="Customers", exact=True).first.click(no_wait_after=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(page.get_by_label("Note", exact=True)).to_have_value("还没写完")


def test_removing_asks_once_more_and_works_by_keyboard(panel: Panel) -> None:
    page = open_customer(panel)
    page.get_by_label("Note", exact=True).fill("写错了")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("The note was saved.")).to_be_visible()
    page.locator(".confirm summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".confirm[open] button")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".confirm[open] button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It was removed.")).to_be_visible()
    expect(page.get_by_text("No notes yet.")).to_be_visible()
    with panel.app.app_context():
        assert db.session.scalars(select(Note.deleted_at)).one() is not None
        assert db.session.scalars(select(Attachment)).all() == []


def test_what_is_too_large_is_named_before_it_is_sent_and_on_the_page_that_refuses_it(panel: Panel) -> None:
    page = open_customer(panel)
    box = page.get_by_label("Note", exact=True)
    box.fill("拍了视频")
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File([new ArrayBuffer(34 << 20)], "现场.mov", { type: "video/quicktime" }));
          document.querySelector("form[data-notes] input[type=file]").files = data.files;
        }"""
    )
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("[data-held=large]")).to_contain_text(
        "“现场.mov” has 34.0 MB; a file may have 20 MB."
    )
    expect(box).to_have_value("拍了视频")
    # Where no script says so, the server does, and its page carries the words.
    page.evaluate("() => document.querySelector('form[data-notes]').submit()")
    expect(page.get_by_role("heading", name="Too large")).to_be_visible()
    expect(page.get_by_text("“现场.mov” has 34.0 MB; a file may have 20 MB.")).to_be_visible()
    page.get_by_role("button", name="Back to the form").click()
    expect(box).to_have_value("拍了视频")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("The note was saved.")).to_be_visible()
    assert [each for each in panel.complaints if "413" not in each] == []
