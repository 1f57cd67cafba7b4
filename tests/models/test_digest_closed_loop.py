"""What the digest says of measures that were carried out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from digest_weeks import CUT, WEEK, content
from flask import Flask
from flask_babel import force_locale

from factories import Factory
from jobs import digest_loop_wording as loop_words
from models import Department, db
from models.measure import MeasureState, Verdict


@pytest.fixture
def make(in_app: Flask) -> Factory:
    """Make rows in the session that reads them: two would get in each other's way on one connection."""
    return Factory(db.session)


@pytest.fixture
def department(make: Factory) -> Department:
    return make.department("quality-test")


def done(make: Factory, weeks: int, **attributes: Any) -> int:
    """Make a measure that was reported done so many weeks before the data cut."""
    measure = {"state": MeasureState.DONE, "done_on": CUT.date() - timedelta(weeks=weeks, days=1)}
    return int(make.measure(report="已换新批次", **(measure | attributes)).id)


def test_what_was_verified_in_the_week_comes_first_then_what_was_done_longest_ago(
    make: Factory, department: Department
) -> None:
    own = {"department_id": department.id}
    verified = {"state": MeasureState.VERIFIED, "verdict": Verdict.WORKED, "verification": "看过"}
    late, early = done(make, 9, **own), done(make, 3, **own)
    news = done(make, 12, verified_on=WEEK.sunday, **verified, **own)
    done(make, 12, verified_on=WEEK.monday - timedelta(days=1), **verified, **own)
    done(make, 40, **own)
    make.measure(**own)
    done(make, 9)
    loop = content(department)["closed_loop"]
    assert loop["total"] == 3
    assert [row["measure_id"] for row in loop["rows"]] == [news, late, early]
    assert [row["verdict"] for row in loop["rows"]] == ["worked", None, None]
    assert {row["department"] for row in loop["rows"]} == {None}
    assert not content(department)["is_calm"]


def test_the_effect_is_counted_up_to_the_data_cut(make: Factory, department: Department) -> None:
    part = make.part()
    done(make, 9, department_id=department.id, part_id=part.id)
    done_on = CUT.date() - timedelta(weeks=9, days=1)
    for n in range(12):
        make.parts_quality_record(part_id=part.id, found_on=done_on - timedelta(days=1 + n))
    for day in (done_on - timedelta(days=9), done_on + timedelta(days=9)):
        make.parts_shipment(part_id=part.id, shipped_on=day, quantity=500)
    (row,) = content(department)["closed_loop"]["rows"]
    assert (row["verdict"], row["is_due"], row["is_verified"]) == ("worked", True, False)
    effect = row["effect"]
    assert (effect["before"], effect["after"]) == (
        {"events": 12, "exposure": 500},
        {"events": 0, "exposure": 500},
    )
    assert (effect["weeks"], effect["exposed"]) == (9, "pieces")


def test_a_verdict_against_what_was_measured_says_so(make: Factory, department: Department) -> None:
    done(
        make,
        12,
        department_id=department.id,
        state=MeasureState.VERIFIED,
        verified_on=WEEK.sunday,
        verification="看过",
        verdict=Verdict.WORKED,
        measured=Verdict.DID_NOT,
        otherwise_because="旧批次",
    )
    (row,) = content(department)["closed_loop"]["rows"]
    with force_locale("en"):
        assert loop_words.verdict(row) == "Worked (measured: Did not work)"
    assert loop_words.tone(row) == "soft"
    # Digests of before do not tell.
    with force_locale("en"):
        assert loop_words.verdict({key: row[key] for key in row if key != "measured"}) == "Worked"


def test_who_gets_everything_is_told_of_every_department_s(make: Factory, department: Department) -> None:
    done(make, 9, department_id=department.id)
    management = make.department(gets_all_subjects=True)
    (row,) = content(management)["closed_loop"]["rows"]
    assert row["department"]["name"] == department.name
