"""A record's page: its head, the newest of what hangs on it, and what is due about it."""

from __future__ import annotations

import html
from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from screens import page_of, path, present_day

from conftest import Login, count_queries
from factories import Factory
from models import (
    CallRecord,
    Complaint,
    Letter,
    PartsQualityRecord,
    PartsShipment,
    ServiceReceipt,
    WarrantyClaim,
)
from models.base import now
from models.complaint import Severity, Step
from models.deadline_rule import DeadlineKind
from models.organisation import Role
from views.key_facts import Term, phones_of
from views.letter import LetterView
from views.vehicle import VehicleView


def card(page: BeautifulSoup, label: str) -> Tag:
    """Return the short list under a heading."""
    for found in page.select("section.brief-card"):
        if found.select_one("h2 a").get_text() == label:
            return found
    raise LookupError(label)


def column(found: Tag, name: str) -> list[str]:
    return [cell.get_text(strip=True) for cell in found.select(f"td.column-{name}")]


# What hangs on the record


def test_the_newest_five_stand_on_the_page_with_the_way_to_all(make: Factory, login: Login) -> None:
    customer, subject = make.customer(), make.subject(name="电机", name_en="Motor")
    numbers = [
        make.complaint(
            customer_id=customer.id,
            subject_id=subject.id,
            registered_at=now() - timedelta(days=age),
            description=f"第{age}次异响",
            step=Step.VERIFIED,
            severity=Severity.SEVERE,
        ).number
        for age in range(1, 8)
    ]
    found = card(page_of(login(Role.CLERK), "customer", customer.id), "Complaints")
    assert column(found, "number") == numbers[:5]
    assert column(found, "description")[0] == "第1次异响"
    assert column(found, "subject_id")[0] == "Motor"
    assert found.select_one("td .badge.severity-severe")
    assert found.select_one("td .badge.step-verified")
    everything = found.select_one(".brief-all a")
    assert everything is not None
    assert everything.get_text(strip=True) == "All 7"
    assert everything["href"] == f"/complaint/?flt_customer_id={customer.id}"
    assert found.select_one(f'header a[href="/complaint/new/?customer_id={customer.id}"]')
    link = found.select_one("td.column-number a")
    assert link is not None
    assert numbers[0] in login(Role.CLERK).get(html.unescape(str(link["href"]))).text


def test_five_or_fewer_need_no_way_to_all(make: Factory, login: Login) -> None:
    customer = make.customer()
    make.letter(customer_id=customer.id)
    found = card(page_of(login(Role.CLERK), "customer", customer.id), "Letters")
    assert not found.select(".brief-all")


def test_a_short_list_does_not_repeat_what_its_page_is_about(make: Factory, login: Login) -> None:
    customer, dealer = make.customer(name="李永顺"), make.dealer()
    make.complaint(customer_id=customer.id, dealer_id=dealer.id, customer_name="李永顺")
    make.service_receipt(customer_id=customer.id, dealer_id=dealer.id)
    client = login(Role.SUPERVISOR)
    own, other = page_of(client, "customer", customer.id), page_of(client, "dealer", dealer.id)
    assert column(card(own, "Complaints"), "customer_name") == []
    assert column(card(own, "Service receipts"), "customer_id") == []
    assert column(card(other, "Complaints"), "customer_name") == ["李永顺"]
    assert column(card(other, "Service receipts"), "customer_id") == ["李永顺"]


def test_what_stands_in_a_short_list_is_text(make: Factory, login: Login) -> None:
    evil = "\"><script>alert('x')</script>&"
    dealer = make.dealer()
    make.complaint(dealer_id=dealer.id, customer_name=evil, description=evil)
    found = card(page_of(login(Role.SUPERVISOR), "dealer", dealer.id), "Complaints")
    assert not found.select("script")
    assert column(found, "customer_name") == [evil]
    (told,) = found.select("td.column-description .line")
    assert (told.get_text(), told["title"], told.parent["data-label"]) == (
        evil,
        evil,
        "What the customer says",
    )


