"""Skip tests whose means this machine lacks, a browser or files that can't ship, and say how many."""

from __future__ import annotations

import os
import shutil
from collections import Counter

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NOT_RUN = {
    "browser": "browser tests did not run: there is no Chromium here",
    "mount": "tests with a full disk did not run: nobody but root can mount one",
    "real_data": "tests over the real files did not run: REAL_DATA names no folder",
}
not_run: Counter[str] = Counter()


def missing_means() -> set[str]:
    """Return the markers of the tests that can't run here; a required browser is never missing."""
    missing = set()
    if not any(map(shutil.which, BROWSERS)) and not os.environ.get("REQUIRE_BROWSER"):
        missing.add("browser")
    if not (os.geteuid() == 0 and shutil.which("mount")):
        missing.add("mount")
    if not os.environ.get("REAL_DATA"):
        missing.add("real_data")
    return missing


@pytest.hookimpl(trylast=True)  # after the selection by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = missing_means()
    for item in items:
        for marker in missing:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=NOT_RUN[marker]))
                not_run[marker] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for marker, count in not_run.items():
        terminalreporter.write_line(f"{count} {NOT_RUN[marker]}")
