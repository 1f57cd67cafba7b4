"""The steps of a corrective measure: reported done, verified by somebody else, dropped.

Each locks its row, so that of two steps at the same moment the second finds what the first made of it; they
flush and never commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from models.base import db
from models.measure import Measure, MeasureState, Verdict
from models.measure_effect import effects_of
from models.refused_step import RefusedStepError

BY_MOST = 80


def report_done(measure_id: int, by: str, report: str, on: date, staff_id: int | None) -> Measure:
    """Note that a measure was carried out; `staff_id` is who on staff says so, None for somebody outside.

    Raises:
        RefusedStepError: when it is not open any more, or nothing is said of what was done.
    """
    measure = _held(measure_id)
    if measure.state is not MeasureState.DECIDED:
        raise RefusedStepError(_("This measure is not open any more."))
    if not report.strip():
        raise RefusedStepError(_("Say what was done."), "report")
    measure.state, measure.done_on, measure.report = MeasureState.DONE, on, report.strip()
    measure.done_by, measure.reported_by_id = by[:BY_MOST], staff_id
    db.session.flush()
    return measure


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a measure, what was looked at, and why it is judged otherwise than measured."""

    verdict: Verdict
    words: str
    otherwise_because: str = ""


def verify(measure_id: int, judged: Judged, on: date, staff_id: int) -> Measure:
    """Close a measure with what became of it, beside what is measured now.

    Raises:
        RefusedStepError: when it is not done, who verifies reported it done, or no reason stands against what
            is measured.
    """
    measure = _held(measure_id)
    if measure.state is not MeasureState.DONE:
        raise RefusedStepError(_("Only what was reported done can be verified."))
    if measure.reported_by_id == staff_id:
        raise RefusedStepError(_("Nobody verifies what he or she reported done."), "verified_by_id")
    if not judged.words.strip():
        raise RefusedStepError(_("Say what you looked at."), "verification")
    effect = effects_of([measure], on).get(measure.id)
    measured, because = effect.verdict if effect else None, judged.otherwise_because.strip()
    if measured in (None, judged.verdict):
        because = ""
    elif not because:
        raise RefusedStepError(
            _("The figures say “%(measured)s”. Say why you judge otherwise.", measured=measured.label),
            "otherwise_because",
        )
    measure.state, measure.verdict, measure.measured = MeasureState.VERIFIED, judged.verdict, measured
    measure.verified_on, measure.verified_by_id = on, staff_id
    measure.verification = judged.words.strip()
    measure.otherwise_because = because or None
    db.session.flush()
    return measure


def drop(measure_id: int, because: str) -> Measure:
    """Give a measure up, with the reason.

    Raises:
        RefusedStepError: when it has ended already, or no reason is given.
    """
    measure = _held(measure_id)
    if measure.state is not MeasureState.DECIDED:
        raise RefusedStepError(_("This measure is not open any more."))
    if not because.strip():
        raise RefusedStepError(_("Say why it is dropped."), "dropped_because")
    measure.state, measure.dropped_because = MeasureState.DROPPED, because.strip()
    db.session.flush()
    return measure


def _held(measure_id: int) -> Measure:
    locked = select(Measure).where(Measure.id == measure_id).with_for_update()
    measure = db.session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    if measure is None:
        raise RefusedStepError(_("This measure is not open any more."))
    return measure
