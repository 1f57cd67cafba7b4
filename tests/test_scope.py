from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, delete, exists, func, literal, select, text, union_all, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session, aliased, joinedload, lazyload, selectinload, subqueryload
from sqlalchemy.orm.exc import StaleDataError

from factories import Factory
from models import (
    WITH_DELETED,
    Base,
    Complaint,
    Customer,
    Dealer,
    Delivery,
    LoginSession,
    Record,
    Region,
    Subject,
    acting_as,
    current_actor,
    db,
)
from models.actor import Actor
from models.base import Reach, now
from models.scope import UnlimitedStatementError, limited, limits
from models.sql import labels_for


@pytest.fixture
def two_regions(make: Factory) -> tuple[Region, Region]:
    return make.region("东"), make.region("西")


def clerk_of(region: Region, staff_id: int = 0) -> Actor:
    return Actor(staff_id, "request", frozenset({"clerk"}), frozenset({region.id}), region.id)


READS: dict[str, Callable[[Session, Dealer], Any]] = {
    "select": lambda s, d: s.scalars(select(Dealer).where(Dealer.id == d.id)).first(),
    "get": lambda s, d: s.get(Dealer, d.id, populate_existing=True),
    "query": lambda s, d: s.query(Dealer).filter_by(id=d.id).first(),
    "count": lambda s, _d: s.scalar(select(func.count()).select_from(Dealer)),
    "column": lambda s, d: s.scalar(select(Dealer.name).where(Dealer.id == d.id)),
    "alias": lambda s, _d: s.scalars(select(aliased(Dealer))).first(),
    "subquery": lambda s, _d: s.scalar(select(select(Dealer.id).subquery().c.id)),
    "cte": lambda s, _d: s.scalar(select(select(Dealer.id).cte().c.id)),
    "exists": lambda s, d: s.scalar(select(exists().where(Dealer.id == d.id))),
    "join": lambda s, _d: s.scalar(select(Customer.id).join(Dealer, Dealer.id == Customer.dealer_id)),
    "in": lambda s, _d: s.scalar(select(Customer.id).where(Customer.dealer_id.in_(select(Dealer.id)))),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_rows_of_another_region_are_not_read(
    make: Factory, db_session: Session, two_regions: tuple[Region, Region], read: Callable[..., Any]
) -> None:
    east, west = two_regions
    dealer = make.dealer(region=east)
    make.customer(region=west, dealer_id=dealer.id)
    with acting_as(clerk_of(west)):
        assert not read(db_session, dealer)
    with acting_as(clerk_of(east)):
        if read not in (READS["join"], READS["in"]):
            assert read(db_session, dealer)


def test_rows_of_another_region_are_neither_changed_nor_removed(
    make: Factory, db_session: Session, two_regions: tuple[Region, Region]
) -> None:
    east, west = two_regions
    dealer = make.dealer(region=east, name="不变")
    with acting_as(clerk_of(west)):
        db_session.execute(update(Dealer).values(name="变了"))
        db_session.execute(delete(Dealer))
    db_session.expire_all()
    assert db_session.scalars(select(Dealer.name).where(Dealer.id == dealer.id)).one() == "不变"


def test_lazy_loads_and_collections_are_limited(make: Factory, db_session: Session) -> None:
    subject, department = make.subject(), make.department()
    subject.departments.append(department)
    department_two = make.department(deleted_at=now())
    subject.departments.append(department_two)
    db_session.commit()
    db_session.expire_all()
    assert [row.id for row in db_session.get_one(Subject, subject.id).departments] == [department.id]


def test_own_rows_the_pool_and_work_one_answers_for_are_seen_across_regions(
    make: Factory, db_session: Session, two_regions: tuple[Region, Region]
) -> None:
    east, west = two_regions
    person = make.staff(region=west)
    expected = {
        make.dealer(region=west).id,
        make.dealer(region=east, created_by_id=person.id).id,
        make.dealer(region=east, responsible_id=person.id).id,
        make.dealer().id,
    }
    make.dealer(region=east)
    with acting_as(clerk_of(west, person.id)):
        assert set(db_session.scalars(select(Dealer.id))) == expected


def test_nobody_sees_nothing_not_even_tables_without_regions(make: Factory, db_session: Session) -> None:
    make.dealer()
    make.subject()
    with acting_as(None):  # as before a login
        assert current_actor() is None
        for model in (Dealer, Subject, LoginSession, Delivery, Complaint):
            assert db_session.scalar(select(func.count()).select_from(model)) == 0


def test_deleted_rows_are_hidden_unless_asked_for(make: Factory, db_session: Session) -> None:
    dealer = make.dealer(deleted_at=now())
    found = select(Dealer.id).where(Dealer.id == dealer.id)
    assert db_session.scalar(found) is None
    assert db_session.scalar(found, execution_options={WITH_DELETED: True}) == dealer.id


def test_new_rows_carry_their_maker_region_and_department(
    make: Factory, db_session: Session, two_regions: tuple[Region, Region]
) -> None:
    _east, west = two_regions
    department = make.department()
    person = make.staff(region=west, department_id=department.id)
    actor = Actor(
        person.id, "request", region_ids=frozenset({west.id}), region_id=west.id, department_id=department.id
    )
    with acting_as(actor):
        dealer = make.dealer()
    assert (dealer.created_by_id, dealer.region_id, dealer.department_id) == (
        person.id,
        west.id,
        department.id,
    )


def test_labels_name_parents_beyond_reach_and_say_so(
    make: Factory, db_session: Session, two_regions: tuple[Region, Region], in_app: object
) -> None:
    east, west = two_regions
    far, near = make.dealer(region=east, name="远"), make.dealer(region=west, name="近")
    with acting_as(clerk_of(west)):
        labels = labels_for(Dealer, [far.id, near.id])
    assert (labels[far.id].text, labels[far.id].is_visible) == ("远", False)
    assert (labels[near.id].text, labels[near.id].is_visible) == ("近", True)


def test_two_editors_of_one_row_do_not_overwrite_each_other(make: Factory, db_session: Session) -> None:
    dealer = make.dealer()
    assert dealer.version == 1
    db_session.execute(text("UPDATE dealer SET version = version + 1"))
    dealer.name = "晚了"
    with pytest.raises(StaleDataError):
        db_session.flush()
    db_session.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        select(func.count(Dealer.id).filter(Dealer.id > 0)),
        select(func.count(Dealer.id).over()),
        select(Dealer.label_column()),
        select(Dealer.__table__.c.id),
    ],
    ids=["filter", "over", "label", "table"],
)
def test_a_statement_that_hides_its_model_from_the_limits_is_refused(
    make: Factory, db_session: Session, two_regions: tuple[Region, Region], statement: Any
) -> None:
    east, west = two_regions
    make.dealer(region=east)
    with acting_as(clerk_of(west)):
        with pytest.raises(UnlimitedStatementError):
            db_session.execute(statement)
        assert not any(db_session.execute(statement.select_from(Dealer)).scalars())


