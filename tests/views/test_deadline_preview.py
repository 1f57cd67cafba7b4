"""What would be due: the instant, the rule, and the days that counted, in words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from screens import present_day

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models.deadline_rule import Counting, DeadlineKind
from models.holiday import HolidayKind
from models.organisation import Role


def shown(client: PanelClient, at: str) -> dict[str, list[str]]:
    """Return what the page says of each deadline: rule, due, how it is counted."""
    page = BeautifulSoup(client.get("/deadline-preview/", query_string={"at": at}).text, "html.parser")
    rows = page.select(".previews tbody tr")
    return {
        row.select("th")[0].get_text(strip=True): [
            cell.get_text(" ", strip=True) for cell in row.select("td")
        ]
        for row in rows
    }


@pytest.fixture
def may(make: Factory) -> Factory:
    """Enter the holiday of May and the Saturday that is worked for it."""
    for day in range(1, 6):
        make.holiday(falls_on=date(2026, 5, day), name="劳动节")
    make.holiday(falls_on=date(2026, 5, 9), kind=HolidayKind.WORKING_DAY, name="劳动节")
    return make


def test_each_deadline_is_shown_with_its_rule_and_reason(may: Factory, login: Login) -> None:
    found = shown(login(Role.CLERK), "2026-04-30 16:30")
    assert found["First answer"] == [
        "24 plain hours",
        "2026-05-01 16:30 Friday",
        "from Thu 30 Apr 16:30 → nights and free days count too",
    ]
    assert found["Solved, else the supervisor is told"][1] == "2026-05-02 23:59 Saturday"
    assert found["Decision on the proposal"] == [
        "1 working day",
        "2026-05-06 23:59 Wednesday",
        (
            "from Thu 30 Apr 16:30 → passes over Fri 1 May – Tue 5 May → counts Wed 6 May"
            " → to the end of the day"
        ),
    ]
    assert found["Customer told of the decision"][:2] == ["the same day", "2026-04-30 23:59 Thursday"]
    assert len(found) == len(DeadlineKind)


def test_a_saturday_that_is_worked_counts_and_says_so(may: Factory, login: Login) -> None:
    may.deadline_rule(
        kind=DeadlineKind.DECISION, valid_from=date(2026, 1, 1), time_given=4, counting=Counting.WORKING_DAYS
    )
    due, steps = shown(login(Role.CLERK), "2026-04-30 10:00")["Decision on the proposal"][1:]
    assert due == "2026-05-09 23:59 Saturday"
    assert "counts Wed 6 May – Fri 8 May → counts Sat 9 May (make-up) → to the end" in steps


def test_working_hours_name_the_days_on_which_they_run(may: Factory, login: Login) -> None:
    may.deadline_rule(
        kind=DeadlineKind.DECISION, valid_from=date(2026, 1, 1), time_given=2, counting=Counting.WORKING_HOURS
    )
    assert shown(login(Role.CLERK), "2026-04-30 16:30")["Decision on the proposal"] == [
        "2 working hours",
        "2026-05-06 09:30 Wednesday",
        "from Thu 30 Apr 16:30 → counts Thu 30 Apr → passes over Fri 1 May – Tue 5 May → counts Wed 6 May",
    ]


def test_a_year_that_is_not_announced_makes_working_days_provisional(login: Login) -> None:
    found = shown(login(Role.CLERK), "2035-12-31 10:00")
    assert found["Decision on the proposal"][1] == "2036-01-01 23:59 Tuesday provisional"
    assert "provisional" not in found["First answer"][1]


def test_what_is_no_instant_is_said_at_the_field(login: Login) -> None:
    response = login(Role.CLERK).get("/deadline-preview/", query_string={"at": "someday"})
    assert response.status_code == 200
    assert 'id="at-error">Give a date and time such as' in response.text


def test_the_longest_rule_is_cut_short_in_words(make: Factory, login: Login) -> None:
    make.deadline_rule(
        kind=DeadlineKind.DECISION,
        valid_from=date(2026, 1, 1),
        time_given=1000,
        counting=Counting.WORKING_DAYS,
    )
    steps = shown(login(Role.CLERK), "2199-12-31 10:00")["Decision on the proposal"][2]
    assert "and so on" in steps


def test_everything_is_worked_out_in_a_few_queries(may: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    with count_queries(client.application) as statements:
        client.get("/deadline-preview/")
    assert len(statements) <= 10


def rule(valid_from: date, **values: str) -> dict[str, str]:
    filled = {"kind": "decision", "valid_from": valid_from.isoformat(), "time_given": "2"}
    return filled | {"counting": "working_days", "pause_days_most": "0"} | values


def test_a_new_rule_begins_today_or_later_and_replaces_none_of_the_same_day(login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    past = client.post("/deadline-rule/new/", data=rule(present_day() - timedelta(days=3)))
    assert (past.status_code, "A new rule begins today or later." in past.text) == (422, True)
    later = present_day() + timedelta(days=30)
    assert client.post("/deadline-rule/new/", data=rule(later)).status_code == 302
    second = client.post("/deadline-rule/new/", data=rule(later, time_given="3"))
    assert second.status_code == 422
    assert client.post("/deadline-rule/new/", data=rule(later, time_given="-1")).status_code == 422


def test_a_rule_that_was_used_is_neither_changed_nor_deleted(make: Factory, login: Login) -> None:
    used = make.deadline(kind=DeadlineKind.DECISION).rule_id
    client = login(Role.ADMINISTRATOR)
    changed = rule(date(2040, 1, 1), version="1")
    response = client.post(f"/deadline-rule/edit/?id={used}", data=changed)
    assert (response.status_code, "Enter a new one" in response.text) == (422, True)
    deleted = client.post("/deadline-rule/delete/", data={"id": used})
    assert (deleted.status_code, "deadlines were worked out by it" in deleted.text) == (409, True)


def test_the_last_rule_of_a_kind_stays(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    only = BeautifulSoup(client.get("/deadline-rule/?flt_kind=solved").text, "html.parser").select_one(
        "input[name=id]"
    )
    assert only is not None
    response = client.post("/deadline-rule/delete/", data={"id": only["value"]})
    assert (response.status_code, "only one of its kind" in response.text) == (409, True)