def test_types_of_which_there_is_none_stand_together_with_the_way_to_enter_one(
    make: Factory, login: Login
) -> None:
    customer = make.customer()
    page = page_of(login(Role.CLERK), "customer", customer.id)
    assert not page.select(".brief-card")
    kinds = [item.select_one("a").get_text() for item in page.select(".nothing-yet li")]
    assert kinds == ["Complaints", "Vehicles", "Service receipts", "Calls", "Letters"]
    assert page.select_one(f'.nothing-yet a[href="/letter/new/?customer_id={customer.id}"]')


def test_a_view_says_which_types_are_listed_and_the_others_are_numbers(make: Factory, login: Login) -> None:
    department = make.department()
    make.digest_recipient(department, name="林经理")
    make.staff(name="陈静", department_id=department.id)
    page = page_of(login(Role.ADMINISTRATOR), "department", department.id)
    assert column(card(page, "Staff"), "name") == ["陈静"]
    assert "林经理" not in page.get_text()
    others = page.select_one("ul.linked")
    assert others is not None
    assert "Digest recipients" in others.get_text()


def test_a_type_that_says_nothing_is_listed_by_its_first_columns(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LetterView, "brief_columns", ())
    customer = make.customer()
    letter = make.letter(customer_id=customer.id, regarding="保养通知")
    found = card(page_of(login(Role.CLERK), "customer", customer.id), "Letters")
    heads = [each.get_text() for each in found.select("th")]
    assert heads == ["Number", "Sent on", "Kind", "Address"]
    assert column(found, "number") == [letter.number]


def test_no_row_of_another_region_stands_on_a_page(make: Factory, login: Login) -> None:
    own, other, dealer, subject = make.region(), make.region(), make.dealer(), make.subject()
    for region, name in ((own, "本区客户"), (other, "外区客户")):
        make.complaint(region=region, dealer_id=dealer.id, customer_name=name, subject_id=subject.id)
    client = login(Role.CLERK, region=own)
    assert column(card(page_of(client, "dealer", dealer.id), "Complaints"), "customer_name") == ["本区客户"]


def test_a_role_reads_no_rows_of_a_list_that_it_may_not_open(make: Factory, login: Login) -> None:
    dealer = make.dealer()
    make.letter(dealer_id=dealer.id, regarding="合同续签")
    page = page_of(login(Role.QUALITY_ENGINEER), "dealer", dealer.id)
    assert "合同续签" not in page.get_text()
    assert "Letters" not in page.select_one("main").get_text()


# Queries for a whole page: the record, its figures, what is due, notes and history, one for each short list,
# and one for each large table named in it.
MOST_ASKED = {"customer": 17, "dealer": 22, "vehicle": 25, "part": 19, "supplier": 16}


def hang(make: Factory, times: int) -> dict[str, int]:
    """Make a customer, dealer, vehicle, part and supplier with so many records of each type on each."""
    customer, dealer, supplier = make.customer(), make.dealer(), make.supplier()
    part, subject = make.part(supplier_id=supplier.id), make.subject()
    vehicle = make.vehicle(customer_id=customer.id, dealer_id=dealer.id)
    ids = {"vehicle_id": vehicle.id, "dealer_id": dealer.id, "part_id": part.id}
    own, sold = {"customer_id": customer.id}, {"supplier_id": supplier.id}
    visit, shipped = (
        {key: ids[key] for key in keys} for keys in (("vehicle_id", "dealer_id"), ("part_id", "dealer_id"))
    )
    for number in range(times):
        at, on = now() - timedelta(hours=number), date(2026, 3, 1) - timedelta(days=number)
        make.session.add_all(
            [
                Complaint(customer_name="李", subject_id=subject.id, registered_at=at, **own, **ids),
                ServiceReceipt(came_in_on=on, **own, **visit),
                CallRecord(vehicle_id=vehicle.id, called_at=at, satisfaction=4, **own),
                Letter(dealer_id=dealer.id, sent_on=on, regarding="保养通知", **own),
                WarrantyClaim(claimed_on=on, fault="电机异响", **sold, **ids),
                PartsQualityRecord(found_on=on, fault="电机异响", **sold, **ids),
                PartsShipment(shipped_on=on, **sold, **shipped),
            ]
        )
    make.session.commit()
    return {each.__tablename__: each.id for each in (customer, dealer, vehicle, part, supplier)}