def test_a_row_that_the_session_holds_is_handed_out_to_who_may_see_it(in_app: Flask) -> None:
    make = Factory(db.session())
    east, west = make.region(), make.region()
    dealer = make.dealer(region=east)
    for get in (db.session.get, db.session.get_one):
        with acting_as(clerk_of(east)):
            assert get(Dealer, dealer.id) is dealer
    with acting_as(clerk_of(west)):
        assert db.session.get(Dealer, dealer.id) is None
        with pytest.raises(NoResultFound):
            db.session.get_one(Dealer, dealer.id)
    with acting_as(None):  # as before a login
        assert db.session.get(Dealer, dealer.id) is None


def test_who_moved_a_row_out_of_sight_still_reads_what_is_held_of_it(in_app: Flask) -> None:
    """By design: a page names what it has just given away. Nobody comes by a row in that way."""
    make = Factory(db.session())
    east, west = make.region(), make.region()
    dealer = make.dealer(region=east, name="远")
    with acting_as(clerk_of(east)):
        dealer.region_id = west.id
        db.session.commit()
        assert dealer.name == "远"
        db.session.refresh(dealer)
        assert dealer.region_id == west.id
        assert db.session.get(Dealer, dealer.id) is None


def test_no_relation_leads_to_rows_of_other_regions() -> None:
    """Keys and labels_for() lead there: what a relation loads is held, and no limit is asked again."""
    targets = {
        relation.mapper.class_
        for mapper in Base.registry.mappers
        for relation in mapper.relationships
        if issubclass(relation.mapper.class_, Record)
    }
    assert targets
    assert {model for model in targets if model.reach is Reach.REGION} == set()


