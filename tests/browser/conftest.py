"""A real Chromium at a real server: skipped where there is none, unless REQUIRE_BROWSER is set."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from conftest import PanelClient
from factories import Factory
from models import db
from models.organisation import Locale, Role

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Milliseconds: other tests may have both processors. What comes at once is not slowed down by it.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Run a Chromium for these tests only: Playwright's loop would hold other tests up that have one."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        # Who does not ask for it by REQUIRE_BROWSER has these tests skipped, and counted, before.
        pytest.fail("REQUIRE_BROWSER is set, and there is no Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@dataclass
class Panel:
    """A running panel, and a browser's pages at it that note every complaint of the console."""

    app: Flask
    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def page(
        self, *roles: Role, locale: Locale = Locale.ENGLISH, region_id: int | None = None, **options: Any
    ) -> Page:
        """Return a page on which a new person of these roles is logged in; nobody without roles."""
        context = self.browser.new_context(base_url=self.address, locale="en-GB", **options)
        if roles:
            with self.app.app_context():
                staff = Factory(db.session()).staff(*roles, locale=locale, region_id=region_id)
                client = self.app.test_client()
                assert isinstance(client, PanelClient)
                client.log_in(staff, db.session())
                cookie = client.get_cookie("huisheng", domain="localhost")
                assert cookie is not None
                db.session.remove()
            context.add_cookies([{"name": "huisheng", "value": cookie.value, "url": self.address}])
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


@contextmanager
def serving(app: Flask, browser: Browser) -> Iterator[Panel]:
    """Serve an application to the browser."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # Closing waits for requests under way: their database is dropped after that.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Panel(app, f"http://127.0.0.1:{server.server_port}", browser)
    for context in browser.contexts:
        context.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def panel(fresh_app: Flask, browser: Browser) -> Iterator[Panel]:
    with serving(fresh_app, browser) as running:
        yield running