def test_a_page_asks_as_few_queries_for_thirty_rows_as_for_one(
    app: Flask, make: Factory, login: Login
) -> None:
    client = login(Role.ADMINISTRATOR)
    few, many = hang(make, 1), hang(make, 30)
    for table in few:
        for show in ("", "timeline"):
            with count_queries(app) as asked_for_one:
                client.get(path(table, "details", id=few[table], show=show))
            with count_queries(app) as asked_for_thirty:
                client.get(path(table, "details", id=many[table], show=show))
            # The newest twenty of all kinds together may name fewer tables than one of each.
            assert len(asked_for_thirty) <= len(asked_for_one), (table, show)
            assert len(asked_for_thirty) <= MOST_ASKED[table], (table, show, len(asked_for_thirty))


# The head


def test_a_phone_is_called_and_copied_from_the_page(make: Factory, login: Login) -> None:
    customer = make.customer(phone="139 0516-7788")
    page = page_of(login(Role.CLERK), "customer", customer.id)
    link = page.select_one(".head .phones a")
    assert link is not None
    assert (link["href"], link.get_text()) == ("tel:13905167788", "139 0516-7788")
    button = page.select_one(".head .phones button")
    assert button is not None
    assert button["data-copy"] == "13905167788"


@pytest.mark.parametrize(
    ("phone", "dialled"),
    [
        ("0516-83123456，13905161234 王", ["051683123456", "13905161234"]),
        ("139****0731", [None]),
        ("+49 30 901820", ["+4930901820"]),
        (None, []),
        ("不详", []),
    ],
)
def test_each_number_that_can_be_dialled_is_a_link(
    phone: str | None, dialled: list[str | None], make: Factory
) -> None:
    assert [each.dialled for each in phones_of(make.customer(phone=phone))] == dialled


def test_a_phone_in_which_no_number_was_found_is_shown_as_it_is(make: Factory, login: Login) -> None:
    customer = make.customer(phone="问经销商")
    head = page_of(login(Role.CLERK), "customer", customer.id).select_one(".head")
    assert head is not None
    assert "问经销商" in head.get_text()


@pytest.mark.parametrize(
    ("days", "state"),
    [(-1, "Ended"), (0, "Ends soon"), (60, "Ends soon"), (61, "In warranty")],
)
def test_a_day_at_the_head_says_what_it_means_now(days: int, state: str, make: Factory, login: Login) -> None:
    vehicle = make.vehicle(warranty_until=present_day() + timedelta(days=days))
    head = page_of(login(Role.CLERK), "vehicle", vehicle.id).select_one(".head")
    assert head is not None
    assert [badge.get_text() for badge in head.select(".badge")] == [state]


def test_a_day_that_needs_no_words_has_none() -> None:
    term: Term = VehicleView.terms["next_maintenance_on"]
    assert term.state(date(2026, 5, 1), date(2026, 3, 1)) is None
    overdue = term.state(date(2026, 2, 1), date(2026, 3, 1))
    assert overdue is not None
    assert overdue.value == "term-ended"


