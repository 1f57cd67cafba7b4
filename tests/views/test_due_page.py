"""The page of what is due: its parts, how it is narrowed, and how each line is done."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from screens import form_of
from test_waiting import waiting

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import CallRecord, ServiceReceipt
from models.base import now
from models.call_record import CallPurpose, CallResult
from models.deadline_rule import DeadlineKind
from models.due_kinds import LAPSES_AFTER_DAYS
from models.measure import MeasureState
from models.organisation import Role
from views.due import Part, window_of

ZONE = ZoneInfo("Asia/Shanghai")


def day(distance: int) -> date:
    return datetime.now(ZONE).date() + timedelta(days=distance)


def handed_over(make: Factory, distance: int, **attributes: Any) -> ServiceReceipt:
    entered_at = datetime.combine(day(distance), datetime.min.time(), ZONE).astimezone(UTC)
    return make.service_receipt(
        came_in_on=day(distance), handed_over_on=day(distance), created_at=entered_at, **attributes
    )


def parts(page: str) -> dict[str, str]:
    """Return the text of each part of the page, by its name."""
    cut = re.split(r'<section class="card due-part (\w+)"', page)[1:]
    return {name: text.partition("</section>")[0] for name, text in zip(cut[::2], cut[1::2], strict=True)}


def links(text: str) -> list[str]:
    return [found.replace("&amp;", "&") for found in re.findall(r'href="([^"]+)"', text)]


def test_the_lines_stand_in_the_parts_of_their_days(make: Factory, login: Login) -> None:
    for distance in (-3, 0, 27):
        make.call_record(promise="寄配件", promised_until=day(distance))
    shown = parts(login(Role.SUPERVISOR).get("/due/").text)
    assert list(shown) == ["late", "today", "later"]
    assert "3 days ago" in shown["late"]
    assert f'<time datetime="{day(0)}" title="{day(0)}">today</time>' in shown["today"]
    assert f'<time datetime="{day(27)}">{day(27)}</time>' in shown["later"]


def test_a_line_says_how_often_nobody_was_reached(make: Factory, login: Login) -> None:
    receipt = handed_over(make, -6)
    page = login(Role.SUPERVISOR).get("/due/").text
    assert receipt.number in page
    assert "reached nobody" not in page
    make.call_record(
        customer_id=receipt.customer_id,
        service_receipt_id=receipt.id,
        called_at=now() - timedelta(days=4),
        result=CallResult.NOT_REACHED,
    )
    assert re.search(
        r"1 call reached nobody: <time[^>]*>4 days ago</time>", login(Role.SUPERVISOR).get("/due/").text
    )


@pytest.mark.parametrize("weekday", range(7))
def test_the_parts_hold_every_day_of_four_weeks_once(
    in_app: Flask, monkeypatch: pytest.MonkeyPatch, weekday: int
) -> None:
    present = date(2026, 11, 16) + timedelta(days=weekday)
    monkeypatch.setattr("views.due.today", lambda: present)
    # What comes first of all lies in the same days.
    windows = [window_of(part) for part in Part if part not in (Part.FIRST_LATE, Part.FIRST)]
    covered = [
        day
        for window in windows
        for day in (present + timedelta(days=n) for n in range(-3, 40))
        if day <= window.until and (window.since is None or day >= window.since)
    ]
    assert covered == [present + timedelta(days=n) for n in range(-3, 29)]
    # The week ends on Sunday.
    assert windows[2].until.isoweekday() == 7


def test_a_line_says_who_by_when_and_how_to_call(make: Factory, login: Login) -> None:
    agent = make.staff(name="赵回访")
    customer = make.customer(name="王师傅", phone="139-0000-1111", responsible_id=agent.id)
    vehicle = make.vehicle(plate_number="鲁Q12345")
    receipt = handed_over(make, -4, customer_id=customer.id, vehicle_id=vehicle.id, work_done="换了控制器")
    page = login(Role.SUPERVISOR).get("/due/").text
    for words in (
        "First follow-up",
        "王师傅",
        "鲁Q12345",
        "换了控制器",
        receipt.number,
        "赵回访",
        "in 3 days",
    ):
        assert words in page
    assert 'href="tel:13900001111"' in page
    assert f'href="/customer/details/?id={customer.id}"' in page


def way(client: PanelClient) -> str:
    """Return the address to which the one line of the page leads."""
    page = client.get("/due/?person=all").text
    return links(page[page.index('class="due-way"') :])[0]


def test_one_click_opens_the_call_with_all_that_is_known(make: Factory, login: Login) -> None:
    region = make.region()
    customer = make.customer(contact_person="王嫂", phone="13900001111", region=region)
    vehicle = make.vehicle()
    receipt = handed_over(make, -4, customer_id=customer.id, vehicle_id=vehicle.id, region=region)
    client = login(Role.FOLLOW_UP_AGENT, region=region)
    values = form_of(client.get(way(client)))
    assert values["customer_id"] == str(customer.id)
    assert values["vehicle_id"] == str(vehicle.id)
    assert values["service_receipt_id"] == str(receipt.id)
    assert values["purpose"] == "first_follow_up"
    assert (values["spoke_with"], values["phone"]) == ("王嫂", "13900001111")
    saved = client.post(way(client), data=values)
    assert (saved.status_code, saved.location) == (302, "/due/")
    assert "First follow-up</span>" not in client.get("/due/?person=all").text


def test_a_maintenance_is_told_by_a_call_to_remind_of_it(make: Factory, login: Login) -> None:
    vehicle = make.vehicle(customer_id=make.customer().id, next_maintenance_on=day(2))
    client = login(Role.FOLLOW_UP_AGENT)
    values = form_of(client.get(way(client)))
    assert (values["purpose"], values["vehicle_id"]) == ("reminder", str(vehicle.id))
    assert client.post("/call-record/new/", data=values).status_code == 302
    assert "Nothing is due" in client.get("/due/?person=all").text


def test_a_complaint_leads_to_its_step_and_what_has_a_form_there(make: Factory, login: Login) -> None:
    complaint = make.owing(DeadlineKind.FIRST_ANSWER, now())
    client = login(Role.SUPERVISOR)
    assert way(client) == f"/complaint/details/?id={complaint.id}&then=due#step"
    assert 'id="step"' in client.get(f"/complaint/details/?id={complaint.id}").text
    task = make.department_task(due_on=day(-2))
    assert way(client) == f"/department-task/edit/?id={task.id}&then=due"
    claim = make.warranty_claim(claimed_on=day(-20))
    assert way(client) == f"/warranty-claim/edit/?id={claim.id}&then=due"


def test_measures_stand_among_the_work_of_their_owner_and_their_department(
    make: Factory, login: Login
) -> None:
    quality = make.department("quality-test")
    own = make.measure(due_on=day(-3), department_id=quality.id)
    other = make.measure(due_on=day(-3), responsible_id=make.staff().id)
    engineer = login(Role.QUALITY_ENGINEER, department_id=quality.id)
    assert waiting(engineer, "/due/") == "1: 1 thing is due or late"
    page = engineer.get("/due/").text
    assert (own.number in page, other.number in page) == (True, False)
    assert f"/measure/details/?id={own.id}&then=due#step" in links(page)
    assert "Report it done" in page
    step = f"/measure/step/?id={own.id}&then=due"
    assert step.replace("&", "&amp;") in engineer.get(f"/measure/details/?id={own.id}&then=due").text
    answer = engineer.post(step, data={"step": "done", "words": "已换新批次"})
    assert answer.location == "/due/"
    assert own.number not in engineer.get("/due/").text


def test_a_measure_is_verified_when_its_figures_can_tell_and_not_by_who_reported_it(
    make: Factory, login: Login
) -> None:
    reporter = login(Role.QUALITY_ENGINEER)
    assert reporter.staff is not None
    done = {"state": MeasureState.DONE, "report": "已换新批次", "due_on": day(-90)}
    ripe = make.measure(done_on=day(-56), reported_by_id=reporter.staff.id, **done)
    make.measure(done_on=day(-20), **done)
    for client, shown in ((reporter, False), (login(Role.QUALITY_ENGINEER), True)):
        page = client.get("/due/").text
        assert (ripe.number in page, "Verify" in page) == (shown, shown)


def test_what_is_severe_comes_first_of_all(make: Factory, login: Login) -> None:
    make.owing(DeadlineKind.SOLVED, now() - timedelta(days=3), customer_name="早就逾期")
    make.owing(DeadlineKind.FIRST_ANSWER, now(), customer_name="刹车失灵", is_safety_relevant=True)
    page = login(Role.SUPERVISOR).get("/due/").text
    assert page.count("刹车失灵") == page.count("早就逾期") > 0
    assert page.index("First of all") < page.index("刹车失灵") < page.index("早就逾期")
    assert page.count(">Urgent<") == 1


@pytest.mark.parametrize("address", ["/due/", "/"])
def test_what_is_severe_and_new_is_seen_however_much_of_it_is_late(
    address: str, make: Factory, login: Login
) -> None:
    for at in range(17):
        due_at = now() - timedelta(days=20 + at)
        make.owing(DeadlineKind.SOLVED, due_at, customer_name="拖了很久", is_safety_relevant=True)
    due_at = now() + timedelta(hours=30)
    make.owing(DeadlineKind.FIRST_ANSWER, due_at, customer_name="刚刚失灵", is_safety_relevant=True)
    page = login(Role.CLERK).get(address).text
    assert page.index("拖了很久") < page.rindex("刚刚失灵")
    shown = page.partition('id="home-due"')[2].partition("</section>")[0] or page
    assert "刚刚失灵" in shown
    assert "part=first_late" in page or "More is severe or safety relevant than stands here." in page


def test_a_promise_is_kept_by_one_post(make: Factory, login: Login) -> None:
    call = make.call_record(promise="寄配件", promised_until=day(0))
    client = login(Role.FOLLOW_UP_AGENT)
    assert client.get(f"/due/promise-kept/?id={call.id}").status_code == 405
    assert client.post("/due/promise-kept/", data={"id": call.id}, csrf=False).status_code == 400
    version = call.version
    answer = client.post("/due/promise-kept/?kind=promise", data={"id": call.id})
    assert answer.headers["Location"] == "/due/?kind=promise"
    make.session.refresh(call)
    assert (call.promise_kept_on, call.version) == (day(0), version + 1)
    assert "noted as kept" in client.get("/due/").text
    assert (
        "kept already" in client.post("/due/promise-kept/", data={"id": call.id}, follow_redirects=True).text
    )


def test_a_promise_out_of_reach_is_not_kept(make: Factory, login: Login) -> None:
    call = make.call_record(promise="寄配件", promised_until=day(0), region=make.region())
    client = login(Role.FOLLOW_UP_AGENT, region=make.region())
    client.post("/due/promise-kept/", data={"id": call.id})
    assert client.post("/due/promise-kept/", data={"id": "x"}).status_code == 404
    assert login(Role.AUDITOR).post("/due/promise-kept/", data={"id": call.id}).status_code == 403
    make.session.refresh(call)
    assert call.promise_kept_on is None


def test_who_only_reads_gets_no_way_to_do_it(make: Factory, login: Login) -> None:
    handed_over(make, -9)
    make.complaint()
    make.call_record(promise="寄", promised_until=day(0))
    page = login(Role.AUDITOR).get("/due/").text
    assert "First follow-up</span>" in page
    assert 'class="button"' not in page[page.index('class="due-lines"') : page.rindex("due-lines")]
    assert "/new/" not in page
    assert "/edit/" not in page


def test_each_person_sees_the_own_work_and_what_lies_open_first(make: Factory, login: Login) -> None:
    client, other = login(Role.FOLLOW_UP_AGENT), make.staff()
    assert client.staff is not None
    for name, person in (("我的", client.staff), ("别人的", other), ("没人的", None)):
        make.call_record(promise=name, promised_until=day(-1), responsible_id=person.id if person else None)

    def promises(query: str) -> set[str]:
        return set(re.findall(r'class="about">(.*?)<', client.get(f"/due/{query}").text))

    assert promises("") == {"我的", "没人的"}
    assert promises("?person=own") == {"我的"}
    assert promises("?person=nobody") == {"没人的"}
    assert promises("?person=all") == {"我的", "别人的", "没人的"}
    assert promises("?person=zzz&kind=zzz&region=zzz&part=zzz&page=zzz") == {"我的", "没人的"}
    supervisor = login(Role.SUPERVISOR).get("/due/").text
    assert "别人的" in supervisor


def test_the_page_is_narrowed_by_kind_and_region(make: Factory, login: Login) -> None:
    east, west = make.region(name="华东"), make.region(name="华西")
    make.call_record(promise="东边的", promised_until=day(-1), region=make.region(parent=east))
    make.call_record(promise="西边的", promised_until=day(-1), region=west)
    make.owing(DeadlineKind.FIRST_ANSWER, now(), description="要答复")
    client = login(Role.SUPERVISOR)
    page = client.get(f"/due/?region={east.id}").text
    assert "东边的" in page
    assert "西边的" not in page
    page = client.get("/due/?kind=first_answer").text
    assert "要答复" in page
    assert "东边的" not in page


def test_another_region_stays_out_of_sight(make: Factory, login: Login) -> None:
    own, other = make.region(), make.region()
    make.call_record(promise="外区的", promised_until=day(-1), region=other)
    page = login(Role.FOLLOW_UP_AGENT, region=own).get(f"/due/?person=all&region={other.id}").text
    assert "外区的" not in page
    assert "Nothing is due" in page


def test_a_part_that_is_long_leads_to_all_of_it(make: Factory, login: Login) -> None:
    key = make.customer().id
    make.session.add_all(
        CallRecord(customer_id=key, promise=f"第{at}个", promised_until=day(-1)) for at in range(52)
    )
    make.session.commit()
    client = login(Role.SUPERVISOR)
    page = client.get("/due/").text
    assert page.count('class="due-who"') == 15
    assert "These are the first 15" in page
    address = next(link for link in links(page) if "part=late" in link)
    page = client.get(address).text
    assert page.count('class="due-who"') == 50
    following = next(link for link in links(page) if "page=1" in link)
    page = client.get(following).text
    assert page.count('class="due-who"') == 2
    assert "page=2" not in page


def test_the_page_asks_little_however_much_is_due(make: Factory, login: Login, app: Flask) -> None:
    for _ in range(4):
        handed_over(make, -9)
        make.owing(DeadlineKind.FIRST_ANSWER, now() - timedelta(days=1))
        make.call_record(promise="寄", promised_until=day(0), responsible_id=make.staff().id)
    client = login(Role.SUPERVISOR)
    with count_queries(app) as queries:
        client.get("/due/")
    # Six parts, four kinds of names, regions to choose from, the sidebar, the login.
    assert len(queries) <= 15, queries


def test_the_warehouse_reads_of_claims_alone_and_nothing_of_customers(make: Factory, login: Login) -> None:
    customer = make.customer(name="王师傅", phone="13900001111")
    vehicle = make.vehicle(customer_id=customer.id, next_maintenance_on=day(2), frame_number="LHSVA")
    receipt = handed_over(make, -20, customer_id=customer.id, vehicle_id=vehicle.id)
    make.call_record(
        customer_id=customer.id,
        service_receipt_id=receipt.id,
        purpose=CallPurpose.FIRST_FOLLOW_UP,
        called_at=now() - timedelta(days=12),
        points="说了家里的事",
    )
    claim = make.warranty_claim(claimed_on=day(-20))
    page = login(Role.SUPERVISOR).get("/due/").text
    assert "王师傅" in page
    assert "说了家里的事" in page
    client = login(Role.WAREHOUSE_KEEPER)
    page = client.get("/due/?person=all").text
    assert claim.number in page
    about_vehicle = client.get(f"/vehicle/details/?id={vehicle.id}").text
    # The whole phone or a masked one; numbers of other things may end alike.
    for told in (r"[\d*]{7}1111\b", "说了家里的事", "First follow-up", "Second follow-up", "Maintenance</"):
        assert not re.search(told, page)
        assert not re.search(told, about_vehicle)
    assert "王师傅" not in page


def test_who_may_list_nothing_of_it_does_not_get_in(login: Login) -> None:
    assert login().get("/due/").status_code == 403
    assert "/due/" not in login().get("/").text


def test_the_horizon_of_the_page_is_that_of_the_rule(make: Factory, login: Login) -> None:
    handed_over(make, -LAPSES_AFTER_DAYS - 1)
    assert "Nothing is due" in login(Role.SUPERVISOR).get("/due/").text


def test_a_department_s_open_tasks_stand_among_what_its_members_have_to_do(
    make: Factory, login: Login
) -> None:
    department = make.department()
    make.department_task(
        department_id=department.id,
        region_id=make.region().id,
        responsible_id=make.staff().id,
        what="寄配件",
        due_on=day(0),
    )
    make.department_task(responsible_id=make.staff().id, what="别部门的", due_on=day(0))
    member = login(Role.CLERK, region=make.region(), department_id=department.id)
    for address in ("/due/?person=mine", "/"):
        page = member.get(address).text
        assert "寄配件" in page
        assert "别部门的" not in page
    assert "寄配件" not in member.get("/due/?person=own").text
    assert waiting(member, "/due/") == "1: 1 thing is due or late"
    other = login(Role.CLERK, region=make.region(), department_id=make.department().id)
    assert "寄配件" not in other.get("/due/?person=all").text
