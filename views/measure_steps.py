"""The steps of a measure on its page: reported done, verified with what the figures say, dropped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext as _

from models import Measure, current_actor
from models.measure import MeasureState, Verdict
from models.measure_effect import Effect, effects_of
from models.measure_steps import BY_MOST, Judged, drop, report_done, verify
from models.organisation import Staff
from models.refused_step import RefusedStepError
from models.sql import labels_for
from views.clock import today
from views.fields import clean_text, member_of


@dataclass
class StepsPanel:
    """What can be done with a measure, and whether it helped as far as is known.

    `said` is what was typed and could not be taken, `problem` why.
    """

    state: MeasureState
    effect: Effect | None
    may_report: bool
    may_verify: bool
    is_own_report: bool
    said: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    template: str = "_measure.html"

    @property
    def verdicts(self) -> list[Verdict]:
        """Return the verdicts to choose from."""
        return list(Verdict)

    @property
    def suggested(self) -> str:
        """Return the verdict that is chosen at first: what was typed, else what the figures say."""
        return self.said.get("verdict") or (self.effect.verdict if self.effect else Verdict.TOO_EARLY).value


def panel_of(row: Measure, *, may_report: bool, may_verify: bool) -> StepsPanel:
    """Return what the page of a measure offers."""
    actor = current_actor()
    is_own = actor is not None and row.reported_by_id is not None and row.reported_by_id == actor.staff_id
    effect = effects_of([row], today()).get(row.id)
    return StepsPanel(row.state, effect, may_report, may_verify, is_own)


def take(row: Measure, step: str) -> str:
    """Take the step that a form asks for, flush, and return the sentence that says so.

    Raises:
        RefusedStepError: when it can't be taken.
    """
    actor = current_actor()
    assert actor is not None
    assert actor.staff_id is not None
    words = clean_text(request.form.get("words", ""))
    if step == "done":
        name = labels_for(Staff, [actor.staff_id])[actor.staff_id].text
        report_done(row.id, name[:BY_MOST], words, today(), actor.staff_id)
        return str(_("Noted as done. Somebody else verifies whether it helped."))
    if step == "drop":
        drop(row.id, words)
        return str(_("The measure is dropped."))
    verdict = member_of(Verdict, request.form.get("verdict", ""))
    if verdict is None:
        raise RefusedStepError(_("Choose what became of it."))
    because = clean_text(request.form.get("otherwise", ""))
    verify(row.id, Judged(verdict, words, because), today(), actor.staff_id)
    return str(_("Verified: the measure is closed."))


def said() -> dict[str, Any]:
    """Return what was typed into the form, to be shown again."""
    return {name: clean_text(request.form.get(name, ""))[:5000] for name in ("words", "verdict", "otherwise")}
