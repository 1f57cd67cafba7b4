"""The figures of a digest, against rows whose counts are known by heart."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from digest_weeks import CUT, ENDS, SHANGHAI, STARTS, WEEK, complaints, content
from flask import Flask

from conftest import count_queries
from factories import Factory
from models import Department, Subject, db
from models.complaint import Severity


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them: two would get in each other's way on one connection."""
    return Factory(db.session)


@pytest.fixture
def department(in_app: Flask, make: Factory) -> Department:
    return make.department("quality-test")


@pytest.fixture
def subject(make: Factory, department: Department) -> Subject:
    return make.subject(name="电机", name_en="Motor", departments=[department])


def test_counts_of_a_subject_stand_beside_last_week_and_the_median(
    make: Factory, department: Department, subject: Subject
) -> None:
    for weeks_back, number in enumerate((7, 5, 2, 4, 9, 1, 3, 6, 8)):
        complaints(make, subject, number, weeks_back)
    complaints(make, subject, 1, 20)
    payload = content(department)
    expected = {"this_week": 7, "last_week": 5, "median": 4.5, "percent": 40, "direction": None}
    assert payload["new"] == {**expected, "severe": 0, "safety": 0, "grave": 0}
    (row,) = payload["subjects"]["top"]
    assert {key: row[key] for key in expected} == expected
    assert (row["name"], row["name_en"]) == ("电机", "Motor")
    assert payload["history_weeks"] == 8
    assert (payload["week"], payload["starts_on"], payload["ends_on"]) == (
        "2024-W10",
        "2024-03-04",
        "2024-03-10",
    )
    assert payload["cut_at"] == CUT.isoformat()


def test_no_percentage_where_either_week_counts_fewer_than_five(
    make: Factory, department: Department, subject: Subject
) -> None:
    complaints(make, subject, 1, 20)
    complaints(make, subject, 9)
    complaints(make, subject, 4, 1)
    assert content(department)["new"]["percent"] is None
    complaints(make, subject, 1, 1)
    assert content(department)["new"]["percent"] == 80


def test_weeks_before_the_first_complaint_are_no_history(
    make: Factory, department: Department, subject: Subject
) -> None:
    complaints(make, subject, 6)
    complaints(make, subject, 2, 1, registered_at=WEEK.previous.bounds(SHANGHAI)[0])
    payload = content(department)
    assert payload["history_weeks"] == 1
    assert payload["new"]["last_week"] == 2
    assert payload["new"]["median"] is None
    assert payload["new"]["direction"] is None


def test_weeks_of_which_no_file_came_are_no_history(
    make: Factory, department: Department, subject: Subject
) -> None:
    complaints(make, subject, 1, 60)
    for weeks_back in range(5):
        complaints(make, subject, 12, weeks_back)
    payload = content(department)
    assert payload["history_weeks"] == 4
    assert payload["new"]["median"] == 12
    assert payload["new"]["direction"] is None


def test_a_calm_week_of_a_small_centre_is_history(
    make: Factory, department: Department, subject: Subject
) -> None:
    complaints(make, subject, 1, 60)
    for weeks_back in (0, 1, 3):
        complaints(make, subject, 4, weeks_back)
    payload = content(department)
    assert payload["history_weeks"] == 8
    assert payload["new"]["median"] == 0


def test_what_chance_hardly_does_is_called_out_of_the_usual(
    make: Factory, department: Department, subject: Subject
) -> None:
    other = make.subject(departments=[department])
    for weeks_back in range(1, 9):
        complaints(make, subject, 2, weeks_back)
        complaints(make, other, 3, weeks_back)
    complaints(make, subject, 10)
    complaints(make, other, 4)
    found = {row["id"]: row["direction"] for row in content(department)["subjects"]["top"]}
    assert found == {subject.id: "up", other.id: None}


def test_only_five_subjects_are_listed_and_the_others_summed(make: Factory, department: Department) -> None:
    subjects = [make.subject(departments=[department]) for _ in range(8)]
    for number, subject in enumerate(subjects, start=1):
        complaints(make, subject, number)
    payload = content(department)["subjects"]
    assert [row["this_week"] for row in payload["top"]] == [8, 7, 6, 5, 4]
    assert payload["total"] == 8
    assert payload["others"] == {"subjects": 3, "count": 6}


def test_a_week_begins_and_ends_at_midnight_of_the_site(
    make: Factory, department: Department, subject: Subject
) -> None:
    complaints(make, subject, 1, 20)
    for at in (STARTS, ENDS - timedelta(microseconds=1)):
        make.complaint(subject_id=subject.id, registered_at=at)
    for at in (STARTS - timedelta(microseconds=1), ENDS):
        make.complaint(subject_id=subject.id, registered_at=at)
    new = content(department)["new"]
    assert (new["this_week"], new["last_week"]) == (2, 1)
    # The same instants in Berlin: eight hours later, so another complaint is this week's.
    assert content(department, zone=ZoneInfo("Europe/Berlin"))["new"]["this_week"] == 2


