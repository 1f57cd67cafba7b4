"""Closing the day: what is filled in, completed and kept, and what the supervisor sees of the team."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import present_day
from sqlalchemy import select

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import AccessEntry, DailyClose, Staff, db
from models.base import now
from models.complaint import Step
from models.daily_close import owed_days
from models.deadline_rule import DeadlineKind
from models.holiday import HolidayKind
from models.organisation import Role
from models.step_taken import Move
from views.daily_close import closing_reminder

OWN, TEAM = "/close-day/", "/team-day/"
TODAY = present_day()
DAY = timedelta(days=1)


def figures(page: str) -> dict[str, str]:
    shown = BeautifulSoup(page, "html.parser").select(".day-figures li")
    return {each.span.text: each.strong.text for each in shown if each.span and each.strong}


def send(client: PanelClient, day: date = TODAY, **data: Any) -> Any:
    return client.post(f"{OWN}save/", data={"day": day.isoformat(), **data})


def worked(make: Factory, staff: Staff) -> None:
    """Let a person do a little of everything today."""
    at = now()
    own = {"responsible_id": staff.id, "called_at": at}
    make.call_record(**own)
    make.call_record(**own, result="not_reached")
    make.call_record(responsible_id=staff.id, promise="寄", promised_until=TODAY - DAY)
    make.call_record(responsible_id=staff.id, promise="寄", promise_kept_on=TODAY)
    make.service_receipt(created_by_id=staff.id)
    row = make.complaint(responsible_id=staff.id)
    make.deadline(row, kind=DeadlineKind.SOLVED, due_at=at - DAY)
    make.deadline(row, kind=DeadlineKind.FIRST_ANSWER, due_at=at - DAY)
    make.complaint(responsible_id=staff.id, step=Step.CONFIRMED)
    make.step_taken(complaint_id=row.id, created_by_id=staff.id, taken_at=at)
    make.step_taken(complaint_id=row.id, created_by_id=staff.id, taken_at=at, move=Move.VERIFY)
    make.step_taken(complaint_id=row.id, created_by_id=staff.id, taken_at=at - 3 * DAY, move=Move.VERIFY)
    make.department_task(complaint_id=row.id, responsible_id=staff.id)


def test_the_panel_fills_in_what_was_done_and_what_is_open(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    worked(make, client.staff)
    worked(make, make.staff(Role.CLERK))
    assert figures(client.get(OWN).text) == {
        "Calls": "2",
        "Of these, reached": "1",
        "Receipts entered": "1",
        "Complaints registered": "1",
        "Steps of complaints taken": "1",
        "Complaints open": "1",
        "Of these, late": "1",
        "Tasks open": "1",
        "Promises kept that day": "1",
        "Promises due or late": "1",
    }


def test_a_figure_leads_to_the_records_that_it_counts(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    worked(make, client.staff)
    links = BeautifulSoup(client.get(OWN).text, "html.parser").select(".day-figures a")
    assert len(links) == 6
    for link in links:
        rows = BeautifulSoup(client.get(str(link["href"])).text, "html.parser").select(
            "table.records tbody tr"
        )
        assert link.strong is not None
        assert str(len(rows)) == link.strong.text, link["href"]


def test_what_is_closed_keeps_its_figures_and_words(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    assert send(client, completed="整理了样车", open_points="明天回电李四", close="1").status_code == 302
    make.call_record(responsible_id=client.staff.id, called_at=now())
    page = client.get(OWN).text
    assert figures(page)["Calls"] == "0"
    assert "整理了样车" in page
    assert "明天回电李四" in page
    assert 'name="completed"' not in page
    kept = make.session.scalars(select(DailyClose)).one()
    assert (kept.staff_id, kept.day) == (client.staff.id, TODAY)


def test_what_is_only_saved_stays_open(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    send(client, completed="半天外出")
    send(client, completed="全天外出")
    assert "全天外出" in client.get(OWN).text
    kept = make.session.scalars(select(DailyClose)).one()
    assert (kept.completed, kept.closed_at) == ("全天外出", None)


def test_today_is_opened_again_by_the_person_and_no_other_day(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    earlier = make.daily_close(staff_id=client.staff.id, day=TODAY - DAY, closed_at=now(), figures={})
    send(client, completed="整理", close="1")
    assert client.post(f"{OWN}reopen/").status_code == 302
    assert 'name="completed"' in client.get(OWN).text
    assert "Only today" in client.post(f"{OWN}reopen/", follow_redirects=True).text
    make.session.refresh(earlier)
    assert earlier.closed_at is not None


def test_a_second_window_does_not_close_a_closed_day_and_keeps_what_was_typed(
    make: Factory, login: Login
) -> None:
    client = login(Role.CLERK)
    send(client, completed="先写的", close="1")
    answer = send(client, completed="后写的", close="1")
    assert answer.status_code == 409
    assert make.session.scalars(select(DailyClose.completed)).one() == "先写的"


def test_an_earlier_day_is_closed_late_and_one_to_come_not_at_all(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    send(client, TODAY - DAY, close="1")
    assert "Closed late" in client.get(f"{OWN}?day={(TODAY - DAY).isoformat()}").text
    for day in ((TODAY + DAY).isoformat(), "1990-01-01", "nonsense"):
        assert TODAY.isoformat() in client.get(f"{OWN}?day={day}").text
    assert client.post(f"{OWN}save/", data={"day": "2999-01-01", "close": "1"}).status_code == 302
    assert set(make.session.scalars(select(DailyClose.day))) == {TODAY, TODAY - DAY}


def test_too_long_a_text_is_refused_at_its_place(make: Factory, login: Login) -> None:
    answer = send(login(Role.CLERK), completed="字" * 4001, close="1")
    assert answer.status_code == 422
    assert 'id="completed-error"' in answer.text
    assert make.session.scalars(select(DailyClose)).all() == []


def test_who_has_no_role_closes_nothing(login: Login) -> None:
    assert login().get(OWN).status_code == 403


@pytest.mark.parametrize("role", [Role.CLERK, Role.QUALITY_ENGINEER])
def test_the_team_s_days_are_for_supervisors_and_auditors(role: Role, login: Login) -> None:
    assert login(role).get(TEAM).status_code == 403
    assert login(Role.AUDITOR).get(TEAM).status_code == 200


def workday(make: Factory) -> date:
    """Make today a day on which the office works, whatever it is."""
    make.holiday(falls_on=TODAY, kind=HolidayKind.WORKING_DAY)
    return TODAY


def test_a_day_that_can_not_be_shown_is_named(login: Login) -> None:
    boss = login(Role.SUPERVISOR)
    assert "“last week” is no day that can be shown: here is today." in boss.get(f"{TEAM}?day=last+week").text
    assert "no day that can be shown" not in boss.get(f"{TEAM}?day={TODAY}").text


def test_the_team_stands_on_one_page_with_who_has_not_closed(make: Factory, login: Login) -> None:
    workday(make)
    region = make.region()
    done = login(Role.CLERK, name="已日结", region=region)
    send(done, completed="=1+1", close="1")
    # Who works in a region under it belongs to it too.
    missing = make.staff(Role.CLERK, name="未日结", region=make.region(parent=region))
    away = make.staff(Role.CLERK, name="休假中", region=region, department_id=make.department().id)
    make.absence(staff_id=away.id, starts_on=TODAY, ends_on=TODAY)
    make.staff(name="无角色")
    make.staff(Role.AUDITOR, Role.ADMINISTRATOR, name="只查看", region=region)
    worked(make, missing)
    boss = login(Role.SUPERVISOR)
    page = boss.get(f"{TEAM}?region={region.id}").text
    assert "1 person has not closed: 未日结</p>" in " ".join(page.split()).replace(" </p>", "</p>")
    for said in ("已日结", "休假中", "Absent", "=1+1"):
        assert said in page
    assert "无角色" not in boss.get(TEAM).text
    file = boss.get(f"{TEAM}file/?region={region.id}")
    assert file.mimetype == "text/csv"
    assert "'=1+1" in file.text
    assert make.session.scalars(select(AccessEntry.table_name)).all() == ["team_day"]


def test_one_goes_back_day_by_day_but_not_ahead(login: Login) -> None:
    boss = login(Role.SUPERVISOR)
    page = BeautifulSoup(boss.get(f"{TEAM}?day={(TODAY - DAY).isoformat()}").text, "html.parser")
    assert [str(each["href"]).partition("day=")[2] for each in page.select("main [rel]")] == [
        (TODAY - 2 * DAY).isoformat(),
        TODAY.isoformat(),
    ]
    assert 'rel="next"' not in boss.get(TEAM).text


def test_many_people_cost_as_many_queries_as_few(app: Flask, make: Factory, login: Login) -> None:
    boss = login(Role.SUPERVISOR)
    worked(make, make.staff(Role.CLERK))
    boss.get(TEAM)
    with count_queries(app) as few:
        boss.get(TEAM)
    for _number in range(4):
        worked(make, make.staff(Role.CLERK))
    with count_queries(app) as many:
        boss.get(TEAM)
    assert len(many) == len(few)


@pytest.mark.usefixtures("in_app")
def test_free_days_absences_and_what_lay_before_the_beginning_are_not_owed() -> None:
    make = Factory(db.session())
    monday = date(2026, 3, 9)
    staff = make.staff(Role.CLERK, created_at=datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert owed_days(staff, monday) == [monday]
    # The centre began on Wednesday, and the person was away on Thursday.
    make.daily_close(day=date(2026, 3, 4))
    staff.department_id = make.department().id
    make.session.commit()
    make.absence(staff_id=staff.id, starts_on=date(2026, 3, 5), ends_on=date(2026, 3, 5))
    assert owed_days(staff, monday) == [monday, date(2026, 3, 6), date(2026, 3, 4)]
    make.daily_close(staff_id=staff.id, day=date(2026, 3, 6), closed_at=now(), figures={})
    make.daily_close(staff_id=staff.id, day=monday)
    assert owed_days(staff, monday) == [monday, date(2026, 3, 4)]


def test_the_first_page_reminds_of_an_earlier_day_and_from_an_hour_before_the_end(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    workday(make)
    client = login(Role.CLERK)

    def at(hour: int) -> str:
        instant = datetime.combine(TODAY, datetime.min.time(), ZoneInfo("Asia/Shanghai")) + timedelta(
            hours=hour
        )
        monkeypatch.setattr("views.home.closing_reminder", lambda _now: closing_reminder(instant))
        return client.get("/").text

    assert "Please close the day" not in at(10)
    assert "Please close the day" in at(17)
    send(client, close="1")
    assert "Please close the day" not in at(17)
