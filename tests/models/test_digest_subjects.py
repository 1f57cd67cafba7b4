"""Which departments are told of a subject, and how counts are compared."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from factories import Factory
from models import Department, Subject, db
from models.base import now
from models.digest_counts import (
    Frame,
    known_weeks,
    subject_tree,
    subjects_of,
    sum_by_week,
    trend,
)
from models.iso_week import IsoWeek

WEEK = IsoWeek(2024, 10)
FRAME = Frame(WEEK, ZoneInfo("Asia/Shanghai"), None)


@pytest.fixture
def make(in_app: Flask) -> Factory:
    return Factory(db.session)


@pytest.fixture
def department(make: Factory) -> Department:
    return make.department()


@pytest.fixture
def other(make: Factory) -> Department:
    return make.department()


def told(department: Department) -> set[int] | None:
    found = subjects_of(department, subject_tree())
    return None if found is None else set(found)


def below(make: Factory, parent: Subject, *departments: Department) -> Subject:
    return make.subject(parent_id=parent.id, departments=list(departments))


def test_a_subject_goes_to_each_department_that_it_names(
    make: Factory, department: Department, other: Department
) -> None:
    both, one = make.subject(departments=[department, other]), make.subject(departments=[other])
    assert told(department) == {both.id}
    assert told(other) == {both.id, one.id}


def test_a_subject_that_names_its_own_takes_none_from_above(
    make: Factory, department: Department, other: Department
) -> None:
    top = make.subject(departments=[department])
    own = below(make, top, other)
    below_own = below(make, own)
    assert told(department) == {top.id}
    assert told(other) == {own.id, below_own.id}


def test_a_subject_takes_those_of_the_nearest_above_however_far(
    make: Factory, department: Department
) -> None:
    chain = [make.subject(departments=[department])]
    for _ in range(6):
        chain.append(below(make, chain[-1]))
    assert told(department) == {subject.id for subject in chain}


def test_a_subject_that_nobody_is_named_for_goes_to_nobody(make: Factory, department: Department) -> None:
    below(make, make.subject())
    assert told(department) == set()


def test_who_gets_all_subjects_gets_those_that_nobody_is_named_for(make: Factory) -> None:
    make.subject()
    assert told(make.department(gets_all_subjects=True)) is None


def test_subjects_in_a_circle_end_the_search(make: Factory, department: Department) -> None:
    first = make.subject()
    second = below(make, first)
    first.parent_id = second.id
    db.session.commit()
    assert told(department) == set()
    second.departments = [department]
    db.session.commit()
    assert told(department) == {first.id, second.id}


def test_a_deleted_subject_still_passes_its_departments_on(make: Factory, department: Department) -> None:
    top = make.subject(departments=[department])
    middle = below(make, top)
    bottom = below(make, middle)
    for subject in (top, middle):
        subject.deleted_at = now()
    db.session.commit()
    assert told(department) == {top.id, middle.id, bottom.id}


def history(*counts: int) -> tuple[dict[IsoWeek, int], list[IsoWeek]]:
    """Return counts by week, the latest first, and the weeks."""
    weeks = [WEEK.shifted(-back) for back in range(len(counts))]
    return dict(zip(weeks, counts, strict=True)), weeks


@pytest.mark.parametrize(
    ("counts", "median"),
    [
        ((5,), None),
        ((5, 3), None),
        ((5, 3, 3), None),
        ((5, 1, 2, 9), 2.0),
        ((5, 1, 2, 4, 9), 3.0),
        ((0, 0, 0, 0), 0.0),
    ],
)
def test_what_is_usual_is_said_from_three_weeks_before_on(
    counts: tuple[int, ...], median: float | None
) -> None:
    assert trend(*history(*counts)).median == median


@pytest.mark.parametrize(
    ("counts", "percent"),
    [
        ((10, 5), 100),
        ((5, 10), -50),
        ((7, 7), 0),
        ((5, 15), -67),
        ((4, 5), None),
        ((5, 4), None),
        ((100, 0), None),
        ((5,), None),
    ],
)
def test_a_change_in_percent_needs_five_on_both_sides(counts: tuple[int, ...], percent: int | None) -> None:
    assert trend(*history(*counts)).payload()["percent"] == percent


@pytest.mark.parametrize(
    ("counts", "direction"),
    [
        ((20, 5, 5, 5, 5), "up"),
        ((1, 12, 12, 12, 12), "down"),
        ((6, 5, 5, 5, 5), None),
        ((5, 5, 5, 5, 5), None),
        # Far from the usual, but too few to tell, or too short a past.
        ((4, 0, 0, 0), None),
        ((5, 0, 0, 0), "up"),
        ((50, 1, 1), None),
        ((0, 0, 0, 0), None),
    ],
)
def test_only_what_chance_hardly_does_has_a_direction(counts: tuple[int, ...], direction: str | None) -> None:
    assert trend(*history(*counts)).direction == direction


def test_a_week_without_count_is_a_zero() -> None:
    found = trend({WEEK: 3}, [WEEK, WEEK.previous])
    assert (found.this_week, found.last_week) == (3, 0)
    assert trend({}, [WEEK]).last_week is None


def test_counts_of_several_subjects_add_up_by_week() -> None:
    before = WEEK.previous
    assert sum_by_week([{WEEK: 2}, {WEEK: 3, before: 1}, {}]) == {WEEK: 5, before: 1}


@pytest.mark.parametrize(
    ("first", "number"),
    [
        (None, 1),
        (date(2024, 3, 6), 1),
        # A week that began before the first entry is not known whole.
        (date(2024, 2, 26), 2),
        (date(2024, 2, 27), 1),
        (date(2024, 1, 8), 9),
        (date(2020, 1, 1), 9),
    ],
)
def test_weeks_count_as_history_from_the_first_whole_one(first: date | None, number: int) -> None:
    weeks = known_weeks(FRAME, first)
    assert weeks == [WEEK.shifted(-back) for back in range(number)]


def test_a_digest_compares_with_eight_weeks_across_the_end_of_a_year() -> None:
    weeks = Frame(IsoWeek(2021, 1), ZoneInfo("Asia/Shanghai"), None).weeks
    assert [str(week) for week in weeks[:3]] == ["2021-W01", "2020-W53", "2020-W52"]
    assert len(weeks) == 9