def test_what_stands_at_the_head_is_not_repeated_beside_it(make: Factory, login: Login) -> None:
    notice = make.notice()
    page = page_of(login(Role.CLERK), "notice", notice.id)
    head, beside = (
        {str(cls) for each in page.select(f"{place} .facts > div") for cls in each["class"]}
        for place in (".card.head", "[aria-labelledby=origin]")
    )
    assert {"column-complaint_id", "column-state"} <= head
    assert {"column-number", "column-told_at"} <= beside
    assert {each for each in head & beside if each.startswith("column-")} == set()


def test_a_type_without_a_head_begins_with_its_own_fields(make: Factory, login: Login) -> None:
    subject = make.subject(name="电机异响", name_en="Motor noise")
    make.complaint(subject_id=subject.id)
    page = page_of(login(Role.CLERK), "subject", subject.id)
    text = page.select_one(".with-aside").get_text()
    assert not page.select(".head")
    assert text.index("Motor noise") < text.index("Complaints")


# What is due


def test_what_is_due_about_a_customer_stands_on_their_page(make: Factory, login: Login) -> None:
    customer, other, subject = make.customer(), make.customer(), make.subject()
    yesterday = now() - timedelta(days=1)
    late = make.owing(DeadlineKind.FIRST_ANSWER, yesterday, customer_id=customer.id, subject_id=subject.id)
    foreign = make.owing(DeadlineKind.FIRST_ANSWER, yesterday, customer_id=other.id, subject_id=subject.id)
    due = page_of(login(Role.CLERK), "customer", customer.id).select_one(".due-card")
    assert due is not None
    assert late.number in due.get_text()
    assert foreign.number not in due.get_text()
    assert due.select_one(".badge.late")
    assert due.select_one(f'a.button[href="/complaint/details/?id={late.id}#step"]')
    assert due.select_one(f'.what a[href="/complaint/details/?id={late.id}"]')


def test_the_oldest_five_are_shown_and_said_to_be_the_oldest(make: Factory, login: Login) -> None:
    dealer, subject = make.dealer(), make.subject()
    numbers = [
        make.owing(
            DeadlineKind.FIRST_ANSWER,
            now() - timedelta(days=age),
            dealer_id=dealer.id,
            subject_id=subject.id,
        ).number
        for age in range(9, 3, -1)
    ]
    due = page_of(login(Role.CLERK), "dealer", dealer.id).select_one(".due-card")
    assert due is not None
    shown = [item.select_one(".what a").get_text() for item in due.select("li")]
    assert shown == numbers[:5]
    assert "these are the oldest" in due.get_text()


def test_what_is_due_about_the_record_itself_does_not_lead_to_its_own_page(
    make: Factory, login: Login
) -> None:
    customer = make.customer()
    vehicle = make.vehicle(customer_id=customer.id, next_maintenance_on=present_day() + timedelta(days=3))
    due = page_of(login(Role.CLERK), "vehicle", vehicle.id).select_one(".due-card")
    assert due is not None
    assert "Maintenance" in due.get_text()
    assert not due.select(".what a")
    button = due.select_one("a.button")
    assert button is not None
    assert str(button["href"]).startswith("/call-record/new/?")


def test_where_nothing_is_due_the_page_says_so(make: Factory, login: Login) -> None:
    page = page_of(login(Role.CLERK), "customer", make.customer().id)
    assert "Nothing in the next 4 weeks." in page.get_text()
    assert not page_of(login(Role.CLERK), "part", make.part().id).select(".due-card")


def test_sections_of_a_complaint_that_say_nothing_yet_are_left_out(make: Factory, login: Login) -> None:
    client, row = login(Role.CLERK), make.complaint()
    titles = [each.text for each in page_of(client, "complaint", row.id).select("h2[id^=section-]")]
    assert titles[0] == "1. Registered"
    assert not {"2. Verified", "3. Analysed"} & set(titles)
    row.fault = "减震漏油"
    make.session.commit()
    titles = [each.text for each in page_of(client, "complaint", row.id).select("h2[id^=section-]")]
    assert titles[:2] == ["1. Registered", "2. Verified"]
