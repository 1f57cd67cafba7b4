"""The words of the digest."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from jobs import digest_wording


@pytest.mark.parametrize(
    ("locale", "on", "words"),
    [
        ("zh_Hans_CN", "2024-03-05", "电动车 150 · 3月5日"),
        ("zh_Hans_CN", "2021-01-26", "电动车 150 · 2021年1月26日"),
        ("en", "2024-03-05", "电动车 150 · Mar 5"),
        ("en", "2021-01-26", "电动车 150 · Jan 26, 2021"),
    ],
)
def test_a_day_of_another_year_says_its_year(app: Flask, locale: str, on: str, words: str) -> None:
    item: dict[str, Any] = {"product": "电动车 150", "dealer": None, "on": on}
    with app.app_context(), force_locale(locale):
        assert digest_wording.context(item, {"ends_on": "2024-03-10"}) == words
