"""Markup in every text that is stored: nothing of it runs, on any page, in print or in a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Dialog, Page
from sqlalchemy import Enum, String, text
from sqlalchemy.exc import DataError, IntegrityError

from browser.conftest import Panel
from browser.every_page import Screen, every_page, furnish, special_screens
from browser.test_accessibility import Eyes, samples
from jobs.digest import make as make_digest
from models import Base, Digest, acting_as, db, system_actor
from models.base import now
from models.centre import site_zone
from models.iso_week import IsoWeek

pytestmark = pytest.mark.browser
PAYLOADS = (
    "'\"></title></textarea><script>ran()</script><img src=x onerror=ran()>{{7*7}}${7*7}",
    "'\"><script>ran()</script>",
    "<b>=ran()",
)
# Addresses, keys and hashes, which a constraint or the code that reads them keeps from being anything else.
KEYS = {
    "access_entry.table_name",
    "attachment.media_type",
    "attachment.sha256",
    "audit_entry.table_name",
    "audit_entry.source",
    "centre.timezone",
    "chat_group.robot",
    "chat_group.signing_secret",
    "chat_group.webhook",
    "delivery.message_id",
    "delivery.recipient",
    "demo_record.table_name",
    "digest_recipient.email",
    "export_run.table_name",
    "import_origin.table_name",
    "import_origin.source",
    "import_run.file_sha256",
    "import_run.mapping",
    "login_attempt.key_hash",
    "login_session.token_hash",
    "measure.meeting_week",
    "measure.point_key",
    "note.table_name",
    "notice.email",
    "own_right.creator",
    "own_right.responsible",
    "sent_form.content_hash",
    "staff.email",
    "staff.fs_uniquifier",
    "staff.password",
}
WATCH = """() => {
  window.ran = () => { window.hasRun = true; };
  document.addEventListener("securitypolicyviolation", (event) => {
    (window.violations = window.violations || []).push(`${event.violatedDirective} ${event.sample}`);
  });
}"""


def text_columns() -> Iterator[tuple[str, str, int | None]]:
    """Yield table, column and length of each text that people or files fill."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            is_text = isinstance(column.type, String) and not isinstance(column.type, Enum)
            if is_text and f"{table.name}.{column.name}" not in KEYS:
                yield table.name, column.name, column.type.length


def plant(app: Flask) -> set[str]:
    """Write the longest payload that fits into every text of every row; return which columns took none."""
    refused = set()
    with app.app_context(), acting_as(system_actor("test")):
        for table, column, length in text_columns():
            key = "id" if "id" in Base.metadata.tables[table].columns else "0"
            if not any(_write(table, column, length, f"{payload}#", key) for payload in PAYLOADS):
                refused.add(f"{table}.{column}")
        db.session.commit()
    return refused


def _write(table: str, column: str, length: int | None, payload: str, key: str) -> bool:
    if length is not None and len(payload) + 4 > length:
        return False
    value = f":payload || {key}" if length is None or length > len(payload) + 12 else ":payload"
    try:
        with db.session.begin_nested():
            done = db.session.execute(
                text(f'UPDATE "{table}" SET "{column}" = {value}'), {"payload": payload}
            )
    except (IntegrityError, DataError):
        return False
    return bool(done.rowcount)


def digest_screens(app: Flask, arguments: dict[str, Any]) -> list[Screen]:
    """Make a digest out of what was planted, and return the pages on which it is read."""
    with app.app_context(), acting_as(system_actor("test")):
        week = IsoWeek.last_closed(now(), site_zone())
        begin: datetime = week.bounds(site_zone())[0]
        db.session.execute(text("UPDATE complaint SET registered_at = :at"), {"at": begin})
        db.session.commit()
        department = db.session.get_one(Digest, arguments["digest"]["id"]).department_id
        db.session.execute(text("UPDATE department SET gets_all_subjects = true"))
        db.session.commit()
        digest = db.session.get_one(Digest, make_digest(department, week)[0])
        mails = [mail.id for mail in digest.deliveries]
        assert "ran()" in str(digest.payload)
        assert mails
        digest_id = digest.id
        db.session.remove()
    return [
        Screen("a digest of payloads", f"/digest/details/?id={digest_id}"),
        *(Screen("a mail of payloads", f"/digest/message/?id={mail}") for mail in mails),
    ]


def close(dialog: Dialog, found: list[str]) -> None:
    if dialog.type != "beforeunload":  # a form's own question about what was not saved
        found.append(dialog.message)
    dialog.accept()


def look(page: Page, screen: Screen, *, is_printed: bool) -> None:
    page.goto(screen.address, wait_until="domcontentloaded")
    if screen.prepare:
        screen.prepare(page)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    if is_printed:
        page.emulate_media(media="print")
        page.emulate_media(media="screen")


def some(screens: Sequence[Screen]) -> list[Screen]:
    """Take a part of what all record types have alike; the long run looks at every page."""
    return samples(screens)[::3]


@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.faults)])
def test_no_stored_markup_runs_on_any_page(panel: Panel, is_whole: bool) -> None:
    arguments = furnish(panel.app)
    screens = every_page(panel.app, arguments, choose=list if is_whole else some)
    refused = plant(panel.app)
    assert sorted(refused) == []
    special = special_screens(panel.app, arguments)
    screens += (special if is_whole else samples(special)) + digest_screens(panel.app, arguments)
    eyes = Eyes(panel)
    pages = {before: eyes.tabs[before][0] for before in (False, True)}
    found: list[str] = []
    for page in pages.values():
        page.add_init_script(f"({WATCH})()")
        page.on("dialog", lambda dialog: close(dialog, found))
    for screen in screens:
        page = pages[screen.is_before_login]
        look(page, screen, is_printed=is_whole)
        if page.evaluate("window.hasRun || window.violations"):
            found.append(f"{screen.address} {page.evaluate('window.violations')}")
    assert found == []
    # Errors that pages answer on purpose are the only complaints of the console.
    assert [each for each in panel.complaints if "status of" not in each] == []
