"""What every centre begins with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from models import Department, Holiday, Part, Position, Record, Subject, db
from models.announced_holidays import announced_days, announced_years
from models.base import now
from models.essentials import DEPARTMENTS, KEY_PARTS, POSITIONS, SUBJECTS, seed_essentials
from models.office_calendar import is_provisional, working_calendar


def counts() -> list[int | None]:
    models: list[type[Record]] = [Department, Position, Subject, Part]
    return [db.session.scalar(select(func.count()).select_from(model)) for model in models]


@pytest.fixture
def seeded(in_app: Flask) -> Flask:
    seed_essentials()
    db.session.commit()
    return in_app


def test_everything_is_there_once_however_often_it_is_seeded(seeded: Flask) -> None:
    subjects = len(SUBJECTS) + sum(len(subject.children) for subject in SUBJECTS)
    assert counts() == [len(DEPARTMENTS), len(POSITIONS), subjects, len(KEY_PARTS)]
    seed_essentials()
    assert counts() == [len(DEPARTMENTS), len(POSITIONS), subjects, len(KEY_PARTS)]


def test_positions_form_one_line_from_the_director_down(seeded: Flask) -> None:
    positions = db.session.scalars(select(Position).order_by(Position.id)).all()
    assert [position.name for position in positions] == list(POSITIONS)
    assert [position.parent_id for position in positions] == [None, *(row.id for row in positions[:-1])]


def test_the_departments_of_a_subject_exist(seeded: Flask) -> None:
    motor = db.session.scalars(select(Subject).where(Subject.code == "motor")).one()
    assert {row.code for row in motor.departments} == {"quality", "purchasing", "technical", "production"}
    assert db.session.get_one(Subject, motor.parent_id or 0).code == "product_quality"


def test_what_a_centre_has_changed_stays(seeded: Flask) -> None:
    quality = db.session.scalars(select(Department).where(Department.code == "quality")).one()
    quality.code, quality.name_en = "QC", "QC"
    sales = db.session.scalars(select(Subject).where(Subject.code == "sales")).one()
    sales.name, sales.departments = "销售与市场", []
    price = db.session.scalars(select(Subject).where(Subject.code == "price")).one()
    price.deleted_at = now()
    director = db.session.scalars(select(Position).where(Position.name == "总监")).one()
    director.name = "总经理"
    db.session.commit()
    before = counts()
    seed_essentials()
    db.session.commit()
    assert counts() == before
    assert sales.name == "销售与市场"
    assert sales.departments == []


def test_a_deleted_subject_takes_no_new_ones_below_it(seeded: Flask) -> None:
    shipping = db.session.scalars(select(Subject).where(Subject.code == "shipping")).one()
    shipping.deleted_at = now()
    damage = db.session.scalars(select(Subject).where(Subject.code == "shipping_damage")).one()
    # As if an earlier version had not known this one.
    damage.code, damage.deleted_at = "forgotten", now()
    db.session.commit()
    before = counts()
    seed_essentials()
    assert counts() == before


def test_each_essential_subject_reaches_a_department_and_is_named_once() -> None:
    flat = [(subject, None) for subject in SUBJECTS]
    flat += [(child, subject) for subject in SUBJECTS for child in subject.children]
    codes = {department.code for department in DEPARTMENTS}
    for subject, parent in flat:
        told = subject.departments or (parent.departments if parent else ())
        assert told, subject.code
        assert set(told) <= codes
        assert len(set(told)) == len(told)
    for names in ([s.code for s, _ in flat], [s.name for s, _ in flat], [s.name_en for s, _ in flat]):
        assert len(set(names)) == len(names)


def test_management_gets_all_subjects_and_is_the_only_one() -> None:
    assert [item.code for item in DEPARTMENTS if item.gets_all_subjects] == ["management"]
    assert {item.code for item in DEPARTMENTS if item.gets_parts_quality} == {
        "quality",
        "purchasing",
        "management",
    }


def test_the_announced_holidays_are_there_but_for_years_that_the_centre_began(in_app: Flask) -> None:
    # In any year the last announced one counts, or the one before.
    announced = announced_years(ZoneInfo("Asia/Shanghai"))
    present = datetime(announced[-1], 6, 1, tzinfo=UTC)
    own = Holiday(falls_on=date(announced[-1] - 1, 8, 8), name="厂庆", deleted_at=present)
    db.session.add(own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.essentials.now", lambda: present)
        seed_essentials()
        seed_essentials()
    kept = set(db.session.scalars(select(Holiday.falls_on)))
    assert kept == {each.day for each in announced_days(announced[-1])}
    assert not is_provisional(working_calendar(), announced[-1])
    assert is_provisional(working_calendar(), announced[-1] + 1)


def test_other_countries_have_no_holidays_of_china() -> None:
    assert announced_years(ZoneInfo("Europe/Berlin")) == []
