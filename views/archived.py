"""Leaving the papers of a closed complaint as they are: what happens later is added, nothing is rewritten."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from models import Complaint, acting_as, db, system_actor
from models.complaint import Step
from views.constraint_refusals import Refusal
from views.forms import RecordForm

# Work is handed on also where its complaint is closed.
HANDLING = frozenset({"responsible_id", "department_id", "region_id"})


def is_any_closed(complaint_ids: Collection[int]) -> bool:
    """Tell whether one of these complaints is closed, also one that who asks does not see."""
    closed = select(Complaint.id).where(Complaint.id.in_(complaint_ids), Complaint.step == Step.CONFIRMED)
    with acting_as(system_actor("archive")):
        return bool(db.session.scalar(select(closed.exists())))


def archived(form: RecordForm, row: Any, later: Collection[str]) -> Refusal | None:
    """Refuse to rewrite a record of a closed complaint; `later` is what may still happen to it.

    A new one is refused nothing: the customer may call or write once more.
    """
    changed = {field.name for field in form.record_fields() if field.data != getattr(row, field.name)}
    if row.id is None or row.complaint_id is None or not changed - HANDLING - set(later):
        return None
    if not is_any_closed([row.complaint_id]):
        return None
    return Refusal(
        None,
        _(
            "Its complaint is closed and archived: this stays as it is. Enter what is new as a record of"
            " its own."
        ),
    )
