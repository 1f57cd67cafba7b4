"""Periods of summaries: how far an earlier one is counted beside one that goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from factories import Factory
from models import db
from models.span import Span, Unit
from models.summary_figures import centre_figures
from models.summary_period import SummaryPeriod


@pytest.mark.parametrize(
    ("period", "until", "before", "counted_until"),
    [
        ("2026", date(2026, 3, 15), "2025", date(2025, 3, 15)),
        ("2024", date(2024, 2, 29), "2023", date(2023, 2, 28)),
        ("2024", date(2024, 12, 31), "2023", date(2023, 12, 31)),
        ("2026-03", date(2026, 3, 12), "2026-02", date(2026, 2, 12)),
        ("2026-03", date(2026, 3, 30), "2026-02", date(2026, 2, 28)),
        ("2026-02", date(2026, 2, 28), "2026-01", date(2026, 1, 31)),
    ],
)
def test_a_period_is_counted_as_far_as_the_later_one_has_come(
    period: str, until: date, before: str, counted_until: date
) -> None:
    later, earlier = SummaryPeriod.parse(period), SummaryPeriod.parse(before)
    span = Span(Unit(later.kind.value), later.first_on, until, ZoneInfo("Asia/Shanghai"))
    counted = earlier.until_as_far(span)
    assert (counted.first_on, counted.last_on) == (earlier.first_on, counted_until)


def test_a_year_that_goes_on_stands_beside_the_same_months_of_the_one_before(
    in_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.summary_period.now", lambda: datetime(2026, 3, 15, 4, tzinfo=UTC))
    make = Factory(db.session)
    for year, month in ((2026, 2), (2025, 2), (2025, 11)):
        make.complaint(registered_at=datetime(year, month, 1, 4, tzinfo=UTC))
    figures = centre_figures(SummaryPeriod.parse("2026"))
    assert figures["complaints"] == {"now": 1, "before": 1, "year_before": 1}
    month_before = centre_figures(SummaryPeriod.parse("2026-02"))
    assert month_before["complaints"] == {"now": 1, "before": 0, "year_before": 1}
