"""Pages of a list: each row once in whatever order, forwards and back, from the end, and from a day on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from screens import rows_of
from sqlalchemy import select, text
from werkzeug.datastructures import MultiDict

from conftest import Login, PanelClient, count_queries
from factories import Factory
from models import Complaint, Customer, Record, acting_as, db, system_actor
from models.complaint import Step
from models.customer import Grade
from models.organisation import Role
from models.sql import estimated_rows
from views.counting import COUNT_MOST
from views.ordering import is_served, order_of

SIZE = 25


def step_url(page: str, rel: str) -> str | None:
    link = BeautifulSoup(page, "html.parser").select_one(f'.pager a[rel="{rel}"]')
    return str(link["href"]) if link else None


def walk(client: PanelClient, address: str, rel: str) -> list[list[str]]:
    """Return what stands on the page and on all that follow by this link."""
    pages, url = [], address
    while url and len(pages) < 9:
        answer = client.get(url)
        assert answer.status_code == 200
        pages.append(rows_of(answer))
        url = step_url(answer.text, rel) or ""
    return pages


def make_customers(make: Factory, number: int = 60) -> None:
    """Make customers of whom many are alike, and some lack what a list sorts by."""
    for at in range(number):
        make.customer(
            name=f"客户{at % 4}",
            level=[None, Grade.A, Grade.C][at % 3],
            phone=None if at % 5 == 0 else f"1390000000{at % 7}",
        )


@pytest.mark.parametrize("sort", ["", "sort=name", "sort=level", "sort=phone"])
@pytest.mark.parametrize("desc", ["", "&desc=1"])
def test_each_row_stands_on_one_page_forwards_and_back(
    sort: str, desc: str, make: Factory, login: Login
) -> None:
    make_customers(make)
    client = login(Role.CLERK)
    address = f"/customer/?{sort}{desc}"
    whole = rows_of(client.get(f"{address}&page_size=100"))
    assert len(whole) == 60
    there = walk(client, address, "next")
    assert there == [whole[:SIZE], whole[SIZE : 2 * SIZE], whole[2 * SIZE :]]
    back = walk(client, f"{address}&last=1", "prev")
    assert back[0] == whole[-SIZE:]
    # What is left over stands on the first page, which is a whole one.
    assert back[1] == whole[-2 * SIZE : -SIZE]
    assert back[2] == whole[:SIZE]


def test_empty_values_come_last_and_closed_lists_in_their_own_order_over_pages(
    make: Factory, login: Login
) -> None:
    make_customers(make)
    pages = walk(login(Role.CLERK), "/customer/?sort=level", "next")
    numbers = [number for page in pages for number in page]
    with acting_as(system_actor("test")):
        levels = dict(make.session.execute(select(Customer.number, Customer.level)).all())
    assert [levels[number] for number in numbers] == [Grade.A] * 20 + [Grade.C] * 20 + [None] * 20


def test_pages_are_numbered_and_counted(make: Factory, login: Login) -> None:
    make_customers(make)
    client = login(Role.CLERK)
    page = client.get("/customer/?sort=name").text
    assert "Page 1 of 3" in page
    assert step_url(page, "prev") is None
    assert step_url(page, "first") is None
    page = client.get(step_url(page, "next") or "").text
    assert "Page 2 of 3" in page
    assert "26 to 50" in page
    assert step_url(page, "prev") == "/customer/?sort=name"
    page = client.get(step_url(page, "last") or "").text
    assert "Page 3 of 3" in page
    assert step_url(page, "next") is None


def test_a_row_that_is_deleted_meanwhile_is_still_a_place_to_go_on_from(make: Factory, login: Login) -> None:
    make_customers(make)
    client = login(Role.CLERK)
    page = client.get("/customer/?sort=name")
    following = step_url(page.text, "next") or ""
    expected = rows_of(client.get(following))
    last = make.session.scalars(select(Customer).where(Customer.number == rows_of(page)[-1])).one()
    last.deleted_at = datetime(2026, 1, 1, tzinfo=UTC)
    make.session.commit()
    assert rows_of(client.get(following)) == expected


@pytest.mark.parametrize(
    "query",
    [
        *(f"{name}={value}" for name in ("after", "before") for value in ("-1", "abc", "9" * 19, "9" * 30)),
        "after=%00",
        "page=-1", "page=999999999999999999999999", "page=abc", "page=1e9", "last=2",
        "at=abc", "at=1700-01-01", "at=2024-02-31", "at=2024-01-01",
    ],
)  # fmt: skip
def test_a_place_that_is_not_there_shows_an_end_of_the_list(query: str, make: Factory, login: Login) -> None:
    make.customer()
    make.complaint(registered_at=datetime(2024, 3, 5, tzinfo=UTC))
    client = login(Role.SUPERVISOR)
    assert len(rows_of(client.get(f"/customer/?{query}&sort=level"))) == 1
    assert len(rows_of(client.get(f"/complaint/?{query}"))) == 1


def test_a_record_of_another_region_is_no_place_in_the_list(make: Factory, login: Login) -> None:
    here, there = make.region(), make.region()
    other = make.customer(name="甲", region=there)
    own = make.customer(name="乙", region=here)
    client = login(Role.CLERK, region=here)
    # The list would tell whether the other one stands before or after.
    for query in (f"after={other.id}", f"before={other.id}"):
        assert rows_of(client.get(f"/customer/?sort=name&{query}")) == [own.number]


@pytest.mark.parametrize(("desc", "expected"), [("", ["03-05", "03-06"]), ("&desc=1", ["03-05", "03-04"])])
def test_one_goes_to_a_day_in_a_list_that_stands_by_time(
    desc: str, expected: list[str], make: Factory, login: Login
) -> None:
    for day in (4, 5, 6):
        # 23:30 in Shanghai.
        make.complaint(
            registered_at=datetime(2024, 3, day, 15, 30, tzinfo=UTC), customer_name=f"客户03-0{day}"
        )
    client = login(Role.SUPERVISOR)
    page = client.get(f"/complaint/?sort=registered_at{desc}&at=2024-03-05")
    cells = BeautifulSoup(page.text, "html.parser").select("tbody td.column-customer_name")
    assert [cell.text.removeprefix("客户").strip() for cell in cells] == expected
    assert step_url(page.text, "prev")


def test_only_a_list_by_time_of_more_than_a_page_offers_to_go_to_a_day(make: Factory, login: Login) -> None:
    for _ in range(SIZE + 1):
        make.complaint()
    client = login(Role.SUPERVISOR)
    assert 'id="go-to-day"' in client.get("/complaint/").text
    assert 'id="go-to-day"' not in client.get("/complaint/?sort=number").text
    assert 'id="go-to-day"' not in client.get("/complaint/?page_size=50").text


def test_a_deep_page_asks_for_no_row_before_it(make: Factory, login: Login) -> None:
    make_customers(make)
    client = login(Role.CLERK)
    following = step_url(client.get("/customer/?sort=name").text, "next") or ""
    with count_queries(client.application) as queries:
        client.get(following)
    assert not [query for query in queries if "OFFSET" in query]


def test_beyond_what_is_counted_an_estimate_says_so(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert COUNT_MOST == 10_000
    make_customers(make)
    for module in ("listing", "counting"):
        monkeypatch.setattr(f"views.{module}.COUNT_MOST", 50)
    monkeypatch.setattr("views.counting.estimated_rows", lambda _statement: 1_234_567)
    client = login(Role.CLERK)
    page = client.get("/customer/").text
    assert "about 1,200,000" in page
    assert "Page 1<" in page
    page = client.get(step_url(page, "next") or "").text
    assert "Page 2<" in page
    assert "26 to 50" in page
    # Nobody knows the number of the last page; that of the first one everybody.
    page = client.get("/customer/?last=1").text
    (pager,) = BeautifulSoup(page, "html.parser").select(".pager")
    assert "Page " not in pager.text
    assert walk(client, "/customer/?last=1", "prev")[-1] == rows_of(client.get("/customer/"))
    middle = client.get(step_url(page, "prev") or "").text
    assert "Page 1<" in client.get(step_url(middle, "prev") or "").text


def test_where_it_is_sure_that_there_are_many_none_is_counted(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.complaint(step=Step.REGISTERED)
    make.complaint(step=Step.REGISTERED)
    client = login(Role.SUPERVISOR)
    monkeypatch.setattr("views.counting.SURE_FROM", 10)
    monkeypatch.setattr("views.counting.estimated_rows", lambda _statement: 20_000)
    with count_queries(client.application) as queries:
        page = client.get("/complaint/?flt_step=registered").text
    assert not [query for query in queries if "count(*)" in query and "complaint" in query]
    # A page that holds all of them knows better.
    assert '<span class="count">2</span>' in page


def test_where_the_reader_sees_all_of_many_none_is_counted(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.complaint()
    monkeypatch.setattr("views.counting.SURE_FROM", 10)
    monkeypatch.setattr("views.counting.estimated_rows", lambda _statement: 20_000)
    for client, is_counted in ((login(Role.SUPERVISOR), False), (login(Role.CLERK), True)):
        with count_queries(client.application) as queries:
            client.get("/complaint/")
        assert any("count(*)" in query and "complaint" in query for query in queries) is is_counted


def test_an_estimate_is_of_what_the_reader_may_see(app: Flask, make: Factory) -> None:
    for _ in range(30):
        make.complaint()
    with app.app_context(), acting_as(system_actor("test")):
        assert estimated_rows(select(Complaint.id).where(Complaint.step == Step.REGISTERED)) >= 1
    # Nobody sees nothing: the planner knows it without a look.
    with app.app_context(), acting_as(None):
        assert estimated_rows(select(Complaint.id)) == 0


@pytest.mark.parametrize(("typed", "told"), [("异响", 1000), ("8888", 500)])
def test_how_many_hold_part_of_a_number_the_newest_rows_do_not_tell(
    typed: str, told: int, make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text_of in (*["车把"] * 30, *[f"异响 {typed}"] * 30):
        make.complaint(description=text_of)
    monkeypatch.setattr("views.finding.WINDOW", 30)
    monkeypatch.setattr("views.counting.SURE_FROM", 10)
    for module in ("listing", "counting"):
        monkeypatch.setattr(f"views.{module}.COUNT_MOST", 50)
    for module in ("finding", "counting"):
        monkeypatch.setattr(f"views.{module}.estimated_rows", lambda _statement: 1000)
    page = login(Role.SUPERVISOR).get("/complaint/", query_string={"search": typed}).text
    assert f"about {told:,}" in page


def test_so_many_rows_are_sorted_only_by_a_column_that_has_an_index(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        make.complaint(description=f"描述{number}", customer_name=f"客户{4 - number}")
    client = login(Role.SUPERVISOR)
    usual = rows_of(client.get("/complaint/"))
    assert rows_of(client.get("/complaint/?sort=description")) == usual[::-1]
    for module in ("listing", "counting"):
        monkeypatch.setattr(f"views.{module}.COUNT_MOST", 2)
    answer = client.get("/complaint/?sort=description")
    assert rows_of(answer) == usual
    assert "too many to sort by “" in answer.text
    assert "sort=description" not in answer.text.partition("<thead>")[2].partition("</thead>")[0]
    assert rows_of(client.get("/complaint/?sort=customer_name")) == usual
    assert "too many to sort by “" not in client.get("/complaint/?sort=customer_name&desc=1").text


LARGE = {
    "complaint", "call_record", "customer", "vehicle", "service_receipt", "warranty_claim",
    "parts_quality_record", "parts_shipment", "department_task", "proposal", "notice", "step_taken",
}  # fmt: skip
# Columns that nobody sorts a large list by: free text, amounts, and what few rows have.
UNSERVED = {
    ("complaint", "description"), ("call_record", "promise"),
    ("call_record", "satisfaction"), ("service_receipt", "cost"),
    ("warranty_claim", "amount"), ("warranty_claim", "fault"),
    ("parts_quality_record", "fault"),
    ("parts_quality_record", "quantity"),
    ("parts_shipment", "quantity"), ("parts_shipment", "wrong_because"), ("department_task", "report"),
    ("department_task", "what"), ("proposal", "details"), ("proposal", "value"), ("notice", "answer"),
    ("notice", "name"), ("step_taken", "from_step"), ("step_taken", "remark"),
}  # fmt: skip


def large_views(app: Flask) -> list[Any]:
    return [view for view in app.extensions["record_views"].values() if view.model.__tablename__ in LARGE]


def plan_of(statement: Any, *refused: str) -> str:
    """Return the plan of a statement once the planner is told to do all else before what is refused."""
    for setting in refused:
        db.session.execute(text(f"SET LOCAL {setting} = off"))
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    rows = db.session.connection().exec_driver_sql(f"EXPLAIN {compiled}".replace("%", "%%"))
    return "\n".join(row[0] for row in rows)


def indexes_of(model: type[Record]) -> str:
    """Return the indexes of all rows that a table keeps, a line each."""
    found = db.session.execute(
        text("SELECT indexdef FROM pg_indexes WHERE tablename = :table"), {"table": model.__tablename__}
    ).scalars()
    kept = " WHERE (deleted_at IS NULL)"
    return "\n".join(line for line in found if "WHERE" not in line.removesuffix(kept))


def test_each_order_that_a_large_list_offers_comes_from_an_index(in_app: Flask) -> None:
    unserved = set()
    for view in large_views(in_app):
        with acting_as(system_actor("test")):
            names = {name for name in view.sortable if is_served(view, name)}
        unserved |= {(view.model.__tablename__, name) for name in view.sortable - names}
        kept = select(view.model.id).where(view.model.deleted_at.is_(None))
        for name, down in product(names, (False, True)):
            for part in order_of(view, name, is_descending=down).parts(kept):
                plan = plan_of(part.limit(26), "enable_seqscan", "enable_bitmapscan", "enable_sort")
                whole = [line for line in plan.splitlines() if re.match(r"[\s>-]*Sort  ", line)]
                assert not whole, (view.permission, name, plan)
    assert unserved == UNSERVED, (unserved - UNSERVED, UNSERVED - unserved)


def test_each_filter_of_a_large_list_is_answered_from_an_index(in_app: Flask) -> None:
    values = {
        "ChoiceFilter": None,
        "AnswerFilter": "1",
        "PeriodFilter": "2024-01-01",
        "RelationFilter": "1",
        "ContainsFilter": "B202401",
    }
    seen = 0
    for view in large_views(in_app):
        for name, each in view.filters.items():
            kind = type(each).__name__
            if kind not in {*values, "SmallRelationFilter"}:
                continue
            value = values.get(kind) or (each.options()[0][0] if kind == "ChoiceFilter" else "1")
            with in_app.test_request_context():
                chosen = each.read(MultiDict({each.keys[0]: value}))
            assert chosen is not None
            plan = plan_of(select(view.model.id).where(chosen.condition), "enable_seqscan")
            # From an index of all rows by this column, or from one of just these rows; of empty tables, whose
            # indexes have grown by what other tests took back, the planner may like another one better.
            is_by_column = any("Cond:" in line and name in line for line in plan.splitlines())
            is_there = bool(re.search(rf"USING \w+ \({name}\b", indexes_of(view.model)))
            is_by_pieces = f"ix_{view.model.__tablename__}_search" in plan
            is_served = is_by_column or is_there or is_by_pieces or "Filter:" not in plan
            assert is_served, (view.permission, name, plan)
            seen += 1
    assert seen > 60