@pytest.mark.parametrize("load", [lazyload, joinedload, selectinload, subqueryload])
def test_no_way_to_load_a_relation_goes_past_the_limits(
    make: Factory, db_session: Session, load: Callable[..., Any]
) -> None:
    subject, kept, deleted = make.subject(), make.department(), make.department(deleted_at=now())
    subject.departments += [kept, deleted]
    db_session.commit()
    db_session.expire_all()
    found = select(Subject).where(Subject.id == subject.id).options(load(Subject.departments))
    assert db_session.scalars(found).unique().one().departments == [kept]
    db_session.refresh(subject, ["departments"])
    assert subject.departments == [kept]
    db_session.expunge_all()
    with acting_as(None):  # as before a login
        assert db_session.scalars(found).unique().all() == []


def test_a_statement_that_was_made_before_for_another_reads_by_the_values_of_who_acts_now(
    make: Factory, db_session: Session, two_regions: tuple[Region, Region]
) -> None:
    east, west = two_regions
    names = {region: make.dealer(region=region, name=f"{region.name}店").name for region in two_regions}
    staff = make.staff()
    own = make.dealer(region=west, name="自己的", responsible_id=staff.id)

    def seen(actor: Actor, *regions: Region) -> set[str]:
        # Values of the statement's own stand beside those of the limits, under the same names.
        wanted = Dealer.region_id.in_([region.id for region in regions]), Dealer.name != "无"
        with acting_as(actor):
            return set(db_session.scalars(select(Dealer.name).where(*wanted)))

    for _ in range(3):
        assert seen(clerk_of(east), east, west) == {names[east]}
        assert seen(clerk_of(west), east, west) == {names[west], own.name}
        assert seen(clerk_of(east, staff.id), east, west) == {names[east], own.name}
        assert seen(clerk_of(west), east) == set()


def test_a_statement_that_is_kept_reads_by_the_limits_of_who_acts_now(
    make: Factory, db_session: Session, two_regions: tuple[Region, Region]
) -> None:
    east, west = two_regions
    names = {region: make.dealer(region=region, name=f"{region.name}店").name for region in two_regions}
    gone = make.dealer(region=east, name="没了", deleted_at=now()).name
    kept = select(Dealer.name).where(Dealer.name != bindparam("other"), Dealer.name != "无")

    def seen(actor: Actor | None, other: str = "", *, with_deleted: bool = False) -> set[str]:
        with acting_as(actor):
            options = {WITH_DELETED: with_deleted}
            return set(db_session.scalars(kept, {"other": other}, execution_options=options))

    everybody = Actor(1, "request", frozenset(), None)
    for _ in range(3):
        assert seen(clerk_of(east)) == {names[east]}
        assert seen(clerk_of(west)) == {names[west]}
        assert seen(clerk_of(west), names[west]) == set()
        assert seen(everybody) == set(names.values())
        assert seen(everybody, names[west], with_deleted=True) == {names[east], gone}
        assert seen(clerk_of(east), with_deleted=True) == {names[east], gone}
        assert seen(None) == set()


def test_the_key_of_the_limits_is_that_of_their_shape(two_regions: tuple[Region, Region]) -> None:
    one, other = (limits(clerk_of(region, region.id)) for region in two_regions)
    assert one.key == other.key
    assert [value.value for value in one.values] != [value.value for value in other.values]
    keys = {
        limits(actor, with_deleted).key
        for actor in (clerk_of(two_regions[0], 1), Actor(1, "request", frozenset(), None, None), None)
        for with_deleted in (False, True)
    }
    assert len(keys) == 6


def test_the_values_of_a_limited_statement_stand_as_sqlalchemy_comes_upon_them(
    two_regions: tuple[Region, Region],
) -> None:
    option = limits(clerk_of(two_regions[0], 1))
    inner = select(Dealer.id).where(Dealer.name != "无").limit(3).subquery()
    statement = (
        select(inner.c.id, literal("x"))
        .join_from(inner, Customer, Customer.dealer_id == inner.c.id)
        .where(Customer.name != "无")
        .prefix_with("/* */")
        .order_by(Customer.id)
        .limit(5)
    )
    tree = select(Region.id).where(Region.id == 1).cte(recursive=True)
    tree = tree.union(select(Region.id).join(tree, Region.parent_id == tree.c.id))
    for each in (
        statement,
        union_all(select(tree.c.id), select(Dealer.id).where(Dealer.name != "无")).limit(9),
    ):
        found = limited(each, option)._generate_cache_key()
        made = each.options(option)._generate_cache_key()
        assert found is not None
        assert made is not None
        assert [id(value) for value in found.bindparams] == [id(value) for value in made.bindparams]
        assert limited(each, option).limit(4)._generate_cache_key() != found
