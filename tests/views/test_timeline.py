"""The timeline of a record: everything in one order, each thing once, however it is paged or narrowed."""

from __future__ import annotations

import html
import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import path

from conftest import Login, PanelClient
from factories import Factory
from models import CallRecord, Complaint, Customer, Letter, Note, ServiceReceipt
from models.organisation import Role
from views.timeline import ENTRIES_MOST, Place, read_place

NOON = datetime(2026, 3, 10, 4, tzinfo=UTC)


def timeline_of(client: PanelClient, address: str) -> tuple[list[str], str | None]:
    """Return what the entries of a page are called, and the address of the page after it."""
    response = client.get(address)
    assert response.status_code == 200
    page = BeautifulSoup(response.text, "html.parser")
    titles = [entry.select_one(".title-link, strong").get_text() for entry in page.select(".course > li")]
    link = page.select_one('.course-foot a[rel="next"]')
    return titles, html.unescape(str(link["href"])).partition("#")[0] if link else None


def address_of(customer: Customer, **args: Any) -> str:
    return path("customer", "details", id=customer.id, show="timeline", **args)


def test_all_kinds_stand_in_one_order_newest_first(make: Factory, login: Login) -> None:
    customer = make.customer()
    call = make.call_record(customer_id=customer.id, called_at=NOON)
    complaint = make.complaint(customer_id=customer.id, registered_at=NOON - timedelta(hours=1))
    letter = make.letter(customer_id=customer.id, sent_on=date(2026, 3, 11))
    receipt = make.service_receipt(customer_id=customer.id, came_in_on=date(2026, 3, 10))
    make.session.add(note_on(customer, "车队长变更为张伟", NOON + timedelta(days=9)))
    make.session.commit()
    titles, more = timeline_of(login(Role.CLERK), address_of(customer))
    assert titles == ["The panel", letter.number, call.number, complaint.number, receipt.number]
    assert more is None


def test_an_entry_says_what_happened_in_one_line(make: Factory, login: Login) -> None:
    customer = make.customer()
    subject = make.subject(name="电机", name_en="Motor")
    make.complaint(customer_id=customer.id, subject_id=subject.id, description="下坡时异响")
    make.service_receipt(customer_id=customer.id, is_return_repair=True, fault="异响")
    make.service_receipt(customer_id=customer.id, fault="漏油")
    make.call_record(customer_id=customer.id, satisfaction=4)
    page = BeautifulSoup(login(Role.CLERK).get(address_of(customer)).text, "html.parser")
    said = [" ".join(entry.get_text(" ").split()) for entry in page.select(".course > li")]
    assert any("Motor · 下坡时异响" in each and "Registered" in each for each in said)
    assert sum("Return repair" in each for each in said) == 1
    assert any("Satisfaction (1 to 5): 4" in each for each in said)


def note_on(customer: Customer, body: str, at: datetime) -> Note:
    return Note(table_name="customer", row_id=customer.id, body=body, created_at=at)


