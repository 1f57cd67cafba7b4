"""The team's page: who has how much, what lies with nobody, and giving work from one to another."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from screens import present_day
from sqlalchemy import select
from test_undo import token_of, undo
from werkzeug.test import TestResponse

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Delivery, Staff
from models.centre import Centre
from models.complaint import Severity, Step
from models.deadline_rule import DeadlineKind
from models.holiday import HolidayKind
from models.organisation import Role

TEAM = "/team/"
GIVE = "/team/give/"
TODAY = present_day()


def day(distance: int) -> date:
    return TODAY + timedelta(days=distance)


def noon(distance: int) -> datetime:
    return datetime.combine(day(distance), time(12), ZoneInfo("Asia/Shanghai")).astimezone(UTC)


@pytest.fixture
def clerk(make: Factory) -> Staff:
    return make.staff(Role.CLERK, name="王文员")


def table(client: PanelClient, query: str = "") -> dict[str, dict[str, str]]:
    """Return the numbers of the page by person and column."""
    page = BeautifulSoup(client.get(TEAM + query).text, "html.parser")
    return {name_of(row): cells_of(row) for row in page.select(".team-load tbody tr")}


def name_of(row: Tag) -> str:
    found = row.select_one("th .title-link")
    assert found is not None
    return found.text


def cells_of(row: Tag) -> dict[str, str]:
    return {str(cell["data-label"]): cell.text.split("/")[0].strip() for cell in row.select("[data-label]")}


def give(client: PanelClient, to: Staff, *rows: Any, **more: str) -> TestResponse:
    """Give work as the page would, with the versions that it had shown."""
    items = [f"{row.__tablename__}:{row.id}:{row.version}" for row in rows]
    return client.post(GIVE, data={"responsible_id": str(to.id), "item": items, **more})


def mails(make: Factory) -> list[Delivery]:
    return list(make.session.scalars(select(Delivery).order_by(Delivery.id)))


def test_each_person_stands_there_with_what_is_late_due_and_coming(
    make: Factory, login: Login, clerk: Staff
) -> None:
    mine = {"responsible_id": clerk.id}
    make.owing(DeadlineKind.SOLVED, noon(-1), **mine)
    make.owing(DeadlineKind.FIRST_ANSWER, noon(3), **mine)
    make.department_task(due_on=day(0), **mine)
    make.call_record(promise="寄", promised_until=day(-2), **mine)
    make.call_record(promise="寄", promised_until=day(8), **mine)
    make.customer(**mine)
    make.complaint(step=Step.CONFIRMED, **mine)
    found = table(login(Role.SUPERVISOR))["王文员"]
    assert {name: found[name] for name in ("Late", "Due today", "Next 7 days", "Calls due", "Tasks due")} == {
        "Late": "2",
        "Due today": "1",
        "Next 7 days": "1",
        "Calls due": "1",
        "Tasks due": "1",
    }
    assert found["Open complaints"].split() == ["2", "Registered", "1", "Analysed", "1"]
    assert found["Customers"] == "1"


def test_what_lies_with_nobody_stands_on_top_and_leads_to_its_lines(make: Factory, login: Login) -> None:
    make.owing(DeadlineKind.FIRST_ANSWER, noon(-1), description="没人管")
    # Decisions are taken by whoever may: they lie with nobody by themselves.
    make.owing(DeadlineKind.DECISION, noon(-1), responsible_id=make.staff().id)
    client = login(Role.SUPERVISOR)
    pool = BeautifulSoup(client.get(TEAM).text, "html.parser").select_one(".team-pool")
    assert pool is not None
    assert [" ".join(each.text.split()) for each in pool.select("a")] == [
        "Open complaints 1",
        "First answer 1",
    ]
    links = [str(each["href"]) for each in pool.select("a")]
    assert all("没人管" in client.get(link).text for link in links)


def test_the_own_team_is_who_stands_below_and_everybody_can_be_asked_for(make: Factory, login: Login) -> None:
    top = make.position()
    low = make.position(parent_id=make.position(parent_id=top.id).id)
    make.staff(Role.CLERK, name="手下", position_id=low.id)
    make.staff(Role.CLERK, name="旁人")
    client = login(Role.SUPERVISOR, position_id=top.id)
    assert set(table(client)) == {"手下"}
    assert {"手下", "旁人"} <= set(table(client, "?whose=all"))
    # Where nobody stands below, everybody is meant.
    assert {"手下", "旁人"} <= set(table(login(Role.SUPERVISOR)))


def test_a_manager_of_one_region_sees_the_people_below_and_nobody_else(make: Factory, login: Login) -> None:
    top = make.position()
    low = make.position(parent_id=top.id)
    north, south = make.region(), make.region()
    below = make.staff(Role.CLERK, name="手下", position_id=low.id, region=south)
    make.staff(Role.CLERK, name="旁人", region=north)
    make.owing(DeadlineKind.SOLVED, noon(-1), responsible_id=below.id, region=south)
    client = login(Role.CLERK, position_id=top.id, region=north)
    assert set(table(client, "?whose=all")) == {"手下"}
    assert table(client)["手下"]["Late"] == "1"
    stranger = login(Role.CLERK, position_id=low.id, region=north)
    assert stranger.get(TEAM).status_code == 403
    assert stranger.get(GIVE).status_code == 403


def test_the_page_is_narrowed_by_region_with_those_under_it_and_by_department(
    make: Factory, login: Login
) -> None:
    region, department = make.region(), make.department()
    make.staff(Role.CLERK, name="区内", region=make.region(parent=region))
    make.staff(Role.CLERK, name="部内", department_id=department.id)
    client = login(Role.SUPERVISOR)
    assert set(table(client, f"?region={region.id}")) == {"区内"}
    assert set(table(client, f"?department={department.id}")) == {"部内"}
    assert client.get(f"{TEAM}?region=x&department=0&whose=x").status_code == 200


def test_who_is_absent_stands_there_with_the_substitute_and_who_has_not_closed(
    make: Factory, login: Login
) -> None:
    make.holiday(falls_on=TODAY - timedelta(days=1), kind=HolidayKind.WORKING_DAY)
    yesterday = TODAY - timedelta(days=1)
    department = make.department()
    away = make.staff(Role.CLERK, name="休假", department_id=department.id)
    present = make.staff(Role.CLERK, name="代理", department_id=department.id, created_at=noon(-9))
    make.absence(staff_id=away.id, substitute_id=present.id, starts_on=yesterday, ends_on=TODAY)
    make.daily_close(day=yesterday)
    page = " ".join(login(Role.SUPERVISOR).get(TEAM).text.split())
    for said in (
        f"Absent until {TODAY}",
        "substitute: 代理",
        "stands in for 休假",
        f"{yesterday} not closed",
    ):
        assert page.count(said) == 1


def test_the_page_asks_as_little_for_many_as_for_one(app: Flask, make: Factory, login: Login) -> None:
    client = login(Role.SUPERVISOR)

    def furnish() -> None:
        person = make.staff(Role.CLERK, region=make.region(), position_id=make.position().id)
        make.owing(DeadlineKind.SOLVED, noon(-1), responsible_id=person.id)
        make.absence(staff_id=person.id, starts_on=TODAY, ends_on=TODAY)

    furnish()
    client.get(TEAM)
    with count_queries(app) as few:
        client.get(TEAM)
    for _each in range(4):
        furnish()
    # New regions and positions are read once.
    client.get(TEAM)
    with count_queries(app) as many:
        client.get(TEAM)
    assert len(many) == len(few) <= 32, few


def test_a_person_s_queue_offers_to_give_what_lies_with_the_person(
    make: Factory, login: Login, clerk: Staff
) -> None:
    customer = make.customer(responsible_id=clerk.id)
    complaint = make.owing(DeadlineKind.SOLVED, noon(-1), responsible_id=clerk.id)
    make.vehicle(customer_id=customer.id, next_maintenance_on=day(1))
    make.owing(DeadlineKind.SOLVED, noon(-1), customer_name="别人的")
    client = login(Role.SUPERVISOR)
    answer = client.get(f"/due/?staff={clerk.id}").text
    page = BeautifulSoup(answer, "html.parser")
    assert "Work of 王文员" in answer
    assert "别人的" not in answer
    assert [str(each["value"]) for each in page.select("input[name=item]")] == [
        f"complaint:{complaint.id}",
        f"customer:{customer.id}",
    ]
    assert 'name="item"' not in login(Role.CLERK).get("/due/").text


def test_all_of_a_person_s_work_is_offered_with_the_loads_of_those_who_can_take_it(
    make: Factory, login: Login, clerk: Staff
) -> None:
    rows = [
        make.complaint(responsible_id=clerk.id),
        make.department_task(responsible_id=clerk.id),
        make.call_record(promise="寄", promised_until=day(9), responsible_id=clerk.id),
        make.warranty_claim(responsible_id=clerk.id),
        make.customer(responsible_id=clerk.id),
    ]
    make.complaint(step=Step.CONFIRMED, responsible_id=clerk.id)
    other = make.staff(Role.CLERK, name="接手")
    make.complaint(responsible_id=other.id)
    make.staff(Role.AUDITOR, name="审计")
    page = BeautifulSoup(login(Role.SUPERVISOR).get(f"{GIVE}?from={clerk.id}").text, "html.parser")
    offered = {str(each["value"]) for each in page.select("input[name=item][checked]")}
    assert offered == {f"{row.__tablename__}:{row.id}:{row.version}" for row in rows}
    (line,) = [row for row in page.select(".team-load tbody tr") if "接手" in row.text]
    assert cells_of(line)["Open complaints"] == "1 → 2"
    assert "审计" not in page.select(".team-load")[0].text


def test_work_of_several_kinds_goes_to_the_new_person_who_is_told_and_comes_back(
    make: Factory, login: Login, clerk: Staff
) -> None:
    to = make.staff(Role.CLERK, name="接手")
    complaint = make.complaint(responsible_id=clerk.id, severity=Severity.SEVERE, customer_name="某客户")
    task = make.department_task(complaint_id=complaint.id, responsible_id=clerk.id)
    customer = make.customer(responsible_id=clerk.id)
    client = login(Role.SUPERVISOR, name="周主管")
    assert give(client, to, complaint, task, customer).location == TEAM
    make.session.expire_all()
    assert {row.responsible_id for row in (complaint, task, customer)} == {to.id}
    (mail,) = mails(make)
    assert (mail.recipient, mail.subject) == (to.email, "周主管 has given you 3 pieces of work")
    message = message_from_bytes(mail.message, policy=policy.default)
    text = message.get_body(("plain",)).get_content()  # type: ignore[attr-defined]  # an EmailMessage
    assert f"* {complaint.number}  [Urgent]".replace("  ", " ") in text.replace("  ", " ")
    assert f"/customer/details/?id={customer.id}" in text
    assert "某客户" not in text
    assert "3 records are as they were before" in undo(client, token_of(client, TEAM)).text
    make.session.expire_all()
    assert {row.responsible_id for row in (complaint, task, customer)} == {clerk.id}


def test_what_somebody_changed_meanwhile_is_shown_before_it_is_given(
    make: Factory, login: Login, clerk: Staff
) -> None:
    complaint, other = make.complaint(responsible_id=clerk.id), make.complaint(responsible_id=clerk.id)
    seen = f"complaint:{complaint.id}:{complaint.version}"
    complaint.demand = "换新"
    make.session.commit()
    to = make.staff(Role.CLERK)
    data = {"responsible_id": str(to.id), "item": [seen, f"complaint:{other.id}:{other.version}"]}
    client = login(Role.SUPERVISOR)
    answer = client.post(GIVE, data=data)
    assert answer.status_code == 409
    assert f"Somebody changed this meanwhile: {complaint.number}." in answer.text
    make.session.expire_all()
    assert {complaint.responsible_id, other.responsible_id} == {clerk.id}
    assert f"complaint:{complaint.id}:2" in answer.text


def test_the_cap_of_customers_warns_and_can_be_passed(make: Factory, login: Login, clerk: Staff) -> None:
    make.session.merge(Centre(id=1, customers_per_person=1))
    to = make.staff(Role.FOLLOW_UP_AGENT, name="满员")
    make.customer(responsible_id=to.id)
    customer = make.customer(responsible_id=clerk.id)
    client = login(Role.SUPERVISOR)
    assert "over the cap" in client.get(f"{GIVE}?item=customer:{customer.id}").text
    answer = give(client, to, customer)
    assert answer.status_code == 422
    assert "满员 looks after 1 customers already" in answer.text
    assert give(client, to, customer, _insist="responsible_id").status_code == 302
    make.session.refresh(customer)
    assert customer.responsible_id == to.id


def test_work_goes_only_to_who_can_do_it_and_only_by_who_may_give(
    make: Factory, login: Login, clerk: Staff
) -> None:
    complaint = make.complaint(responsible_id=clerk.id)
    client = login(Role.SUPERVISOR)
    others = (make.staff(Role.AUDITOR), make.staff(), make.staff(Role.CLERK, active=False))
    # A warehouse keeper takes tasks, and no steps of complaints.
    for nobody in (*others, make.staff(Role.WAREHOUSE_KEEPER)):
        answer = give(client, nobody, complaint)
        assert answer.status_code == 422
        assert "Choose to whom it goes." in answer.text
    assert give(login(Role.AUDITOR), clerk, complaint).status_code == 403
    # Who leads people gives what he or she may edit, and sees.
    top = make.position()
    make.staff(Role.CLERK, name="手下", position_id=make.position(parent_id=top.id).id)
    manager = login(Role.CLERK, position_id=top.id, region=make.region())
    hidden = make.complaint(region=make.region(), responsible_id=clerk.id)
    assert manager.staff is not None
    assert give(manager, manager.staff, hidden).location == TEAM
    make.session.expire_all()
    assert {complaint.responsible_id, hidden.responsible_id} == {clerk.id}


def test_a_closed_complaint_and_nonsense_are_not_given(make: Factory, login: Login, clerk: Staff) -> None:
    closed = make.complaint(step=Step.CONFIRMED, responsible_id=clerk.id)
    client = login(Role.SUPERVISOR)
    assert give(client, clerk, closed).location == TEAM
    for query in ("", "?item=x", "?item=staff:1", "?item=complaint:x:y", "?from=x", "?from=999999999"):
        assert client.get(f"{GIVE}{query}").location == TEAM
    assert client.post(GIVE, data={"responsible_id": "x", "item": "complaint"}).location == TEAM


def test_a_second_click_has_no_second_effect(make: Factory, login: Login, clerk: Staff) -> None:
    complaint, client = make.complaint(responsible_id=clerk.id), login(Role.SUPERVISOR)
    to = make.staff(Role.CLERK)
    item = f"complaint:{complaint.id}:1"
    data = {"responsible_id": str(to.id), "item": item, "form_key": "a-key"}
    for _click in range(2):
        assert client.post(GIVE, data=data).location == TEAM
    make.session.refresh(complaint)
    assert (complaint.version, len(mails(make))) == (2, 1)
