"""The question of an import whether its complaints are history, of which nothing becomes due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import request
from flask_babel import lazy_gettext as _

from jobs.import_history import OLD_AFTER, OpenComplaints
from models import ImportRun
from models.importing import ImportState
from views.clock import today
from views.days import parse_day


@dataclass(slots=True)
class HistoryChoice:
    """What the page shows of the question: what the file holds, what is chosen, and what is wrong with it."""

    opened: OpenComplaints
    is_history: bool
    until: str
    error: str | None = None
    old_days: int = OLD_AFTER.days


def offer_history(run: ImportRun) -> HistoryChoice | None:
    """Return the question with what its dates suggest; None where the file has no new open complaint."""
    kept = (run.preview or {}).get("opened")
    if not kept or run.state is not ImportState.CHECKED:
        return None
    opened = OpenComplaints.of_json(kept)
    return HistoryChoice(opened, opened.is_all_old, opened.proposed_until.isoformat())


def read_history(choice: HistoryChoice | None) -> date | None:
    """Put into `choice` what was sent, and return the last day that is history.

    None where nothing is, and where `choice` says what is wrong.
    """
    if choice is None:
        return None
    choice.is_history = request.form.get("is_history") == "1"
    choice.until = request.form.get("history_until", "")[:60]
    if not choice.is_history:
        return None
    until, problem = None, None
    try:
        until = parse_day(choice.until)
        problem = _("Say up to which day.") if until is None else None
    except ValueError as reason:
        problem = str(reason)
    if until is not None and until > today():
        problem = _("The day lies in the future.")
    choice.error = problem and str(problem)
    return None if problem else until
