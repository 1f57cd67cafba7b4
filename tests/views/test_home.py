"""The first page, and the search over everything."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from conftest import Login, count_queries
from factories import Factory
from models.base import now
from models.complaint import Severity, Step
from models.organisation import Role


def test_the_figures_count_what_is_new_open_late_and_severe(make: Factory, login: Login) -> None:
    make.complaint()
    make.complaint(registered_at=now() - timedelta(hours=30))
    make.complaint(registered_at=now() - timedelta(days=20), step=Step.CONFIRMED)
    make.complaint(registered_at=now() - timedelta(days=20), step=Step.ANALYSED, severity=Severity.SEVERE)
    page = login(Role.SUPERVISOR).get("/").text
    figures = page[page.index('class="figures"') : page.index("</ul>", page.index('class="figures"'))]
    for count, label in ((2, "New in 7 days"), (3, "Open complaints"), (1, "Severe and open")):
        assert f"<strong>{count}</strong><span>{label}</span>" in figures
    assert "<strong>1</strong><span>Without a first answer after 24 hours</span>" in figures
    assert "Answer overdue" in page


def test_each_figure_leads_to_as_many_rows(make: Factory, login: Login) -> None:
    for step in Step:
        make.complaint(step=step, registered_at=now() - timedelta(hours=30))
    client = login(Role.SUPERVISOR)
    page = client.get("/").text
    address = (
        page.partition('<li class=""><a href="/complaint/?flt_step')[2]
        .partition('"')[0]
        .replace("&amp;", "&")
    )
    assert '<span class="count">6</span>' in client.get(f"/complaint/?flt_step{address}").text


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
    assert len(queries) <= 5, queries


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
