"""The first page, and the search over everything."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from conftest import Login, count_queries
from factories import Factory
from models import Deadline
from models.base import now
from models.complaint import Severity, Step
from models.deadline_rule import DeadlineKind
from models.organisation import Role
from models.part import Disposition
from models.permissions import letters
from models.service_receipt import ServiceKind
from models.tasks import TASKS
from models.warranty_claim import ClaimOutcome
from views.home import DESKS, SECTIONS


def test_the_figures_count_what_is_new_open_late_and_severe(make: Factory, login: Login) -> None:
    make.complaint()
    make.owing(DeadlineKind.FIRST_ANSWER, now() - timedelta(hours=6))
    make.complaint(registered_at=now() - timedelta(days=20), step=Step.CONFIRMED)
    make.complaint(registered_at=now() - timedelta(days=20), step=Step.ANALYSED, severity=Severity.SEVERE)
    page = login(Role.SUPERVISOR).get("/").text
    figures = page[page.index('class="figures"') : page.index("</ul>", page.index('class="figures"'))]
    for count, label in ((2, "New in 7 days"), (3, "Open complaints"), (1, "Severe and open")):
        assert f"<strong>{count}</strong><span>{label}</span>" in figures
    assert "<strong>1</strong><span>First answer late</span>" in figures
    assert "Answer overdue" in page


def one_for_each_task(make: Factory, person: int) -> None:
    """Make records so that every figure counts some, and none counts all of its type."""
    today = now().date()
    late = now() - timedelta(days=3)
    grave = {"severity": Severity.SEVERE, "is_safety_relevant": True, "responsible_id": person}
    make.owing(DeadlineKind.FIRST_ANSWER, late, **grave)
    make.owing(DeadlineKind.SOLVED, late)
    passed_on = make.owing(DeadlineKind.SOLVED, now() - timedelta(days=3))
    make.session.execute(
        update(Deadline).where(Deadline.complaint_id == passed_on.id).values(escalated_at=now())
    )
    make.session.commit()
    make.complaint(responsible_id=make.staff().id)
    make.complaint(step=Step.CONFIRMED, registered_at=now() - timedelta(days=30))
    make.service_receipt(asked_at=now())
    make.service_receipt(came_in_on=today, handed_over_on=today)
    make.service_receipt(kind=ServiceKind.INQUIRY)
    for kept_on in (None, today):
        make.call_record(promise="寄", promised_until=today, promise_kept_on=kept_on)
    make.letter(sent_on=None)
    key_part = make.part(is_key_part=True)
    make.parts_quality_record(found_on=today, part_id=key_part.id)
    make.parts_quality_record(found_on=today, disposition=Disposition.SCRAP)
    make.parts_quality_record(found_on=today - timedelta(days=30), disposition=Disposition.SCRAP)
    for attributes in ({}, {"is_right": False, "wrong_because": "发错型号"}):
        make.parts_shipment(shipped_on=today, **attributes)
    make.parts_shipment(shipped_on=today - timedelta(days=30))
    make.warranty_claim()
    make.warranty_claim(outcome=ClaimOutcome.PASSED, decided_on=today)
    make.staff(password="x", department_id=make.department().id)
    make.customer(created_by_id=make.staff().id, first_contact_on=late.date())


@pytest.mark.parametrize("role", list(Role))
def test_each_figure_leads_to_the_records_that_it_counts(role: Role, make: Factory, login: Login) -> None:
    client = login(role)
    assert client.staff is not None
    one_for_each_task(make, client.staff.id)
    found = re.findall(r'<a href="([^"]+flt_task[^"]+)"><strong>(\d+)</strong>', client.get("/").text)
    names = [address.partition("flt_task=")[2].partition("&")[0] for address, _count in found]
    assert tuple(names) == DESKS[role].tasks
    for address, count in found:
        page = client.get(address.replace("&amp;", "&")).text
        assert f'<span class="count">{count}</span>' in page, address
        if not address.startswith("/staff/"):
            assert int(count) > 0, address


def test_every_figure_belongs_to_a_role_which_may_see_it() -> None:
    assert {name for desk in DESKS.values() for name in desk.tasks} == set(TASKS)
    for role, desk in DESKS.items():
        for name in desk.tasks:
            assert "l" in letters(role, TASKS[name].model.__tablename__), (role, name)
        assert set(desk.sections) <= set(SECTIONS)


def test_who_has_several_roles_finds_each_thing_once(make: Factory, login: Login) -> None:
    make.complaint()
    page = login(Role.SUPERVISOR, Role.CLERK, Role.ADMINISTRATOR).get("/").text
    for once in ("New in 7 days", "Severe and open", "Staff without a department"):
        assert page.count(f"<span>{once}</span>") == 1
    for name in ("due", "latest", "people", "weeks", "days", "pages"):
        assert page.count(f'id="home-{name}"') == 1
    assert 'id="home-parts"' not in page


def test_an_unknown_task_narrows_nothing_and_is_said(make: Factory, login: Login) -> None:
    complaint = make.complaint()
    page = login(Role.CLERK).get("/complaint/?flt_task=zzz").text
    assert complaint.number in page
    assert 'class="message warning"' in page


def test_a_supervisor_sees_what_lies_with_whom(make: Factory, login: Login) -> None:
    busy = make.staff(name="忙的人")
    for _ in range(2):
        make.owing(DeadlineKind.FIRST_ANSWER, now() - timedelta(days=1), responsible_id=busy.id)
    make.complaint(severity=Severity.SEVERE)
    make.complaint(responsible_id=busy.id, step=Step.CONFIRMED)
    client = login(Role.SUPERVISOR)
    page = client.get("/").text
    rows = re.findall(
        r'<td><a href="([^"]+)">(.*?)</a></td><td class="number"[^>]*>(\d+)</td><td class="number[^>]*>(\d+)'
        r'</td><td class="number[^>]*>(\d+)</td>',
        page,
    )
    assert [row[1:] for row in rows] == [("忙的人", "2", "2", "0"), ("nobody yet", "1", "0", "1")]
    for address, _name, count, _late, _severe in rows:
        page = client.get(address.replace("&amp;", "&")).text
        assert f'<span class="count">{count}</span>' in page


def test_an_engineer_sees_the_dealers_of_the_own_region(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    near, far = make.dealer(name="近处车行", region=own), make.dealer(name="远处车行", region=other)
    make.complaint(dealer_id=near.id, region=own)
    make.complaint(dealer_id=far.id, region=other)
    page = login(Role.TOURING_ENGINEER, region=own).get("/").text
    assert "近处车行" in page
    assert "远处车行" not in page


def test_a_supervisor_sees_which_dealers_have_more_complaints_than_their_sales_explain(
    make: Factory, login: Login
) -> None:
    supervisor = login(Role.SUPERVISOR)
    assert "No dealer stands out." in supervisor.get("/").text
    weak, large, old, few, unknown = (
        make.dealer(name=name, vehicles_per_year=sold)
        for name, sold in (("弱", 100), ("大", 900), ("旧", 100), ("少", 10), ("未知", None))
    )
    subject = make.subject().id
    for dealer, count, days in (
        (weak, 30, 10),
        (large, 40, 10),
        (old, 30, 400),
        (few, 4, 10),
        (unknown, 30, 1),
    ):
        for _number in range(count):
            at = now() - timedelta(days=days)
            make.complaint(dealer_id=dealer.id, registered_at=at, subject_id=subject, step=Step.CONFIRMED)
    page = supervisor.get("/").text
    shown = page[page.index('id="home-above"') :]
    shown = shown[: shown.index("</section>")]
    assert re.findall(r'details/\?id=(\d+)">', shown) == [str(weak.id)]
    # 30 of 100, against 74 complaints of dealers that sell 1,010.
    assert re.findall(r'<td class="number.*?>(.*?)<', shown) == ["30", "30.0", "7.3"]
    assert 'id="home-above"' not in login(Role.CLERK).get("/").text


def test_parts_are_held_against_a_usual_week(make: Factory, login: Login) -> None:
    part = make.part(name="控制器", is_key_part=True)
    today = now().date()
    make.parts_quality_record(part_id=part.id, found_on=today, quantity=5)
    make.parts_quality_record(part_id=part.id, found_on=today - timedelta(days=14), quantity=2)
    make.parts_quality_record(part_id=part.id, found_on=today - timedelta(days=90), quantity=50)
    page = login(Role.QUALITY_ENGINEER).get("/").text
    line = page.partition("控制器")[2].partition("</tr>")[0]
    assert re.findall(r'<td class="(number[ bad]*)" data-label="[^"]+">(.*?)<', line) == [
        ("number bad", "5"),
        ("number", "0.5"),
    ]
    assert "Key part" in line


def test_weeks_and_days_are_drawn_and_said(make: Factory, login: Login) -> None:
    for _ in range(3):
        make.complaint()
    make.complaint(registered_at=now() - timedelta(weeks=52))
    page = login(Role.AUDITOR).get("/").text
    weeks = page.partition('id="home-weeks"')[2].partition("</section>")[0]
    assert weeks.count("<rect") == 8
    assert re.search(r"Week from \d{4}-\d\d-\d\d: 3\s*</figcaption>", weeks)
    days = page.partition('id="home-days"')[2].partition("</section>")[0]
    said = re.search(r"Day \d{4}-\d\d-\d\d: (\d+)\s*</figcaption>", days)
    assert said is not None
    assert int(said[1]) >= 4


def test_an_empty_page_says_what_to_do(login: Login) -> None:
    page = login(Role.CLERK).get("/").text
    assert "No complaint yet. Enter the first one" in page
    assert "Nothing is due this week" in page


def test_what_is_due_stands_on_the_page_of_who_calls(make: Factory, login: Login) -> None:
    client = login(Role.FOLLOW_UP_AGENT)
    make.call_record(promise="给客户寄手册", promised_until=now().date())
    page = client.get("/").text
    assert "给客户寄手册" in page.partition('id="home-due"')[2]
    assert "/due/promise-kept/" in page


def test_the_figures_stay_within_the_region(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    make.complaint(region=own, customer_name="本区客户")
    make.complaint(region=other, customer_name="外区客户")
    page = login(Role.CLERK, region=own).get("/").text
    assert "<strong>1</strong><span>New in 7 days</span>" in page
    assert "外区客户" not in page


def test_the_first_page_needs_few_queries(make: Factory, login: Login, app: Flask) -> None:
    for _ in range(10):
        make.complaint()
    client = login(Role.SUPERVISOR)
    with count_queries(app) as queries:
        client.get("/")
    # Login, sight, centre, sidebar, figures, load with names, latest, weeks; one of the panel itself;
    # three for the days to close: since when, and the office calendar.
    assert len(queries) <= 13, queries


def test_the_search_finds_each_type_of_record(make: Factory, login: Login) -> None:
    make.customer(name="宏达物流")
    make.dealer(name="宏达车行")
    make.vehicle(plate_number="鲁Q12345")
    client = login(Role.SUPERVISOR)
    page = client.get("/search/?q=宏达").text
    assert "宏达物流" in page
    assert "宏达车行" in page
    assert "鲁Q12345" in client.get("/search/?q=12345").text
    assert "Nothing matches" in client.get("/search/?q=%00%25").text
    assert "What are you looking for?" in client.get("/search/").text


def test_every_page_has_landmarks_and_headings(make: Factory, login: Login) -> None:
    customer = make.customer()
    client = login(Role.SUPERVISOR)
    for address in ("/", "/customer/", "/customer/new/", f"/customer/details/?id={customer.id}"):
        page = client.get(address).text
        for mark in ('<html lang="', "<header", "<nav", '<main id="content"', "<h1>", 'href="#content"'):
            assert mark in page, (address, mark)
        assert page.count("<h1") == 1
    table = client.get("/customer/").text
    assert table.count('<th scope="col"') == table.count("<th ")
