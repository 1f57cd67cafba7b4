"""The page of retention periods."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conftest import Login
from factories import Factory
from models.centre import Centre
from models.organisation import Locale, Role
from models.retention import PERIODS, RetentionKind
from views.retention import in_words, value_of

DEFAULTS = {kind.value: value_of(period.months) for kind, period in PERIODS.items()}


@pytest.mark.parametrize("role", list(Role))
def test_only_administrators_see_and_set_periods(role: Role, login: Login) -> None:
    client = login(role)
    may = role is Role.ADMINISTRATOR
    assert client.get("/retention/").status_code == (200 if may else 403)
    assert client.post("/retention/save", data=DEFAULTS).status_code == (302 if may else 403)
    assert ('href="/retention/"' in client.get("/").text) == may


def test_the_page_says_why_and_what_the_next_run_would_remove(make: Factory, login: Login) -> None:
    make.call_record(called_at=datetime(2001, 1, 1, tzinfo=UTC))
    page = login(Role.ADMINISTRATOR).get("/retention/").text
    assert "Claims lapse after 3 years" in page
    assert '<option value="36" selected>3 years</option>' in page
    assert "The next run removes</span> <strong>1</strong>" in page
    assert "It has not run yet." in page
    assert "永久保存" in login(Role.ADMINISTRATOR, locale=Locale.CHINESE).get("/retention/").text


def test_a_period_is_kept_and_its_change_stands_in_the_history(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    answer = client.post("/retention/save", data=DEFAULTS | {"call_record": "60", "bin": "for-ever"})
    assert answer.status_code == 302
    make.session.expire_all()
    assert make.session.get_one(Centre, 1).retention == {"call_record": 60, "bin": None}
    assert '<option value="60" selected>' in client.get("/retention/").text


@pytest.mark.parametrize("sent", ["", "0", "1", "-5", "999999999999", "abc", "３６"])
def test_a_period_that_is_not_offered_is_refused_at_its_place(sent: str, make: Factory, login: Login) -> None:
    answer = login(Role.ADMINISTRATOR).post("/retention/save", data=DEFAULTS | {"call_record": sent})
    assert answer.status_code == 422
    assert "Choose a period of the list." in answer.text
    make.session.expire_all()
    assert make.session.get_one(Centre, 1).retention == {}


def test_periods_are_said_in_years_and_months(login: Login) -> None:
    with login(Role.ADMINISTRATOR).application.test_request_context(headers={"Accept-Language": "en"}):
        assert [in_words(each) for each in (1, 6, 12, 120, None)] == [
            "1 month",
            "6 months",
            "1 year",
            "10 years",
            "for ever",
        ]
    assert set(DEFAULTS) == {kind.value for kind in RetentionKind}
