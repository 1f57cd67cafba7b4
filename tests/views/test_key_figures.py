"""The figures at the head of a record's page: those of their lists, and worded as few or many cases allow."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from screens import page_of, present_day, rows_of

from conftest import Login
from factories import Factory
from models import (
    Part,
)
from models.base import now
from models.complaint import Step
from models.organisation import Locale, Role
from models.warranty_claim import ClaimOutcome


def figures(page: BeautifulSoup) -> dict[str, tuple[str, str, str, str]]:
    """Return value, note, address and tone of each figure by its label."""
    return {
        item.select_one("span").get_text(): (
            item.select_one("strong").get_text(),
            note.get_text() if (note := item.select_one("small")) else "",
            str(link["href"]) if (link := item.select_one("a")) else "",
            " ".join(item.get("class") or ()),
        )
        for item in page.select("ul.of-record li")
    }


def test_the_figures_of_a_customer_are_those_of_their_lists(make: Factory, login: Login) -> None:
    customer, subject = make.customer(), make.subject()
    for step in (Step.REGISTERED, Step.AGREED, Step.CONFIRMED):
        make.complaint(customer_id=customer.id, subject_id=subject.id, step=step, registered_at=now())
    make.vehicle(customer_id=customer.id)
    make.call_record(customer_id=customer.id, satisfaction=2)
    client = login(Role.CLERK)
    found = figures(page_of(client, "customer", customer.id))
    count, _note, url, tone = found["Open complaints"]
    assert (count, tone, len(rows_of(client.get(url)))) == ("2", "bad", 2)
    assert found["Vehicles"][0] == "1"
    assert found["Last contact"][:2] == (present_day().isoformat(), "Complaint")
    assert found["Last satisfaction"][0] == "2 of 5"
    assert found["Last satisfaction"][3] == "bad"


def test_a_customer_without_records_has_empty_figures(make: Factory, login: Login) -> None:
    found = figures(page_of(login(Role.CLERK), "customer", make.customer().id))
    assert found["Last contact"][0] == "—"
    assert found["Last satisfaction"][:2] == ("—", "not asked yet")
    assert found["Open complaints"][3] == ""


def dealer_with(make: Factory, complaints: int, **attributes: Any) -> int:
    dealer, subject = make.dealer(**attributes), make.subject()
    for _ in range(complaints):
        make.complaint(dealer_id=dealer.id, subject_id=subject.id, registered_at=now())
    return int(dealer.id)


def test_complaints_of_a_dealer_are_measured_by_the_vehicles_sold(make: Factory, login: Login) -> None:
    key = dealer_with(make, 6, vehicles_per_year=200)
    client = login(Role.SUPERVISOR)
    text, note, url, _tone = figures(page_of(client, "dealer", key))[
        "Complaints per 100 vehicles in 12 months"
    ]
    assert text == "3.0"
    assert note == "6 complaints, 200 vehicles a year; probably 1.1 to 6.5"
    assert len(rows_of(client.get(url))) == 6


@pytest.mark.parametrize(("complaints", "attributes"), [(4, {"vehicles_per_year": 10}), (6, {})])
def test_few_complaints_or_no_vehicles_make_no_rate(
    complaints: int, attributes: dict[str, Any], make: Factory, login: Login
) -> None:
    key = dealer_with(make, complaints, **attributes)
    found = figures(page_of(login(Role.SUPERVISOR), "dealer", key))
    assert found["Complaints in 12 months"][0] == str(complaints)


@pytest.mark.parametrize(
    ("passed", "rejected", "text", "note", "tone"),
    [
        (0, 0, "—", "none in 12 months", ""),
        (1, 1, "1 of 2", "too few for a percentage", ""),
        (18, 2, "90.0%", "18 of 20; target at least 95%; missed, but few cases", ""),
        (15, 6, "71.4%", "15 of 21; target at least 95%", "bad"),
        (20, 0, "100.0%", "20 of 20; target at least 95%", ""),
    ],
)
def test_a_share_is_red_only_where_chance_does_not_explain_it(
    passed: int, rejected: int, text: str, note: str, tone: str, make: Factory, login: Login
) -> None:
    dealer, on = make.dealer(), present_day()
    for outcome, times in ((ClaimOutcome.PASSED, passed), (ClaimOutcome.REJECTED, rejected)):
        for _ in range(times):
            make.warranty_claim(
                dealer_id=dealer.id,
                claimed_on=on,
                decided_on=on,
                outcome=outcome,
                decision_reason="超过保修期",
            )
    make.warranty_claim(dealer_id=dealer.id, claimed_on=on)
    client = login(Role.SUPERVISOR)
    found = figures(page_of(client, "dealer", dealer.id))["Claims passed"]
    assert (found[0], found[1], found[3]) == (text, note, tone)
    assert len(rows_of(client.get(found[2]))) == passed + rejected


def test_notes_of_a_share_are_joined_as_the_reader_writes(make: Factory, login: Login) -> None:
    dealer, on = make.dealer(), present_day()
    for _ in range(20):
        make.warranty_claim(dealer_id=dealer.id, claimed_on=on, decided_on=on, outcome=ClaimOutcome.PASSED)
    page = page_of(login(Role.SUPERVISOR, locale=Locale.CHINESE), "dealer", dealer.id)
    assert figures(page)["索赔通过"][1] == "20 件中 20 件；目标不低于 95%"


def test_a_vehicle_that_came_back_says_so(make: Factory, login: Login) -> None:
    vehicle, customer = make.vehicle(), make.customer()
    for is_return in (False, True):
        make.service_receipt(vehicle_id=vehicle.id, customer_id=customer.id, is_return_repair=is_return)
    client = login(Role.CLERK)
    found = figures(page_of(client, "vehicle", vehicle.id))
    assert found["Repairs"][0] == "2"
    assert found["Return repairs"][0] == "1"
    assert len(rows_of(client.get(found["Return repairs"][2]))) == 1


def part_with(make: Factory, failed: int, shipped: int) -> Part:
    part, dealer, on = make.part(), make.dealer(), present_day()
    make.parts_quality_record(part_id=part.id, quantity=failed, found_on=on)
    if shipped:
        make.parts_shipment(part_id=part.id, dealer_id=dealer.id, quantity=shipped, shipped_on=on)
    return part


@pytest.mark.parametrize(
    ("failed", "shipped", "text", "note"),
    [
        (10, 2000, "5.0", "probably 2.4 to 9.2"),
        (4, 2000, "—", "too few for a rate"),
        (10, 0, "—", "too few for a rate"),
    ],
)
def test_failures_of_a_part_are_measured_by_what_was_shipped(
    failed: int, shipped: int, text: str, note: str, make: Factory, login: Login
) -> None:
    part = part_with(make, failed, shipped)
    client = login(Role.QUALITY_ENGINEER)
    found = figures(page_of(client, "part", part.id))
    assert found["Failures per 1,000 shipped"][:2] == (text, note)
    assert found["Faults in 90 days"][:2] == ("1", f"{failed} pieces")
    assert found["Shipped in 90 days"][0] == f"{shipped:,}"
    assert len(rows_of(client.get(found["Faults in 90 days"][2]))) == 1


def test_the_faults_of_a_supplier_are_told_by_part(make: Factory, login: Login) -> None:
    supplier, part = make.supplier(), make.part(name="电机", name_en="Motor", code="M1")
    for _ in range(2):
        make.parts_quality_record(part_id=part.id, supplier_id=supplier.id, found_on=present_day())
    client = login(Role.QUALITY_ENGINEER)
    found = figures(page_of(client, "supplier", supplier.id))
    assert found["Faults in 90 days"][:2] == ("2", "1 part")
    assert found["Motor M1"][:2] == ("2", "2 of 2")
    assert len(rows_of(client.get(found["Motor M1"][2]))) == 2


def test_a_figure_without_its_list_is_left_out(make: Factory, login: Login) -> None:
    found = figures(page_of(login(Role.WAREHOUSE_KEEPER), "vehicle", make.vehicle().id))
    assert "Complaints" in found
    page = login(Role.FOLLOW_UP_AGENT)
    assert "Claims passed" in figures(page_of(page, "dealer", make.dealer().id))


def test_the_page_reads_in_chinese_too(make: Factory, login: Login) -> None:
    key = dealer_with(make, 6, vehicles_per_year=200)
    page = page_of(login(Role.SUPERVISOR, locale=Locale.CHINESE), "dealer", key)
    assert "近 12 个月每百辆投诉" in figures(page)
    assert re.search("按类别\\s*时间线", page.get_text())