def test_a_subject_without_departments_goes_to_those_of_the_next_above(
    make: Factory, department: Department, subject: Subject
) -> None:
    elsewhere = make.department()
    child = make.subject(parent_id=subject.id)
    grandchild = make.subject(parent_id=child.id)
    own = make.subject(parent_id=child.id, departments=[elsewhere])
    unrelated = make.subject()
    for each in (subject, child, grandchild, own, unrelated):
        complaints(make, each, 1)
    assert content(department)["new"]["this_week"] == 3
    assert content(elsewhere)["new"]["this_week"] == 1
    everything = make.department(gets_all_subjects=True)
    assert content(everything)["new"]["this_week"] == 5
    assert content(make.department())["is_calm"]


def test_parts_are_listed_by_part_and_supplier_with_their_batches(in_app: Flask, make: Factory) -> None:
    department = make.department(gets_parts_quality=True)
    motor, axle = make.part(name="电机", is_key_part=True), make.part(name="后桥")
    good, bad = make.supplier(name="甲"), make.supplier(name="乙")

    def found(part: Any, supplier: Any, quantity: int, batch: str | None = None, weeks_back: int = 0) -> None:
        make.parts_quality_record(
            part_id=part.id, supplier_id=supplier.id if supplier else None, quantity=quantity,
            production_batch=batch, found_on=WEEK.sunday - timedelta(weeks=weeks_back),
        )  # fmt: skip

    found(motor, bad, 4, "B1")
    found(motor, bad, 2, "B2")
    found(motor, bad, 1)
    found(motor, good, 1, "B1")
    found(axle, None, 3)
    found(axle, good, 9, weeks_back=1)
    for weeks_back in range(1, 9):
        found(motor, bad, 2, "B0", weeks_back)
    parts = content(department)["parts"]
    assert [(row["part"]["name"], row["supplier"], row["this_week"]) for row in parts["rows"]] == [
        ("电机", "乙", 7),
        ("后桥", None, 3),
        ("电机", "甲", 1),
    ]
    first = parts["rows"][0]
    assert (first["last_week"], first["median"], first["is_key_part"]) == (2, 2.0, True)
    assert first["batches"] == [{"batch": "B1", "quantity": 4}, {"batch": "B2", "quantity": 2}]
    assert parts["total"]["this_week"] == 11
    assert parts["total"]["last_week"] == 11


def test_pieces_of_one_record_are_not_taken_for_a_rise(in_app: Flask, make: Factory) -> None:
    department, part = make.department(gets_parts_quality=True), make.part()
    for weeks_back in range(9):
        make.parts_quality_record(
            part_id=part.id,
            quantity=1 if weeks_back else 50,
            found_on=WEEK.monday - timedelta(weeks=weeks_back),
        )
    (row,) = content(department)["parts"]["rows"]
    assert (row["this_week"], row["direction"]) == (50, None)


def test_a_department_sees_the_faults_that_it_answers_for(in_app: Flask, make: Factory) -> None:
    guilty, innocent = make.department(), make.department()
    make.parts_quality_record(found_on=date(2024, 3, 5), department_id=guilty.id)
    parts = content(guilty)["parts"]
    assert parts["total"]["this_week"] == 1
    assert content(innocent)["parts"] is None


def test_a_calm_week_is_told_as_calm(make: Factory, department: Department, subject: Subject) -> None:
    payload = content(department)
    assert payload["is_calm"]
    assert payload["subjects"]["top"] == []
    assert (payload["needs_you"]["total"], payload["needs_you"]["items"]) == (0, [])
    assert payload["figures"][0]["interval"] is None
    complaints(make, subject, 1, weeks_back=40)
    assert not content(department)["is_calm"]


def test_coverage_says_who_was_heard_and_what_is_lacking(
    make: Factory, department: Department, subject: Subject
) -> None:
    heard, silent = make.dealer(vehicles_per_year=90), make.dealer(vehicles_per_year=80)
    before = content(department)["coverage"]["dealers"]
    complaints(make, subject, 2, dealer_id=heard.id)
    complaints(make, subject, 1, description=None)
    assert content(department)["coverage"] == {
        "dealers": before,
        "dealers_heard": 1,
        "silent": [silent.name],
        "complaints_without_dealer": 1,
        "complaints_without_text": 1,
    }


def test_deleted_complaints_do_not_count_but_those_of_a_deleted_subject_do(
    make: Factory, department: Department, subject: Subject
) -> None:
    complaints(make, subject, 2)
    complaints(make, subject, 1, deleted_at=CUT)
    subject.deleted_at = CUT
    make.session.commit()
    payload = content(department)
    assert payload["new"]["this_week"] == 2
    assert payload["subjects"]["top"][0]["name"] == "电机"


def test_the_number_of_queries_does_not_grow(in_app: Flask, make: Factory) -> None:
    department = make.department(gets_parts_quality=True)

    def add(number: int) -> None:
        for _ in range(number):
            subject = make.subject(departments=[department])
            complaints(make, subject, 2, dealer_id=make.dealer().id, responsible_id=make.staff().id)
            complaints(make, subject, 1, severity=Severity.SEVERE)
            make.parts_quality_record(
                found_on=WEEK.monday, supplier_id=make.supplier().id, production_batch="B"
            )

    add(2)
    key = department.id
    with count_queries(in_app) as few:
        content(reload(key))
    add(20)
    with count_queries(in_app) as many:
        content(reload(key))
    assert len(few) == len(many)
    assert len(many) <= 27


def reload(key: int) -> Department:
    db.session.expire_all()
    found = db.session.get(Department, key)
    assert found is not None
    return found
