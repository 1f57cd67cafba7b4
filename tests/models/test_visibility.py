"""Row limits, for every record type and every way to read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import exists, func, select, union_all
from sqlalchemy.orm import Session, aliased, load_only

from conftest import count_queries
from factories import Factory
from models import WITH_DELETED, Dealer, Record, Region, acting_as, record_types
from models.actor import Actor
from models.base import Reach, now
from models.sql import labels_for

TYPES = record_types()
# Everybody needs the words to fill a form in with; what is about people stays in its region.
LIMITED = {
    "customer",
    "vehicle",
    "complaint",
    "dealer",
    "parts_quality_record",
    "service_receipt",
    "warranty_claim",
    "parts_shipment",
    "letter",
    "call_record",
    "proposal",
    "step_taken",
    "department_task",
    "notice",
}
LIMITED_TYPES = [model for model in TYPES if model.__tablename__ in LIMITED]

Read = Callable[[Session, type[Record], int], Any]
READS: dict[str, Read] = {
    "select": lambda s, m, key: s.scalars(select(m).where(m.id == key)).first(),
    "get": lambda s, m, key: s.get(m, key, populate_existing=True),
    "query": lambda s, m, key: s.query(m).filter_by(id=key).first(),
    "count": lambda s, m, key: s.scalar(select(func.count()).select_from(m).where(m.id == key)),
    "column": lambda s, m, key: s.scalar(select(m.id).where(m.id == key)),
    "label": lambda s, m, key: s.scalar(select(m.label_column()).select_from(m).where(m.id == key)),
    "some columns": lambda s, m, key: s.scalars(
        select(m).options(load_only(m.version)).where(m.id == key)
    ).first(),
    "alias": lambda s, m, key: s.scalars(select(a := aliased(m)).where(a.id == key)).first(),
    "subquery": lambda s, m, key: s.scalar(select(select(m.id).where(m.id == key).subquery().c.id)),
    "cte": lambda s, m, key: s.scalar(select(select(m.id).where(m.id == key).cte().c.id)),
    "exists": lambda s, m, key: s.scalar(select(exists().where(m.id == key))),
    "union": lambda s, m, key: s.scalar(
        select(m).from_statement(union_all(select(m).where(m.id == key), select(m).where(m.id == -1)))
    ),
    "scalar subquery": lambda s, m, key: s.scalar(select(select(m.id).where(m.id == key).scalar_subquery())),
}


def clerk(region: Region | None, staff_id: int = 0) -> Actor:
    ids = frozenset({region.id}) if region else frozenset()
    return Actor(staff_id, "request", frozenset({"clerk"}), ids, region.id if region else None)


def name_of(model: type[Record]) -> str:
    return model.__tablename__


def test_which_types_are_limited_to_a_region_is_meant() -> None:
    assert {name_of(model) for model in TYPES if model.reach is Reach.REGION} == LIMITED


@pytest.mark.parametrize("model", LIMITED_TYPES, ids=name_of)
@pytest.mark.parametrize("how", READS)
def test_a_row_is_read_in_its_own_region_only(
    make: Factory, db_session: Session, model: type[Record], how: str
) -> None:
    east, west = make.region(), make.region()
    key = make.record(model, region=east).id
    with acting_as(clerk(east)):
        assert READS[how](db_session, model, key)
    with acting_as(clerk(west)):
        assert not READS[how](db_session, model, key)
    with acting_as(clerk(None)):
        assert not READS[how](db_session, model, key)


@pytest.mark.parametrize("model", TYPES, ids=name_of)
def test_no_way_of_reading_shows_a_deleted_row(
    make: Factory, db_session: Session, model: type[Record]
) -> None:
    key = make.record(model, deleted_at=now()).id
    assert [how for how, read in READS.items() if read(db_session, model, key)] == []


@pytest.mark.parametrize("model", TYPES, ids=name_of)
def test_no_way_of_reading_shows_nobody_a_row(
    make: Factory, db_session: Session, model: type[Record]
) -> None:
    key = make.record(model).id
    with acting_as(None):  # as before a login
        assert [how for how, read in READS.items() if read(db_session, model, key)] == []


@pytest.mark.parametrize("model", LIMITED_TYPES, ids=name_of)
@pytest.mark.parametrize("link", ["created_by_id", "responsible_id"])
def test_a_row_of_another_region_is_seen_by_who_made_it_or_answers_for_it(
    make: Factory, db_session: Session, model: type[Record], link: str
) -> None:
    east, west = make.region(), make.region()
    person, colleague = make.staff(region=west), make.staff(region=west)
    key = make.record(model, region=east, **{link: person.id}).id
    seen = select(model.id).where(model.id == key)
    with acting_as(clerk(west, person.id)):
        assert db_session.scalar(seen) == key
    with acting_as(clerk(west, colleague.id)):
        assert db_session.scalar(seen) is None


@pytest.mark.parametrize("model", LIMITED_TYPES, ids=name_of)
def test_a_row_of_the_pool_is_seen_by_all(make: Factory, db_session: Session, model: type[Record]) -> None:
    key = make.record(model).id
    for actor in (clerk(make.region()), clerk(None)):
        with acting_as(actor):
            assert db_session.scalar(select(model.id).where(model.id == key)) == key


@pytest.mark.parametrize("model", [model for model in TYPES if model not in LIMITED_TYPES], ids=name_of)
def test_the_words_of_forms_are_seen_from_every_region(
    make: Factory, db_session: Session, model: type[Record]
) -> None:
    key = make.record(model, region=make.region()).id
    with acting_as(clerk(make.region())):
        assert db_session.scalar(select(model.id).where(model.id == key)) == key


@pytest.mark.parametrize("model", LIMITED_TYPES, ids=name_of)
def test_asking_for_deleted_rows_does_not_open_other_regions(
    make: Factory, db_session: Session, model: type[Record]
) -> None:
    key = make.record(model, region=make.region(), deleted_at=now()).id
    found = select(model.id).where(model.id == key)
    with acting_as(clerk(make.region())):
        assert db_session.scalar(found, execution_options={WITH_DELETED: True}) is None


@pytest.mark.parametrize("model", TYPES, ids=name_of)
def test_every_type_has_a_label_that_names_its_row(
    make: Factory, db_session: Session, in_app: Flask, model: type[Record]
) -> None:
    key = make.record(model).id
    label = labels_for(model, [key])[key]
    assert label.is_visible
    assert label.text != str(key)


def test_labels_of_no_rows_ask_nothing(in_app: Flask) -> None:
    with count_queries(in_app) as asked:
        assert labels_for(Dealer, []) == {}
        assert asked == []
        assert labels_for(Dealer, [-1]) == {}
    assert len(asked) == 1
