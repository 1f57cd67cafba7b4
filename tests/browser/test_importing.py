"""The import screen in a browser, with a worker beside the panel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from redis import Redis

from browser.conftest import Panel
from config import Settings
from conftest import environ_of
from models import acting_as, db, system_actor
from models.essentials import seed_essentials
from models.organisation import Locale, Role

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
HEADER = "编号,名称,电话,区域"
# Enough for the bar to be seen.
MANY = 3000


@pytest.fixture
def worker(panel: Panel, fresh_settings: Settings) -> Iterator[None]:
    """Run a worker on the panel's own database."""
    Redis.from_url(fresh_settings.redis_url).flushall()
    with panel.app.app_context(), acting_as(system_actor("test")):
        seed_essentials()
        db.session.commit()
        db.session.remove()
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", str(ROOT / "app"), "worker"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environ_of(fresh_settings),
        stderr=subprocess.DEVNULL,
    )
    yield
    process.terminate()
    process.wait(timeout=30)


@pytest.mark.usefixtures("worker")
def test_a_list_is_uploaded_checked_imported_and_its_rejected_rows_fetched(
    panel: Panel, tmp_path: Path
) -> None:
    rows = [f"K{number},客户{number},1390000{number:04},东区" for number in range(MANY)]
    file = tmp_path / "客户名单.csv"
    file.write_text("\n".join([HEADER, *rows, "K-bad,,,"]), "gb18030")
    page = panel.page(Role.SUPERVISOR)
    page.goto("/import/")
    expect(page.get_by_text("No file chosen yet")).to_be_visible()
    page.get_by_label("File", exact=True).set_input_files(file)
    expect(page.get_by_role("status").filter(has_text="客户名单.csv")).to_be_visible()
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_text("Being checked in the background")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    # The page shows by itself that the step has ended.
    expect(page.get_by_role("heading", name="What the import would do")).to_be_visible(timeout=40000)
    expect(page.locator(".counts li").first).to_have_text("3,000New rows")
    expect(page.get_by_text("“名称” is empty.")).to_be_visible()
    expect(page.get_by_text("Region 1 (东区)")).to_be_visible()
    page.get_by_role("button", name="Import now").click()
    expect(page.locator("[data-share]")).to_contain_text("%")
    expect(page.get_by_role("heading", name="What the import did")).to_be_visible(timeout=60000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rejected rows").click()
    assert download.value.suggested_filename == "客户名单-rejected.csv"
    assert Path(download.value.path()).read_text("gb18030").splitlines() == [
        f"{HEADER},reason",
        "K-bad,,,,“名称” is empty.",
    ]
    page.goto("/import/")
    expect(page.locator("tbody tr").filter(has_text="客户名单.csv")).to_contain_text(re.compile("3,?000"))
    page.goto("/customer/?search=客户2999")
    expect(page.get_by_text("客户2999").first).to_be_visible()
    assert panel.complaints == []


def test_a_template_is_downloaded_and_the_pages_fit_a_phone(panel: Panel) -> None:
    page = panel.page(Role.SUPERVISOR, locale=Locale.CHINESE, viewport={"width": 375, "height": 812})
    page.goto("/import/")
    with page.expect_download() as download:
        page.get_by_role("link", name="客户 中文").click()
    assert download.value.suggested_filename == "客户.xlsx"
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert panel.complaints == []
