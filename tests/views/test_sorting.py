"""Sorting: each column that offers it, in both directions, empty values last, on real rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from screens import TABLES, path
from sqlalchemy import Boolean, Date, DateTime, Enum, Integer, Numeric, inspect, select
from test_access import make_one

from conftest import Login, PanelClient
from factories import Factory
from models import record_types
from models.measure import MeasureState, Verdict
from models.notice import NoticeState
from models.organisation import Role
from models.proposal import ProposalState
from models.robot import Channel
from models.warranty_claim import ClaimOutcome
from views import SCREENS
from views.forms import target_of

MODELS = {model.__tablename__: model for model in record_types()}
# Drawn by the database, and so given by no test.
KEPT = {"number", "updated_at"}
# Several values in one, and what is worked out for each row that is shown.
NOT_IN_ORDER = {"role_names", "invitation_state", "remedies", "mail_state"}


# What a row needs beside an unusual value, so that the rules of its table are met.
BESIDE: dict[tuple[str, str], dict[str, Any]] = {
    ("service_receipt", "handed_over_on"): {"came_in_on": date(2024, 1, 1)},
    ("call_record", "promised_until"): {"promise": "周五前回电"},
    ("letter", "replied_on"): {"sent_on": date(2024, 1, 1)},
    ("warranty_claim", "decided_on"): {"claimed_on": date(2024, 1, 1)},
    ("warranty_claim", "outcome"): {"claimed_on": date(2024, 1, 1), "decision_reason": "人为损坏"},
    ("parts_shipment", "is_right"): {"wrong_because": "型号不符"},
    ("absence", "ends_on"): {"starts_on": date(2024, 3, 1)},
    ("department_task", "state"): {"report": "已寄出"},
    ("proposal", "state"): {"decision_reason": "先查批次"},
}


def fill(make: Factory, row: Any, name: str, value: Any) -> None:
    """Give a row a value, and what the rules of its table ask for beside it."""
    needed = dict(BESIDE.get((row.__tablename__, name), {}))
    if row.__tablename__ == "warranty_claim":
        needed |= {"dealer_id": make.dealer().id, "supplier_id": make.supplier().id}
    if name == "decided_on" and value is not None:
        needed["outcome"] = ClaimOutcome.PASSED
    if value in (ProposalState.APPROVED, ProposalState.REFUSED):
        needed["decided_at"] = datetime(2024, 3, 1, tzinfo=UTC)
    if row.__tablename__ == "notice" and name == "state" and value is NoticeState.ANSWERED:
        needed |= {"answer": "已处理", "answered_at": datetime(2024, 3, 1, tzinfo=UTC)}
    if row.__tablename__ == "measure":
        needed |= measure_needs(name, value)
    if name == "outcome" and value is not ClaimOutcome.OPEN:
        needed["decided_on"] = date(2024, 2, 1)
    for column, content in (needed | {name: value}).items():
        setattr(row, column, content)


def measure_needs(name: str, value: Any) -> dict[str, Any]:
    """Return what a measure must have, so that it stands at a state or has a verdict."""
    is_verified = value is MeasureState.VERIFIED or (name == "verdict" and value is not None)
    needed: dict[str, Any] = {}
    if is_verified or value is MeasureState.DONE:
        needed |= {"state": MeasureState.DONE, "done_on": date(2024, 3, 1), "report": "已完成"}
    if is_verified:
        needed |= {"verified_on": date(2024, 5, 1), "verdict": Verdict.WORKED, "state": MeasureState.VERIFIED}
    return needed


def sortable_columns() -> list[tuple[str, str]]:
    """Return table and name of each plain column of a list."""
    return [
        (model.__tablename__, name)
        for screen, model in SCREENS
        for name in screen.column_list
        if target_of(model, name) is None and name not in NOT_IN_ORDER
    ]


def ordered_values(column: Any) -> list[Any]:
    """Return values of the column in the order in which people expect them."""
    kind = column.type
    if column.name == "satisfaction":
        return [1, 3, 5]
    if isinstance(kind, Enum):
        # A group is never told by mail.
        return [value for value in kind.enum_class if value is not Channel.MAIL][:3]
    by_kind: dict[type, list[Any]] = {
        Boolean: [False, True],
        DateTime: [datetime(2024, 3, day, tzinfo=UTC) for day in (1, 2, 3)],
        Date: [date(2024, 3, 1) + timedelta(days=day) for day in (0, 1, 40)],
        # As numbers, not as text.
        Integer: [2, 10, 21],
        Numeric: [2, 10, 21],
    }
    text = ["a1@x.cn", "b1@x.cn", "c1@x.cn"]
    return next((values for each, values in by_kind.items() if isinstance(kind, each)), text)


def keys_in_order(client: PanelClient, table: str, query: str) -> list[int]:
    page = client.get(f"{path(table)}?{query}").text
    links = page.partition("<tbody>")[2].split(f'href="{path(table)}details/?id=')[1:]
    return list(dict.fromkeys(int(link.partition('"')[0].partition("&")[0]) for link in links))


@pytest.mark.parametrize(("table", "name"), sortable_columns())
def test_a_column_sorts_up_and_down_with_empty_values_last(
    table: str, name: str, make: Factory, login: Login
) -> None:
    model: Any = MODELS[table]
    column = inspect(model).columns[name]
    client = login(Role.ADMINISTRATOR)
    values = ordered_values(column)
    made = {make_one(make, table): value for value in [*values[1:], values[0]]}
    if name not in KEPT:
        for key, value in made.items():
            fill(make, make.session.get(model, key), name, value)
        if column.nullable:
            empty = make_one(make, table)
            fill(make, make.session.get(model, empty), name, None)
            made[empty] = None
        make.session.commit()
    rows = make.session.scalars(select(model).where(model.id.in_(made))).all()
    stored = {row.id: getattr(row, name) for row in rows}
    place = {value: at for at, value in enumerate(values)} if name not in KEPT else None
    filled = [key for key, value in stored.items() if value is not None]
    up = sorted(filled, key=lambda key: (place[stored[key]] if place else stored[key], key))
    down = sorted(filled, key=lambda key: (place[stored[key]] if place else stored[key], key), reverse=True)
    empty_keys = sorted(key for key in made if stored[key] is None)
    for query, expected in ((f"sort={name}", up), (f"sort={name}&desc=1", down)):
        shown = [key for key in keys_in_order(client, table, query + "&page_size=100") if key in made]
        assert shown == expected + empty_keys


@pytest.mark.parametrize("table", TABLES)
def test_a_column_that_shows_another_record_offers_no_order(table: str, make: Factory, login: Login) -> None:
    make_one(make, table)
    page = login(Role.ADMINISTRATOR).get(path(table)).text
    head = page.partition('<table class="records">')[2].partition("</thead>")[0]
    screen, model = next((s, m) for s, m in SCREENS if m.__tablename__ == table)
    for name in screen.column_list:
        is_plain = (table, name) in sortable_columns()
        assert (f"sort={name}&" in head or f'sort={name}"' in head) is is_plain, (model, name)


def test_a_second_click_on_a_column_turns_the_order_around(make: Factory, login: Login) -> None:
    make.customer()
    client = login(Role.CLERK)
    assert 'href="/customer/?sort=phone"' in client.get("/customer/").text
    assert 'href="/customer/?sort=phone&amp;desc=1"' in client.get("/customer/?sort=phone").text
    assert 'href="/customer/?sort=phone"' in client.get("/customer/?sort=phone&desc=1").text


def test_sorting_a_tree_lists_it_flat(make: Factory, login: Login) -> None:
    top = make.region("乙")
    make.region("甲", parent=top)
    client = login(Role.CLERK)
    assert "depth-1" in client.get("/region/").text
    assert "depth-1" not in client.get("/region/?sort=name").text
    assert "depth-1" not in client.get("/region/?search=甲").text


def test_the_list_of_letters_begins_with_those_that_wait_to_be_sent(make: Factory, login: Login) -> None:
    make.letter(sent_on=None, regarding="待寄草稿")
    make.letter(sent_on=date(2026, 3, 2), regarding="已寄信函")
    client = login(Role.CLERK)
    page = client.get(path("letter", "")).text
    assert page.index("待寄草稿") < page.index("已寄信函")
    # Whoever asks for an order gets it.
    page = client.get(path("letter", "", sort="sent_on", desc=1)).text
    assert page.index("已寄信函") < page.index("待寄草稿")