def fill(make: Factory, times: int) -> tuple[Customer, int]:
    """Make a customer with `times` records of four kinds, several of which happened at one moment."""
    customer, subject = make.customer(), make.subject()
    own = {"customer_id": customer.id}
    for number in range(times):
        day = date(2026, 3, 10) - timedelta(days=number // 4)
        at = datetime(day.year, day.month, day.day, 16 * (number % 2), tzinfo=UTC) - timedelta(days=1)
        make.session.add_all(
            [
                Complaint(customer_name="李", subject_id=subject.id, registered_at=at, **own),
                CallRecord(called_at=at, **own),
                ServiceReceipt(came_in_on=day, **own),
                Letter(sent_on=day, regarding="保养通知", **own),
            ]
        )
        make.session.add(note_on(customer, "电话未通", at))
    make.session.commit()
    return customer, 5 * times


def test_earlier_pages_miss_nothing_and_repeat_nothing(make: Factory, login: Login) -> None:
    customer, total = fill(make, 11)
    make.call_record(called_at=NOON)
    client = login(Role.CLERK)
    address: str | None = address_of(customer)
    pages = []
    while address:
        titles, address = timeline_of(client, address)
        pages.append(titles)
    assert [len(page) for page in pages] == [ENTRIES_MOST, ENTRIES_MOST, 15]
    records = [title for page in pages for title in page if title != "The panel"]
    assert len(records) == len(set(records)) == total - 11


def test_the_pages_together_are_in_order(make: Factory, login: Login) -> None:
    customer, _total = fill(make, 9)
    client = login(Role.CLERK)
    address: str | None = address_of(customer)
    moments: list[str] = []
    while address:
        page = BeautifulSoup(client.get(address).text, "html.parser")
        moments += [str(time["datetime"])[:10] for time in page.select(".course .when time")]
        address = timeline_of(client, address)[1]
    # A day is that of the panel's people, an instant is written in UTC: no more than one day lies between.
    days = [date.fromisoformat(each) for each in moments]
    assert all(later >= earlier - timedelta(days=1) for later, earlier in itertools.pairwise(days))


def test_one_kind_can_be_read_alone_page_by_page(make: Factory, login: Login) -> None:
    customer, _total = fill(make, 22)
    client = login(Role.CLERK)
    first, more = timeline_of(client, address_of(customer, kind="complaint"))
    assert len(first) == ENTRIES_MOST
    assert {title[:2] for title in first} == {"TS"}
    assert more is not None
    rest, more = timeline_of(client, more)
    assert (len(rest), {title[:2] for title in rest}, more) == (2, {"TS"}, None)
    notes, _more = timeline_of(client, address_of(customer, kind="note"))
    assert set(notes) == {"The panel"}


@pytest.mark.parametrize(
    "args",
    [
        {"kind": "staff"},
        {"before": "x"},
        {"before": "20260310T040000.000000~complaint"},
        {"before": "99999999T040000.000000~complaint~1"},
        {"before": "00010101T000000.000000~complaint~1"},
        {"before": "20260310T040000.000000~complaint~99999999999999999999"},
        {"before": "%00~%00~1", "kind": "%00"},
    ],
)
def test_an_address_that_makes_no_sense_shows_the_newest(
    args: dict[str, str], make: Factory, login: Login
) -> None:
    customer = make.customer()
    call = make.call_record(customer_id=customer.id)
    titles, _more = timeline_of(login(Role.CLERK), address_of(customer, **args))
    assert titles in ([call.number], [])


def test_a_place_is_read_as_it_was_written(in_app: Flask) -> None:
    place = Place(NOON + timedelta(microseconds=1), "call_record", 7)
    assert read_place(str(place)) == place


def test_the_timeline_of_a_dealer_leaves_out_other_regions(make: Factory, login: Login) -> None:
    own, other, dealer, subject = make.region(), make.region(), make.dealer(), make.subject()
    mine, theirs = (
        make.complaint(region=region, dealer_id=dealer.id, subject_id=subject.id) for region in (own, other)
    )
    client = login(Role.CLERK, region=own)
    page = client.get(path("dealer", "details", id=dealer.id, show="timeline")).text
    assert mine.number in page
    assert theirs.number not in page


def test_a_record_on_which_one_kind_hangs_has_no_timeline(make: Factory, login: Login) -> None:
    model = make.product_model()
    make.vehicle(product_model_id=model.id)
    page = login(Role.CLERK).get(path("product_model", "details", id=model.id, show="timeline")).text
    assert not BeautifulSoup(page, "html5lib").select("a[href*='show=timeline']")
    assert 'class="brief"' in page


def test_tabs_keep_the_way_back_to_the_list(make: Factory, login: Login) -> None:
    customer = make.customer()
    page = login(Role.CLERK).get(path("customer", "details", id=customer.id, back="flt_kind%3Downer")).text
    address = f"/customer/details/?id={customer.id}&amp;show=timeline&amp;back=flt_kind%3Downer#course"
    assert f'href="{address}"' in page


def test_an_empty_timeline_says_so(make: Factory, login: Login) -> None:
    page = login(Role.CLERK).get(address_of(make.customer())).text
    assert "Nothing has happened yet." in page
