"""What is counted before and after a measure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask import Flask

from factories import Factory
from models import acting_as, system_actor
from models.measure import MeasureState, Verdict
from models.measure_effect import Exposed, effects_of
from models.rate import Rate

DONE = date(2024, 3, 1)
TODAY = DONE + timedelta(weeks=10, days=1)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def test_failures_are_counted_over_what_was_shipped_or_by_week(app: Flask, make: Factory) -> None:
    part, subject = make.part(), make.subject()
    below = make.subject(parent_id=subject.id)
    for n in range(8):
        make.parts_quality_record(part_id=part.id, found_on=DONE - timedelta(days=1 + n))
        make.complaint(subject_id=below.id, registered_at=noon(DONE - timedelta(days=1 + n)))
    # On the day itself, and before the time that is compared: not counted.
    make.parts_quality_record(part_id=part.id, found_on=DONE)
    make.parts_quality_record(part_id=part.id, found_on=DONE - timedelta(weeks=10, days=1))
    known = make.complaint(part_id=part.id, registered_at=noon(DONE + timedelta(days=3)))
    make.parts_quality_record(part_id=part.id, found_on=DONE + timedelta(days=3), complaint_id=known.id)
    for day, quantity in ((DONE - timedelta(days=9), 300), (DONE + timedelta(days=9), 600)):
        make.parts_shipment(part_id=part.id, shipped_on=day, quantity=quantity)
    done = {"state": MeasureState.DONE, "done_on": DONE, "report": "x"}
    of_part = make.measure(part_id=part.id, **done)
    of_subject = make.measure(subject_id=subject.id, **done)
    of_nothing = make.measure(**done)
    with app.app_context(), acting_as(system_actor("test")):
        effects = effects_of([of_part, of_subject, of_nothing], TODAY)
    assert set(effects) == {of_part.id, of_subject.id}
    effect = effects[of_part.id]
    assert (effect.before, effect.after) == (Rate(8, 300), Rate(1, 600))
    assert (effect.exposed, effect.weeks, effect.verdict) == (Exposed.PIECES, 10, Verdict.WORKED)
    effect = effects[of_subject.id]
    assert (effect.before, effect.after, effect.exposed) == (Rate(8, 10), Rate(0, 10), Exposed.WEEKS)
