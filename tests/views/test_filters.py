"""Filters on real rows: each kind lets through exactly what its words say, at its edges too."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import path, rows_of

from conftest import Login, count_queries
from factories import Factory
from models.complaint import Cause, Channel, Severity, Step
from models.customer import CustomerKind
from models.dealer import Grade
from models.organisation import Role
from models.part import Disposition, FoundBy


def count(login: Login, table: str, query: str, role: Role = Role.SUPERVISOR) -> int:
    response = login(role).get(f"{path(table)}?{query}")
    assert response.status_code == 200
    return len(rows_of(response))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("flt_sold_on_from=2024-03-05", 2),
        ("flt_sold_on_from=2024-03-06", 1),
        ("flt_sold_on_to=2024-03-05", 2),
        ("flt_sold_on_to=2024-03-04", 1),
        ("flt_sold_on_from=2024-03-05&flt_sold_on_to=2024-03-05", 1),
        ("flt_sold_on_from=2024-03-06&flt_sold_on_to=2024-03-04", 0),
        ("flt_sold_on_from=&flt_sold_on_to=", 4),
        ("flt_sold_on_from=2024年3月5日", 2),
        ("flt_sold_on_from=２０２４/３/５", 2),
    ],
)
def test_a_period_of_days_holds_its_first_and_its_last(
    query: str, expected: int, make: Factory, login: Login
) -> None:
    for sold_on in (date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 6), None):
        make.vehicle(sold_on=sold_on)
    assert count(login, "vehicle", query) == expected


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2024, 3, 4, 16, 0, tzinfo=UTC), "2024-03-05"),
        (datetime(2024, 3, 4, 15, 59, 59, 999999, tzinfo=UTC), "2024-03-04"),
        (datetime(2024, 3, 5, 15, 59, 59, 999999, tzinfo=UTC), "2024-03-05"),
        (datetime(2024, 12, 31, 16, 0, tzinfo=UTC), "2025-01-01"),
    ],
)
def test_midnight_in_shanghai_parts_the_days_of_instants(
    instant: datetime, day: str, make: Factory, login: Login
) -> None:
    make.complaint(registered_at=instant)
    query = f"flt_registered_at_from={day}&flt_registered_at_to={day}"
    assert count(login, "complaint", query) == 1
    (before, after) = (date.fromordinal(date.fromisoformat(day).toordinal() + step) for step in (-1, 1))
    assert count(login, "complaint", f"flt_registered_at_to={before}") == 0
    assert count(login, "complaint", f"flt_registered_at_from={after}") == 0


@pytest.mark.parametrize(
    ("name", "member"),
    [
        *(("step", step) for step in Step),
        *(("severity", severity) for severity in Severity),
        *(("channel", channel) for channel in Channel),
        *(("cause", cause) for cause in Cause),
    ],
)
def test_each_value_of_a_closed_list_lets_its_own_rows_through(
    name: str, member: Any, make: Factory, login: Login
) -> None:
    subject = make.subject()
    for each in type(member):
        make.complaint(subject_id=subject.id, customer_name=each.value, **{name: each})
    response = login(Role.SUPERVISOR).get(f"/complaint/?flt_{name}={member.value}")
    assert len(rows_of(response)) == 1
    assert f">{member.value}</" in response.text.partition("<tbody>")[2]


def test_several_values_of_one_filter_add_up_and_two_filters_narrow(make: Factory, login: Login) -> None:
    part = make.part()
    for found_by in (FoundBy.DEALER, FoundBy.CUSTOMER):
        for disposition in (Disposition.SCRAP, Disposition.REPAIR, None):
            make.parts_quality_record(part_id=part.id, found_by=found_by, disposition=disposition)
    table = "parts_quality_record"
    assert count(login, table, "flt_disposition=scrap&flt_disposition=repair") == 4
    assert count(login, table, "flt_disposition=scrap&flt_disposition=repair&flt_found_by=dealer") == 2
    assert count(login, table, "flt_disposition=none") == 2
    assert count(login, table, "flt_disposition=none&flt_disposition=scrap&flt_found_by=customer") == 2


def test_all_values_but_one_are_what_indexes_of_open_records_hold(make: Factory, login: Login) -> None:
    for step in Step:
        make.complaint(step=step, severity=Severity.SEVERE)
    client = login(Role.SUPERVISOR)
    open_steps = "&".join(f"flt_step={step}" for step in Step if step is not Step.CONFIRMED)
    with count_queries(client.application) as queries:
        page = client.get(f"/complaint/?flt_severity=severe&{open_steps}")
    assert len(rows_of(page)) == len(Step) - 1
    assert any("complaint.step != " in query for query in queries)
    assert "Registered" in BeautifulSoup(page.text, "html.parser").select(".chips")[0].text


@pytest.mark.parametrize(
    ("query", "expected"), [("1", {"是"}), ("0", {"否"}), ("1&flt_has_own_workshop=0", {"是", "否"})]
)
def test_an_answer_filter_lets_yes_no_or_both_through(
    query: str, expected: set[str], make: Factory, login: Login
) -> None:
    make.dealer(code="是", has_own_workshop=True)
    make.dealer(code="否", has_own_workshop=False)
    page = login(Role.SUPERVISOR).get(f"/dealer/?flt_has_own_workshop={query}")
    assert set(rows_of(page)) == expected


@pytest.mark.parametrize("typed", ["2", "yes", "true", "１", "1,0"])
def test_an_answer_that_is_neither_yes_nor_no_is_left_out_with_a_warning(
    typed: str, make: Factory, login: Login
) -> None:
    make.dealer(has_own_workshop=False)
    response = login(Role.SUPERVISOR).get("/dealer/", query_string={"flt_has_own_workshop": typed})
    assert len(rows_of(response)) == 1
    assert "The filter “Own workshop” holds something that it can't use" in response.text


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("50%", {"50% 电机"}),
        ("%", {"50% 电机"}),
        ("_", {"A_1"}),
        ("a_1", {"A_1"}),
        ("\\", {"C:\\批次"}),
        ("ａ_１", {"A_1"}),
        ("AX1", {"AX1"}),
        ("'", set()),
        ("  50%   电机 ", {"50% 电机"}),
    ],
)
def test_a_text_filter_takes_the_signs_of_like_as_they_are(
    typed: str, expected: set[str], make: Factory, login: Login
) -> None:
    for batch in ("50% 电机", "A_1", "AX1", "C:\\批次"):
        make.vehicle(frame_number=batch, production_batch=batch)
    response = login(Role.SUPERVISOR).get("/vehicle/", query_string={"flt_production_batch_contains": typed})
    assert set(rows_of(response)) == expected


@pytest.mark.parametrize("name", ["dealer_id", "customer_id", "responsible_id", "region_id"])
def test_a_relation_filter_lets_through_what_belongs_to_one_record(
    name: str, make: Factory, login: Login
) -> None:
    parents = {
        "dealer_id": make.dealer,
        "customer_id": make.customer,
        "responsible_id": make.staff,
        "region_id": make.region,
    }
    chosen, other = parents[name](), parents[name]()
    mine = make.vehicle(**{name: chosen.id}).frame_number
    make.vehicle(**{name: other.id})
    nobodys = make.vehicle().frame_number
    client, key = login(Role.SUPERVISOR), chosen.id
    assert rows_of(client.get(f"/vehicle/?flt_{name}={key}")) == [mine]
    assert rows_of(client.get(f"/vehicle/?flt_{name}=none")) == [nobodys]
    assert rows_of(client.get(f"/vehicle/?flt_{name}=999999999")) == []


def test_a_small_relation_takes_several_records_and_none(make: Factory, login: Login) -> None:
    first, second, third = (make.region() for _ in range(3))
    for region in (first, second, third, None):
        make.customer(region_id=region.id if region else None)
    query = f"flt_region_id={first.id}&flt_region_id={second.id}"
    assert count(login, "customer", query) == 2
    assert count(login, "customer", f"{query}&flt_region_id=none") == 3


def test_an_indented_region_is_named_without_its_indent_where_the_filter_is_shown(
    make: Factory, login: Login
) -> None:
    child = make.region("上海", parent=make.region("华东"))
    make.customer(region=child)
    page = login(Role.SUPERVISOR).get(f"/customer/?flt_region_id={child.id}").text
    assert ">\u3000上海</label>" in page
    assert "<span>Region: 上海</span>" in page


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("flt_kind=nonsense", "Kind"),
        ("flt_region_id=abc", "Region"),
        ("flt_dealer_id=abc", "Dealer"),
        ("flt_first_contact_on_from=2024-02-30", "First contact"),
        ("flt_first_contact_on_to=someday", "First contact"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_and_the_other_filters_stay(
    query: str, label: str, make: Factory, login: Login
) -> None:
    make.customer(kind=CustomerKind.OWNER, level=Grade.A)
    make.customer(kind=CustomerKind.OWNER, level=Grade.B)
    response = login(Role.SUPERVISOR).get(f"/customer/?{query}&flt_level=A")
    assert len(rows_of(response)) == 1
    assert f"The filter “{label}” holds something" in response.text


def test_a_filter_at_work_says_in_words_what_it_lets_through(make: Factory, login: Login) -> None:
    make.customer()
    page = login(Role.SUPERVISOR).get(
        "/customer/?flt_kind=company&flt_kind=owner&flt_first_contact_on_from=2024-03-05&flt_source_contains=展会"
    )
    for words in ("Kind: Company, Owner<", "First contact: 2024-03-05 – …<", "Source: “展会”<"):
        assert words in page.text


def test_every_filter_of_every_screen_opens_by_the_key_that_it_has(
    app: Flask, make: Factory, login: Login
) -> None:
    client = login(Role.ADMINISTRATOR)
    opened = 0
    for view in app.extensions["record_views"].values():
        for each in view.filters.values():
            value = {"period": "2024-03-05", "line": "电机"}.get(each.drawn_as, "none")
            if each.drawn_as == "choices" and not each.name.endswith("_id"):
                with app.test_request_context():
                    value = each.options()[0][0]
            for key in each.keys:
                value = "this_week" if key.endswith("_in") else value
                response = client.get(f"{path(view.model.__tablename__)}?{key}={value}")
                assert response.status_code == 200, key
                assert "holds something that it can't use" not in response.text, key
                opened += 1
    assert opened > 60
