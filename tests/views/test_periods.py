"""Periods by name: their days, and a list that is narrowed by one."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask_babel import force_locale
from screens import path

from conftest import Login
from factories import Factory
from models.organisation import Role
from views import days, filters
from views.periods import PERIODS, period_named


@pytest.mark.parametrize(
    ("name", "day", "first", "last"),
    [
        ("today", "2026-03-31", "2026-03-31", "2026-03-31"),
        ("this_week", "2026-03-29", "2026-03-23", "2026-03-29"),
        ("this_week", "2026-03-30", "2026-03-30", "2026-04-05"),
        ("last_week", "2026-03-30", "2026-03-23", "2026-03-29"),
        ("last_week", "2027-01-03", "2026-12-21", "2026-12-27"),
        ("this_month", "2024-02-29", "2024-02-01", "2024-02-29"),
        ("this_month", "2026-12-31", "2026-12-01", "2026-12-31"),
        ("yesterday", "2026-03-01", "2026-02-28", "2026-02-28"),
        ("last_month", "2024-03-31", "2024-02-01", "2024-02-29"),
        ("last_month", "2026-01-01", "2025-12-01", "2025-12-31"),
        ("last_year", "2026-03-31", "2025-01-01", "2025-12-31"),
        ("last_days", "2026-03-31", "2026-03-02", "2026-03-31"),
        ("this_year", "2026-03-31", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_has_these_days(name: str, day: str, first: str, last: str) -> None:
    period, present = period_named(name), date.fromisoformat(day)
    assert (period.first(present).isoformat(), period.last(present).isoformat()) == (first, last)


def test_a_list_is_narrowed_to_a_period_that_moves_with_the_day(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.vehicle(frame_number="FIRST", sold_on=date(2026, 3, 31))
    make.vehicle(frame_number="SECOND", sold_on=date(2026, 4, 1))
    client = login(Role.SUPERVISOR)
    for day, seen, unseen in ((31, "FIRST", "SECOND"), (1, "SECOND", "FIRST")):
        monkeypatch.setattr(filters, "today", lambda day=day: date(2026, 3 if day == 31 else 4, day))
        page = client.get(path("vehicle", flt_sold_on_in="this_month")).text
        assert seen in page
        assert unseen not in page
        assert "Sold on: This month" in page


def test_a_name_goes_before_days_and_nonsense_is_said(make: Factory, login: Login) -> None:
    make.vehicle(frame_number="LONG AGO", sold_on=date(2020, 3, 31))
    client = login(Role.SUPERVISOR)
    page = client.get(path("vehicle", flt_sold_on_in="today", flt_sold_on_from="2020-01-01")).text
    assert "LONG AGO" not in page
    assert 'value="2020-01-01"' not in page.partition("<table")[0].partition("data-preset")[2]
    refused = client.get(path("vehicle", flt_sold_on_in="next_century")).text
    assert "LONG AGO" in refused
    assert (
        "holds something that it can&#39;t use" in refused or "holds something that it can't use" in refused
    )


def test_every_period_has_a_name_in_chinese(in_app: Flask) -> None:
    with force_locale("zh_Hans_CN"):
        assert [str(period.label) for period in PERIODS] == [
            "今天",
            "昨天",
            "本周",
            "上周",
            "本月",
            "上月",
            "近 30 天",
            "今年",
            "去年",
        ]


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("day", "3-5", "2026-03-05"),
        ("day", "", ""),
        ("instant", "3-5 9:05", "2026-03-05 09:05"),
        ("instant", " ", ""),
    ],
)
def test_a_typed_date_is_read_back(
    kind: str, typed: str, value: str, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "today", lambda: date(2026, 3, 31))
    query = {"kind": kind, "text": typed}
    assert login(Role.AUDITOR).get("/typed-day/", query_string=query).json == {"value": value}


def test_a_typed_date_that_is_none_is_refused_with_a_sentence(login: Login) -> None:
    client = login(Role.CLERK)
    for kind, sentence in (("day", "Give a date such as"), ("instant", "Give a date and time such as")):
        answer = client.get("/typed-day/", query_string={"kind": kind, "text": "5/3/2024" * 99}).json or {}
        assert answer["error"].startswith(sentence)
