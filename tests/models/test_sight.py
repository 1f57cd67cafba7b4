"""Whose records a person sees: the tree of positions, the tree of regions, and absent colleagues."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, text

from conftest import count_queries
from factories import Factory
from models import (
    CallRecord,
    Complaint,
    Customer,
    Position,
    Record,
    Region,
    ServiceReceipt,
    Staff,
    acting_as,
    db,
)
from models.base import now
from models.organisation import Role
from models.scope import visible
from models.sight import actor_for

DAY = timedelta(days=1)


@pytest.fixture
def inside(in_app: Flask) -> Factory:
    """Make rows in the session that the rules use."""
    return Factory(db.session)


@pytest.fixture
def tree(inside: Factory) -> dict[str, Position]:
    """Make director > manager > (clerk, agent), and one beside the manager."""
    director = inside.position()
    manager = inside.position(parent_id=director.id)
    beside = inside.position(parent_id=director.id)
    clerk = inside.position(parent_id=manager.id)
    return {"director": director, "manager": manager, "beside": beside, "clerk": clerk}


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def at(inside: Factory, position: Position | None, **attributes: Any) -> Staff:
    return inside.staff(Role.CLERK, position_id=position.id if position else None, **attributes)


def away(inside: Factory, **attributes: Any) -> tuple[Staff, Staff]:
    absent, substitute = inside.staff(Role.CLERK), inside.staff(Role.CLERK)
    days = {"starts_on": today(), "ends_on": today()} | attributes
    inside.absence(staff_id=absent.id, substitute_id=substitute.id, **days)
    return absent, substitute


def test_who_stands_higher_sees_the_work_of_all_below_and_of_nobody_beside(
    inside: Factory, tree: dict[str, Position]
) -> None:
    people = {name: at(inside, position) for name, position in tree.items()}
    peer = at(inside, tree["manager"])
    assert actor_for(people["director"]).below_ids == {
        people["manager"].id, people["beside"].id, people["clerk"].id, peer.id,
    }  # fmt: skip
    assert actor_for(people["manager"]).below_ids == {people["clerk"].id}
    assert actor_for(people["clerk"]).below_ids == frozenset()


@pytest.mark.parametrize("link", ["created_by_id", "responsible_id"])
def test_the_work_below_is_seen_in_whatever_region_it_lies(
    inside: Factory, tree: dict[str, Position], link: str
) -> None:
    elsewhere = inside.region()
    manager, clerk = at(inside, tree["manager"], region=inside.region()), at(inside, tree["clerk"])
    peer = at(inside, tree["manager"])
    seen = inside.complaint(region=elsewhere, **{link: clerk.id}).id
    inside.complaint(region=elsewhere, **{link: peer.id})
    with acting_as(actor_for(manager)):
        assert db.session.scalars(select(Complaint.id)).all() == [seen]
    with acting_as(actor_for(clerk)):
        assert db.session.scalars(select(Complaint.id)).all() == [seen]


def test_a_circle_of_positions_ends_and_shows_nobody_the_own_peers(inside: Factory) -> None:
    first = inside.position()
    second = inside.position(parent_id=first.id)
    first.parent_id = second.id
    db.session.commit()
    one, peer, other = at(inside, first), at(inside, first), at(inside, second)
    assert actor_for(one).below_ids == {other.id}
    assert actor_for(other).below_ids == {one.id, peer.id}


def test_a_position_deleted_in_the_middle_hides_what_lies_below_it(
    inside: Factory, tree: dict[str, Position]
) -> None:
    director, clerk = at(inside, tree["director"]), at(inside, tree["clerk"])
    assert clerk.id in actor_for(director).below_ids
    tree["manager"].deleted_at = now()
    db.session.commit()
    assert actor_for(director).below_ids == frozenset()


def test_who_has_no_position_sees_nobodys_work(inside: Factory) -> None:
    at(inside, None)
    person = at(inside, None)
    assert actor_for(person).staff_ids == {person.id}


def test_a_region_comes_with_all_below_it_and_nothing_beside_or_above(inside: Factory) -> None:
    country = inside.region()
    province = inside.region(parent=country)
    city, other_city = inside.region(parent=province), inside.region(parent=province)
    elsewhere = inside.region(parent=country)

    def seen(region: Region) -> frozenset[int] | None:
        return actor_for(inside.staff(Role.CLERK, region=region)).region_ids

    assert seen(province) == {province.id, city.id, other_city.id}
    assert seen(city) == {city.id}
    assert seen(country) == {row.id for row in (country, province, city, other_city, elsewhere)}


def test_regions_in_a_circle_are_found_once(inside: Factory) -> None:
    first = inside.region()
    second = inside.region(parent=first)
    first.parent_id = second.id
    db.session.commit()
    assert actor_for(inside.staff(Role.CLERK, region=first)).region_ids == {first.id, second.id}


def test_a_region_deleted_in_the_middle_hides_the_regions_below_it(inside: Factory) -> None:
    top = inside.region()
    middle = inside.region(parent=top, deleted_at=now())
    inside.region(parent=middle)
    assert actor_for(inside.staff(Role.CLERK, region=top)).region_ids == {top.id}


def test_no_region_is_no_region_and_not_all(inside: Factory) -> None:
    assert actor_for(inside.staff(Role.CLERK)).region_ids == frozenset()


@pytest.mark.parametrize(
    ("starts", "ends", "stands_in"),
    [(-2, -1, False), (-2, 0, True), (0, 0, True), (-1, 1, True), (0, 3, True), (1, 3, False)],
)
def test_a_substitute_stands_in_on_the_days_of_the_absence_and_on_no_other(
    inside: Factory, starts: int, ends: int, stands_in: bool
) -> None:
    absent, substitute = away(inside, starts_on=today() + starts * DAY, ends_on=today() + ends * DAY)
    assert actor_for(substitute).stands_in_for == ({absent.id} if stands_in else frozenset())
    assert actor_for(absent).stands_in_for == frozenset()


@pytest.mark.parametrize(
    ("at", "stands_in"),
    # In Shanghai the day begins at 16:00 of the day before, by the clock of Greenwich.
    [("2026-03-01T15:59:59+00:00", False), ("2026-03-01T16:00:00+00:00", True),
     ("2026-03-02T15:59:59+00:00", True), ("2026-03-02T16:00:00+00:00", False)],
)  # fmt: skip
def test_the_day_is_that_of_the_centre(
    inside: Factory, monkeypatch: pytest.MonkeyPatch, at: str, stands_in: bool
) -> None:
    _absent, substitute = away(inside, starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 2))
    monkeypatch.setattr("models.sight.now", lambda: datetime.fromisoformat(at))
    assert bool(actor_for(substitute).stands_in_for) is stands_in


def test_a_substitute_sees_the_absent_persons_records_and_not_those_of_whom_that_one_stood_in_for(
    inside: Factory,
) -> None:
    absent, substitute = away(inside)
    last = inside.staff(Role.CLERK, region=inside.region())
    inside.absence(staff_id=substitute.id, substitute_id=last.id, starts_on=today(), ends_on=today())
    elsewhere = inside.region()
    first = inside.complaint(region=elsewhere, responsible_id=absent.id).id
    second = inside.complaint(region=elsewhere, responsible_id=substitute.id).id
    with acting_as(actor_for(substitute)):
        assert set(db.session.scalars(select(Complaint.id))) == {first, second}
    with acting_as(actor_for(last)):
        assert set(db.session.scalars(select(Complaint.id))) == {second}


def test_a_deleted_absence_shows_nothing(inside: Factory) -> None:
    _absent, substitute = away(inside, deleted_at=now())
    assert actor_for(substitute).stands_in_for == frozenset()


def test_regions_people_below_and_absent_colleagues_take_one_query_together(
    inside: Factory, in_app: Flask, tree: dict[str, Position]
) -> None:
    at(inside, tree["clerk"])
    manager = at(inside, tree["manager"], region=inside.region())
    absent = inside.staff(Role.CLERK)
    inside.absence(staff_id=absent.id, substitute_id=manager.id, starts_on=today(), ends_on=today())
    assert manager.position_id
    with count_queries(in_app) as asked:
        actor = actor_for(manager)
    assert actor.region_ids
    assert actor.below_ids
    assert actor.stands_in_for
    # The second is the time zone of the centre, which every page asks for once anyway.
    assert [("FROM centre" in statement) for statement in asked] == [False, True]


@pytest.mark.parametrize("model", [Customer, Complaint, ServiceReceipt, CallRecord])
def test_the_rows_of_people_below_are_found_by_indexes(
    inside: Factory, model: type[Record], tree: dict[str, Position]
) -> None:
    for _ in range(20):
        at(inside, tree["clerk"])
    actor = actor_for(at(inside, tree["manager"], region=inside.region()))
    condition = visible(model, actor).compile(
        dialect=db.engine.dialect, compile_kwargs={"literal_binds": True}
    )
    table = model.__tablename__
    # Tables of tests are too small for an index to pay: the question is whether they can serve together.
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    explained = db.session.execute(text(f"EXPLAIN SELECT id FROM {table} WHERE {condition}"))
    plan = "\n".join(explained.scalars())
    assert "BitmapOr" in plan
    for name in ("created_by_id", "responsible_id", "region_id"):
        assert f"ix_{table}_{name}" in plan
