"""Whether a measure helped: failures per exposure before it was done, and at least eight weeks after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Integer, ScalarSelect, cast, exists, func, literal, select, union_all

from models.actor import acting_as, system_actor
from models.base import Labelled, db
from models.centre import site_zone
from models.complaint import Complaint, Subject
from models.digest_counts import subject_tree
from models.due_source import start_of_day
from models.measure import Measure, Verdict
from models.part import PartsQualityRecord
from models.rate import Rate
from models.rate_ratio import RateRatio
from models.shipment import PartsShipment
from models.vehicle import Vehicle

# Weeks after the measure before which nothing is said, and after which nothing more is counted.
WEEKS_LEAST, WEEKS_MOST = 8, 26
# What still leaves half of the failures open to chance has not been shown to help little.
HALVED = 0.5
# So many failures, counted to the end without a clear answer, are an answer.
FEWEST = 20


class Exposed(Labelled):
    """Over what failures are counted."""

    PIECES = "pieces", _("pieces shipped")
    VEHICLES = "vehicles", _("vehicles sold")
    WEEKS = "weeks", _("weeks")


@dataclass(frozen=True, slots=True)
class Effect:
    """Failures before and after a measure; `weeks` have passed since it was done, up to WEEKS_MOST."""

    before: Rate
    after: Rate
    exposed: Exposed
    weeks: int

    @property
    def ratio(self) -> RateRatio:
        """Return the rate afterwards over that before."""
        return RateRatio(self.before, self.after)

    @property
    def verdict(self) -> Verdict:
        """Say whether it helped: only where the whole interval lies below 1 it did.

        It did not where the interval rules out that half of the failures are gone, or where it still holds 1
        once all weeks are counted.
        """
        interval = self.ratio.interval
        if self.weeks < WEEKS_LEAST or interval is None:
            return Verdict.TOO_EARLY
        low, high = interval
        if high is not None and high < 1:
            return Verdict.WORKED
        is_ended = self.weeks >= WEEKS_MOST and self.before.events + self.after.events >= FEWEST
        return Verdict.DID_NOT if low > HALVED or is_ended else Verdict.TOO_EARLY


@dataclass(frozen=True, slots=True)
class _Span:
    first: date
    last: date

    @property
    def weeks(self) -> int:
        return max((self.last - self.first).days + 1, 0) // 7


def effects_of(measures: Iterable[Measure], today: date) -> dict[int, Effect]:
    """Return what became of the measures that are done and concern a subject, part or supplier; two queries.

    The whole centre is counted, whoever reads: nothing but the counts leaves this function.
    """
    found = {
        each.id: each
        for each in measures
        if each.done_on is not None and (each.subject_id or each.part_id or each.supplier_id)
    }
    if not found:
        return {}
    with acting_as(system_actor("measure")):
        tree = subject_tree()
        rows = db.session.execute(
            union_all(
                *(
                    select(*_counts(each, span, tree))
                    for each in found.values()
                    for span in _spans(each, today)
                )
            )
        ).all()
    by_measure: dict[int, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row.first):
        by_measure.setdefault(row.id, []).append(row)
    return {key: _effect(found[key], rows, today) for key, rows in by_measure.items()}


def _spans(measure: Measure, today: date) -> tuple[_Span, _Span]:
    done_on = measure.done_on
    assert done_on is not None
    weeks = _weeks_since(done_on, today)
    day = timedelta(days=1)
    before = _Span(done_on - timedelta(weeks=max(weeks, WEEKS_LEAST)), done_on - day)
    return before, _Span(done_on + day, done_on + timedelta(weeks=weeks))


def _weeks_since(done_on: date, today: date) -> int:
    # The day itself counts neither here nor there, and today has not ended.
    return min(max((today - done_on).days - 1, 0) // 7, WEEKS_MOST)


def _effect(measure: Measure, rows: Sequence[Any], today: date) -> Effect:
    before, after = rows
    spans = _spans(measure, today)
    exposed = Exposed.PIECES if measure.part_id or measure.supplier_id else Exposed.VEHICLES
    exposures = (before.exposure, after.exposure)
    if not all(exposures):
        exposed, exposures = Exposed.WEEKS, (spans[0].weeks, spans[1].weeks)
    assert measure.done_on is not None
    return Effect(
        Rate(before.events, exposures[0]),
        Rate(after.events, exposures[1]),
        exposed,
        _weeks_since(measure.done_on, today),
    )


def _counts(measure: Measure, span: _Span, tree: Mapping[int, Subject]) -> list[Any]:
    """Return the columns that count one measure in one span."""
    if measure.part_id or measure.supplier_id:
        events = _records(measure, span) + _complaints_of_part(measure, span)
        exposure = _pieces(measure, span)
    else:
        events, exposure = _complaints_of_subject(measure, span, tree), _vehicles(span)
    return [
        literal(measure.id).label("id"),
        literal(span.first).label("first"),
        cast(events, Integer).label("events"),
        cast(exposure, Integer).label("exposure"),
    ]


def _of_batch(model: Any, measure: Measure) -> list[ColumnElement[bool]]:
    """Return the conditions of rows of the measure's part, supplier and batch, as far as it names them."""
    return [
        getattr(model, name) == wanted
        for name in ("part_id", "supplier_id", "production_batch")
        if (wanted := getattr(measure, name)) is not None
    ]


def _records(measure: Measure, span: _Span) -> Any:
    record = PartsQualityRecord
    # The pieces of one record were found together: it is one event.
    return (
        select(func.count(record.id))
        .where(record.found_on.between(span.first, span.last), *_of_batch(record, measure))
        .scalar_subquery()
    )


def _complaints_of_part(measure: Measure, span: _Span) -> Any:
    """Count complaints of the part for which no parts quality record stands; none where a supplier is named.

    A complaint does not tell who supplied the part.
    """
    if measure.part_id is None or measure.supplier_id is not None:
        return literal(0)
    has_record = exists().where(
        PartsQualityRecord.complaint_id == Complaint.id, PartsQualityRecord.deleted_at.is_(None)
    )
    of_batch = (
        [] if measure.production_batch is None else [Complaint.production_batch == measure.production_batch]
    )
    return _complaints(span, Complaint.part_id == measure.part_id, ~has_record, *of_batch)


def _complaints_of_subject(measure: Measure, span: _Span, tree: Mapping[int, Subject]) -> Any:
    below, fresh = set[int](), {measure.subject_id or 0}
    while fresh:
        below |= fresh
        fresh = {key for key, subject in tree.items() if subject.parent_id in fresh} - below
    return _complaints(span, Complaint.subject_id.in_(sorted(below)))


def _complaints(span: _Span, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    zone = site_zone()
    return (
        select(func.count(Complaint.id))
        .where(
            Complaint.registered_at >= start_of_day(span.first, zone),
            Complaint.registered_at < start_of_day(span.last + timedelta(days=1), zone),
            *conditions,
        )
        .scalar_subquery()
    )


def _pieces(measure: Measure, span: _Span) -> Any:
    shipped = PartsShipment.shipped_on.between(span.first, span.last)
    pieces = func.coalesce(func.sum(PartsShipment.quantity), 0)
    return select(pieces).where(shipped, *_of_batch(PartsShipment, measure)).scalar_subquery()


def _vehicles(span: _Span) -> Any:
    sold = Vehicle.sold_on.between(span.first, span.last)
    return select(func.count(Vehicle.id)).where(sold).scalar_subquery()
