"""One's own summary: what is filled in, written, handed in, given back, and who may read it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import present_day
from sqlalchemy import select

from conftest import Login, PanelClient
from factories import Factory
from models import Staff, Summary
from models.base import now
from models.call_record import CallPurpose
from models.deadline_rule import DeadlineKind
from models.organisation import Role
from models.step_taken import Move
from models.summary_period import PeriodKind, SummaryPeriod

OWN, MEETING = "/summary/", "/summary-meeting/"
LAST = SummaryPeriod.of(PeriodKind.MONTH, present_day()).previous
PRESENT = LAST.following
DAY = timedelta(days=1)


def within(day: int, period: SummaryPeriod = LAST) -> datetime:
    return datetime.combine(period.first_on.replace(day=day), time(4), UTC)


def figures(page: str) -> dict[str, str]:
    shown = BeautifulSoup(page, "html.parser").select(".day-figures li")
    return {each.span.text: each.strong.text for each in shown if each.span and each.strong}


def send(client: PanelClient, period: SummaryPeriod = LAST, version: int = 0, **data: Any) -> Any:
    return client.post(f"{OWN}write/", data={"period": str(period), "version": version, **data})


def worked(make: Factory, staff: Staff, *, at: datetime) -> None:
    """Let a person do a little of everything."""
    own = {"responsible_id": staff.id}
    make.call_record(**own, called_at=at, satisfaction=5, purpose=CallPurpose.FIRST_FOLLOW_UP)
    make.call_record(**own, called_at=at, result="not_reached")
    for number in range(6):
        row = make.complaint(**own)
        settled = at if number else at + 3 * DAY
        make.deadline(row, kind=DeadlineKind.FIRST_ANSWER, due_at=at + DAY, settled_at=settled)
        make.deadline(row, kind=DeadlineKind.SOLVED, due_at=at + 2 * DAY, settled_at=None)
    make.step_taken(complaint_id=row.id, created_by_id=staff.id, taken_at=at)
    make.step_taken(complaint_id=row.id, taken_at=at, move=Move.CONFIRM)
    make.service_receipt(created_by_id=staff.id, created_at=at)
    make.letter(created_by_id=staff.id, created_at=at)


def follow_up(make: Factory, staff: Staff, *, made: bool) -> None:
    """Make a first follow-up that fell due with one of a person's customers, on the 17th of last month."""
    customer = make.customer(responsible_id=staff.id)
    visited = LAST.first_on.replace(day=10)
    vehicle = make.vehicle(customer_id=customer.id, warranty_until=visited + 300 * DAY)
    receipt = make.service_receipt(
        customer_id=customer.id,
        vehicle_id=vehicle.id,
        came_in_on=visited,
        handed_over_on=visited,
        created_at=within(10),
    )
    if made:
        make.call_record(
            service_receipt_id=receipt.id, purpose=CallPurpose.FIRST_FOLLOW_UP, called_at=within(12)
        )


def test_the_panel_counts_the_month_of_one_person(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    worked(make, client.staff, at=within(12))
    worked(make, make.staff(Role.CLERK), at=within(12))
    worked(make, client.staff, at=within(12, LAST.previous))
    follow_up(make, client.staff, made=True)
    follow_up(make, client.staff, made=False)
    make.daily_close(staff_id=client.staff.id, day=LAST.first_on, closed_at=now(), figures={})
    assert figures(client.get(f"{OWN}?period={LAST}").text) == {
        "Complaints registered": "1",
        "Complaints closed": "1",
        # One of six came late; few cases bear no percentage.
        "First answer in time": "83.3% 5/6",
        "Solved in time": "0.0% 0/6",
        "Satisfied": "1/1",
        "Calls": "2",
        "Of these, reached": "1",
        # The one that was made asks for a second, which was not.
        "Follow-ups in time": "1/3",
        "Receipts entered": "1",
        "Letters entered": "1",
        # The account is of today: nobody owes a day before it.
        "Days closed": "—",
    }


def test_what_is_handed_in_keeps_figures_and_words_and_is_read_only(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    assert send(client, achieved="草稿").status_code == 302
    assert send(client, version=1, achieved="完成了", suggestions="改表格", hand_in="1").status_code == 302
    make.call_record(responsible_id=client.staff.id, called_at=within(9))
    page = client.get(f"{OWN}?period={LAST}").text
    assert figures(page)["Calls"] == "0"
    assert "改表格" in page
    assert "<textarea" not in page
    # A reload of the same form is no error, another text is refused.
    assert send(client, version=1, achieved="完成了", suggestions="改表格", hand_in="1").status_code == 302
    assert send(client, version=1, achieved="别的").status_code == 409
    assert make.session.scalars(select(Summary.achieved)).all() == ["完成了"]


def test_two_windows_do_not_overwrite_each_other(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    send(client, achieved="先写的")
    late = send(client, achieved="后写的")
    assert late.status_code == 409
    assert "先写的" in late.text
    assert "后写的" in late.text
    # Who has seen it goes on.
    assert send(client, version=1, achieved="合起来的").status_code == 302
    assert make.session.scalars(select(Summary.achieved)).one() == "合起来的"


@pytest.mark.parametrize(
    ("period", "data", "status"),
    [
        # Of the month that goes on the draft alone is kept.
        (PRESENT, {"achieved": "一", "hand_in": "1"}, 302),
        (LAST, {"hand_in": "1"}, 422),
        (LAST, {"achieved": "长" * 8001, "hand_in": "1"}, 422),
    ],
)
def test_what_cannot_be_handed_in_stays_a_draft(
    period: SummaryPeriod, data: dict[str, str], status: int, make: Factory, login: Login
) -> None:
    assert send(login(Role.CLERK), period, **data).status_code == status
    assert make.session.scalars(select(Summary.handed_in_at)).all() in ([], [None])


@pytest.mark.parametrize("asked", ["", "2999-01", "2026-13", "1", "0000", "٢٠٢٦", "2026-03-01", "%00"])
def test_what_is_no_period_shows_the_last_month(asked: str, login: Login) -> None:
    client = login(Role.SUPERVISOR)
    for address in (OWN, MEETING):
        answer = client.get(f"{address}?period={asked}")
        assert answer.status_code == 200
        assert f'value="{LAST}" selected' in answer.text
        # Nothing is written to a month that nobody named.
        assert client.post(f"{address}write/", data={"period": asked, "achieved": "一"}).status_code == 404


def test_a_year_is_counted_like_a_month(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    year = date(present_day().year - 1, 7, 1)
    make.call_record(responsible_id=client.staff.id, called_at=datetime.combine(year, time(4), UTC))
    assert figures(client.get(f"{OWN}?period={year.year}").text)["Calls"] == "1"


def test_the_first_page_reminds_of_a_summary_that_is_owed(make: Factory, login: Login) -> None:
    client = login(Role.CLERK)
    assert client.staff is not None
    client.staff.created_at = within(1)
    make.session.commit()
    reminder = f'/summary/?period={LAST}"'
    # Where nobody writes any, nobody is asked for one.
    assert reminder not in client.get("/").text
    make.summary(kind=LAST.kind, first_on=LAST.first_on, staff_id=make.staff(Role.CLERK).id)
    assert reminder in client.get("/").text
    send(client, achieved="一", hand_in="1")
    assert reminder not in client.get("/").text
