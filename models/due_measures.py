"""The corrective measures that are owed: carried out by who owns them, then verified by somebody else."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from models.due_source import Source, Window
from models.measure import Measure, MeasureState
from models.measure_effect import WEEKS_LEAST

_WAIT = timedelta(weeks=WEEKS_LEAST)


def measure(_window: Window, _zone: ZoneInfo) -> Source:
    """Return the measures that are decided and not reported done: by who owns them, or their department."""
    return Source(
        Measure,
        Measure.due_on,
        [Measure.state == MeasureState.DECIDED],
        {"responsible_id": Measure.responsible_id},
        [],
        None,
        who=Measure.owner_name,
        about=Measure.what,
        department_id=Measure.department_id,
    )


def measure_check(window: Window, _zone: ZoneInfo) -> Source:
    """Return what was reported done, once its figures can tell: open to all but who reported it."""
    return Source(
        Measure,
        Measure.done_on + _WAIT.days,
        [Measure.state == MeasureState.DONE, Measure.done_on <= window.until - _WAIT],
        {"responsible_id": None},
        [],
        None,
        who=Measure.owner_name,
        about=Measure.what,
        never_by=Measure.reported_by_id,
    )
