"""What is skipped where a means is missing, tried on a small run of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import missing_means

pytest_plugins = ("pytester",)

SMALL_RUN = """
import pytest

@pytest.mark.browser
def test_browser(): pass

@pytest.mark.real_data
@pytest.mark.parametrize("file", range(3))
def test_files(file): pass

def test_plain(): pass
"""
MARKERS = "[pytest]\nmarkers =\n    browser: x\n    real_data: x\n"


@pytest.mark.parametrize(
    ("environ", "has_chromium", "passed", "lines"),
    [
        ({}, False, 1, ["1 browser tests did not run*", "3 tests over the real files did not run*"]),
        ({"REQUIRE_BROWSER": "1"}, False, 2, ["3 tests over the real files did not run*"]),
        ({"REAL_DATA": "/data"}, True, 5, []),
    ],
)
def test_only_what_lacks_its_means_is_skipped_and_counted(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    has_chromium: bool,
    passed: int,
    lines: list[str],
) -> None:
    for name in ("REQUIRE_BROWSER", "REAL_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    programs = pytester.mkdir("programs")
    if has_chromium:
        (programs / "chromium").symlink_to(shutil.which("true") or "")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("PYTHONPATH", str(Path(missing_means.__file__).parent))
    pytester.makeini(MARKERS)
    pytester.makepyfile(SMALL_RUN)
    result = pytester.runpytest_subprocess("-p", "missing_means", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=passed, skipped=5 - passed)
    if lines:
        result.stdout.fnmatch_lines(lines)
