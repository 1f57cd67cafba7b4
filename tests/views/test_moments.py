"""Days and instants in words, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from conftest import Login
from factories import Factory
from models.base import now
from models.organisation import Role
from views import moments
from views.moments import dated_moment, in_words, moment

# A Wednesday, 15:00 in Shanghai.
PRESENT = datetime(2026, 11, 18, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _present(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "login" not in request.fixturenames:
        monkeypatch.setattr(moments, "now", lambda: PRESENT)


SPOKEN = [
    (timedelta(seconds=-20), "just now", "刚刚"),
    (timedelta(minutes=-1), "1 minute ago", "1 分钟前"),
    (timedelta(minutes=-5), "5 minutes ago", "5 分钟前"),
    (timedelta(minutes=40), "in 40 minutes", "40 分钟后"),
    (timedelta(hours=-3), "3 hours ago", "3 小时前"),
    (timedelta(hours=2), "in 2 hours", "2 小时后"),
    (timedelta(hours=-14), "today 01:00", "今天 01:00"),
    (timedelta(hours=-24), "yesterday 15:00", "昨天 15:00"),
    (timedelta(hours=20), "tomorrow 11:00", "明天 11:00"),
    (timedelta(days=-2), "2 days ago", "2 天前"),
    (timedelta(days=7), "in 7 days", "7 天后"),
]


@pytest.mark.parametrize(("distance", "english", "chinese"), SPOKEN)
def test_an_instant_is_told_as_an_office_tells_it(
    in_app: Flask, distance: timedelta, english: str, chinese: str
) -> None:
    with in_app.test_request_context():
        with force_locale("en"):
            assert in_words(PRESENT + distance) == english
        with force_locale("zh_Hans_CN"):
            assert in_words(PRESENT + distance) == chinese


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 18), "today"),
        (date(2026, 11, 17), "yesterday"),
        (date(2026, 11, 19), "tomorrow"),
        (date(2026, 11, 11), "7 days ago"),
        (date(2026, 11, 25), "in 7 days"),
        (date(2026, 11, 10), None),
        (date(2026, 11, 26), None),
    ],
)
def test_a_day_is_told_by_its_distance_within_a_week(in_app: Flask, day: date, words: str | None) -> None:
    with in_app.test_request_context(), force_locale("en"):
        assert in_words(day) == words


def test_the_date_stands_with_the_words(in_app: Flask) -> None:
    with in_app.test_request_context(), force_locale("en"):
        near, far = PRESENT - timedelta(hours=3), PRESENT - timedelta(days=90)
        title = 'title="2026-11-18 12:00"'
        assert moment(near) == f'<time datetime="{near.isoformat()}" {title}>3 hours ago</time>'
        assert moment(near, "2026-11-18 12:00") == moment(near)
        assert moment(far) == f'<time datetime="{far.isoformat()}">2026-08-20 15:00</time>'
        whole = dated_moment(near)
        assert ">2026-11-18 12:00</time>" in whole
        assert "3 hours ago" in whole
        assert "<small" not in dated_moment(far)


def test_lists_speak_and_the_record_shows_the_date(make: Factory, login: Login) -> None:
    registered_at = now() - timedelta(minutes=5, seconds=5)
    complaint = make.complaint(registered_at=registered_at)
    client = login(Role.SUPERVISOR)
    assert ">5 minutes ago</time>" in client.get("/complaint/").text
    page = client.get(f"/complaint/details/?id={complaint.id}").text
    fact = page.partition("<dt>Registered at</dt>")[2].partition("</dd>")[0]
    assert fact.count("5 minutes ago") == 1
    assert registered_at.strftime("%Y-%m-") in fact.partition("</time>")[0].partition(">")[2]


def test_exports_and_forms_hold_dates_only(make: Factory, login: Login) -> None:
    complaint = make.complaint(registered_at=now() - timedelta(minutes=5, seconds=5))
    client = login(Role.SUPERVISOR)
    for address in ("/complaint/export/csv/", f"/complaint/edit/?id={complaint.id}"):
        with client.get(address) as answer:
            assert "minutes ago" not in answer.get_data(as_text=True)
