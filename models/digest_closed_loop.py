"""What the digest says of measures that were carried out: whether they helped, as far as can be told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from models.base import db
from models.digest_counts import Frame
from models.digest_needs import names_of, shortened
from models.masking import mask
from models.measure import Measure, MeasureState
from models.measure_effect import WEEKS_LEAST, WEEKS_MOST, Effect, effects_of
from models.organisation import Department

MOST_MEASURES = 5


def closed_loop_payload(department: Department, frame: Frame, cut_on: date) -> dict[str, Any]:
    """Return the measures that were verified in the week, and those done that wait to be verified.

    Of the department's own; of every department's for one that gets all subjects. What was done longer ago
    than its effect is counted for stands in the panel alone.
    """
    measure = Measure
    is_verified = (measure.state == MeasureState.VERIFIED) & measure.verified_on.between(
        frame.week.monday, frame.week.sunday
    )
    is_watched = (measure.state == MeasureState.DONE) & (
        measure.done_on >= frame.week.monday - timedelta(weeks=WEEKS_MOST)
    )
    told = [or_(is_verified, is_watched), measure.done_on <= cut_on]
    if not department.gets_all_subjects:
        told.append(measure.department_id == department.id)
    total = db.session.scalar(select(func.count(measure.id)).where(*told)) or 0
    if not total:
        return {"total": 0, "rows": []}
    rows = db.session.scalars(
        select(measure)
        .where(*told)
        # What was verified this week is the news; then what can be told of longest.
        .order_by(measure.verified_on.desc().nulls_last(), measure.done_on, measure.id)
        .limit(MOST_MEASURES)
    ).all()
    effects = effects_of(rows, cut_on)
    others = {each.department_id for each in rows} - {department.id}
    named = {
        each.id: names_of(each)
        for each in db.session.scalars(select(Department).where(Department.id.in_(others)))
    }
    return {
        "total": total,
        "rows": [
            _row(each, effects.get(each.id)) | {"department": named.get(each.department_id or 0)}
            for each in rows
        ],
    }


def _row(measure: Measure, effect: Effect | None) -> dict[str, Any]:
    assert measure.done_on is not None
    found = effect.verdict if effect else None
    said = measure.verdict or found
    is_verified = measure.state is MeasureState.VERIFIED
    return {
        "measure_id": measure.id,
        "number": measure.number,
        "text": shortened(mask(measure.what)),
        "owner": measure.owner_name,
        "done_on": measure.done_on.isoformat(),
        "is_verified": is_verified,
        # Nobody has to look before that much has passed.
        "is_due": not is_verified and (effect is None or effect.weeks >= WEEKS_LEAST),
        "verdict": said.value if said else None,
        "measured": measure.measured.value if measure.measured else None,
        "effect": _effect(effect) if effect else None,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    ratio = effect.ratio
    return {
        "before": {"events": effect.before.events, "exposure": effect.before.exposure},
        "after": {"events": effect.after.events, "exposure": effect.after.exposure},
        "exposed": effect.exposed.value,
        "weeks": effect.weeks,
        "ratio": ratio.value,
        "interval": ratio.interval,
    }
