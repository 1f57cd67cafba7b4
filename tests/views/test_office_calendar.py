"""The office calendar: a year at a glance, the pasted notice, the hours of the week, and who is warned."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from conftest import Login
from factories import Factory
from models import Centre, DeadlineRule, Holiday
from models.deadline_rule import DeadlineKind
from models.holiday import HolidayKind
from models.organisation import Role
from views import office_calendar
from views.typed_hours import parse_hours, show_hours

NOTICE = "一、元旦：1月1日（周五）至3日（周日）放假，共3天。\n二、春节：2月20日（周六）上班。"


def days(make: Factory, year: int) -> dict[date, str]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    rows = make.session.scalars(select(Holiday).where(Holiday.falls_on.between(first, last)))
    return {row.falls_on: row.kind.value for row in rows}


def test_a_year_shows_what_differs_and_how_many_days_are_worked(make: Factory, login: Login) -> None:
    make.holiday(falls_on=date(2026, 5, 1), name="劳动节")
    make.holiday(falls_on=date(2026, 5, 2), name="劳动节")
    make.holiday(falls_on=date(2026, 5, 9), kind=HolidayKind.WORKING_DAY, name="劳动节")
    page = BeautifulSoup(login(Role.CLERK).get("/office-calendar/?year=2026").text, "html.parser")
    may = page.select(".month")[4]
    assert "21 working days" in may.get_text()
    assert [cell.get_text(" ", strip=True) for cell in may.select(".holiday, .make-up")] == [
        "1 off 劳动节 · Public holiday",
        "2 off 劳动节 · Public holiday",
        "9 work 劳动节 · Make-up working day",
    ]
    line = page.select_one(".breaks li")
    assert line is not None
    assert line.get_text(" ", strip=True) == "劳动节 Fri 1 May – Sat 2 May 2 days worked for it: Sat 9 May"


@pytest.mark.parametrize("year", ["abc", "-1", "0", "99999999999999999999", "1899", ""])
def test_a_year_that_is_none_shows_the_present_one(year: str, login: Login) -> None:
    assert login(Role.CLERK).get(f"/office-calendar/?year={year}").status_code == 200


def test_a_notice_is_shown_before_it_is_taken(make: Factory, login: Login) -> None:
    make.holiday(falls_on=date(2027, 1, 1), kind=HolidayKind.WORKING_DAY, name="错")
    client = login(Role.SUPERVISOR)
    shown = client.post("/office-calendar/notice?year=2027", data={"text": NOTICE})
    assert shown.status_code == 200
    assert "4 days were read" in shown.text
    assert "instead of: 错 · Make-up working day" in shown.text
    assert len(days(make, 2027)) == 1
    taken = client.post("/office-calendar/notice?year=2027", data={"text": NOTICE, "confirm": "1"})
    assert taken.location == "/office-calendar/?year=2027"
    free = dict.fromkeys((date(2027, 1, day) for day in (1, 2, 3)), "public_holiday")
    assert days(make, 2027) == free | {date(2027, 2, 20): "working_day"}
    again = client.post("/office-calendar/notice?year=2027", data={"text": NOTICE})
    assert again.text.count("is there already") == 4


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/office-calendar/notice?year=2037", {"text": "元旦：1月1日放假。", "confirm": "1"}),
        ("/holiday/new/", {"falls_on": "2037-01-01", "kind": "public_holiday", "name": "元旦"}),
    ],
)
def test_what_is_due_in_working_days_follows_a_new_holiday(
    address: str, sent: dict[str, str], make: Factory, login: Login
) -> None:
    rule = make.session.scalars(select(DeadlineRule).where(DeadlineRule.kind == DeadlineKind.DECISION)).one()
    begun, due = datetime(2036, 12, 31, 1, tzinfo=UTC), datetime(2037, 1, 1, 15, 59, 59, tzinfo=UTC)
    deadline = make.deadline(kind=DeadlineKind.DECISION, rule_id=rule.id, started_at=begun, due_at=due)
    assert login(Role.SUPERVISOR).post(address, data=sent).status_code == 302
    make.session.refresh(deadline)
    # From Thursday to the Friday after it.
    assert deadline.due_at == due + timedelta(days=1)


def test_sentences_that_could_not_be_read_are_named_and_not_taken(make: Factory, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    text = NOTICE + "\n三、清明节：4月4日（周六）至6日放假。"
    shown = client.post("/office-calendar/notice?year=2027", data={"text": text})
    assert "4月4日(周六)至6日放假" in shown.text
    assert "A day of the week does not fit its date." in shown.text
    client.post("/office-calendar/notice?year=2027", data={"text": text, "confirm": "1"})
    assert date(2027, 4, 4) not in days(make, 2027)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" ", "Paste the notice here."),
        ("天气很好。", "No day could be read."),
        ("元旦：1月1日。" * 5000, "This is too long for a notice."),
        ("\x00<script>", "No day could be read."),
    ],
)
def test_what_is_no_notice_is_said_at_the_field(text: str, sentence: str, login: Login) -> None:
    response = login(Role.SUPERVISOR).post("/office-calendar/notice", data={"text": text, "confirm": "1"})
    assert response.status_code == 422
    assert sentence in response.text


def test_who_may_not_keep_the_calendar_only_looks_at_it(login: Login) -> None:
    client = login(Role.CLERK)
    assert "Paste a notice" not in client.get("/office-calendar/").text
    assert client.get("/office-calendar/notice").status_code == 403
    assert client.post("/office-calendar/notice", data={"text": NOTICE, "confirm": "1"}).status_code == 403
    assert login(Role.SUPERVISOR).get("/working-hours/").status_code == 403
    assert login(Role.SUPERVISOR).post("/working-hours/save", data={}).status_code == 403


def test_administrators_are_warned_of_a_year_without_make_up_days(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warned(role: Role, day: date) -> list[int]:
        monkeypatch.setattr(office_calendar, "today", lambda: day)
        page = login(role).get("/").text
        return [year for year in (2035, 2036) if f"calendar of {year} is provisional" in page]

    assert warned(Role.ADMINISTRATOR, date(2035, 8, 31)) == [2035]
    make.holiday(falls_on=date(2035, 2, 10), kind=HolidayKind.WORKING_DAY, name="春节")
    assert warned(Role.ADMINISTRATOR, date(2035, 8, 31)) == []
    # From the autumn on the next year is looked at as well; nobody else is told.
    assert warned(Role.ADMINISTRATOR, date(2035, 9, 1)) == [2036]
    assert warned(Role.CLERK, date(2035, 9, 1)) == []
    page = login(Role.CLERK).get("/office-calendar/?year=2036").text
    assert "2036 is provisional" in page


def test_the_hours_of_the_week_are_set_by_administrators(make: Factory, login: Login) -> None:
    client = login(Role.ADMINISTRATOR)
    week = {f"day-{number}": "9：00至12：00、13点–18点" for number in range(1, 6)}
    assert client.post("/working-hours/save", data=week | {"day-6": "休息"}).status_code == 302
    make.session.expire_all()
    stored = make.session.scalars(select(Centre.working_hours)).one()
    assert stored == {str(n): ["09:00-12:00", "13:00-18:00"] if n < 6 else [] for n in range(1, 8)}
    assert "09:00-12:00, 13:00-18:00" in client.get("/working-hours/").text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("abc", "Give hours such as"),
        ("8:30", "Give hours such as"),
        ("25:00-26:00", "Give hours such as"),
        ("8:75-9:00", "Give hours such as"),
        ("12:00-8:30", "These hours overlap"),
        ("8:00-12:00, 11:00-15:00", "These hours overlap"),
        ("24:30-24:40", "These hours overlap"),
        ("", "Somebody works on one day at least."),
    ],
)
def test_hours_that_cannot_be_meant_are_said_at_their_day(typed: str, sentence: str, login: Login) -> None:
    response = login(Role.ADMINISTRATOR).post("/working-hours/save", data={"day-1": typed})
    assert response.status_code == 422
    error = response.text.partition('id="day-1-error">')[2].partition("</p>")[0]
    assert sentence in error


def test_hours_are_shown_as_they_can_be_typed() -> None:
    for intervals in ((), ((0, 1440),), ((510, 720), (810, 1050))):
        assert parse_hours(show_hours(intervals)) == intervals
