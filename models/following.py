"""What goes along when a complaint goes to another person or region: what is open of it there.

Its deadlines name the complaint alone, and so are the new person's at once. Steps taken, decided proposals
and notices whose answer was read stay as they were: they tell what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, event, inspect, select
from sqlalchemy.orm import Session

from models.base import Record
from models.complaint import Complaint
from models.department_task import DepartmentTask, TaskState
from models.notice import Notice, NoticeState
from models.proposal import OPEN_STATES, Proposal

# What a complaint and the open things that hang on it have in common.
FOLLOWED = ("responsible_id", "region_id")
_OPEN: tuple[tuple[type[Record], Any, ColumnElement[bool]], ...] = (
    (Proposal, Proposal.complaint_id, Proposal.state.in_(OPEN_STATES)),
    (DepartmentTask, DepartmentTask.complaint_id, DepartmentTask.state == TaskState.OPEN),
    (Notice, Notice.complaint_id, (Notice.state == NoticeState.OPEN) | Notice.has_new_answer),
)


@event.listens_for(Session, "before_flush")
def _take_along(session: Session, _flush_context: Any, _instances: Any) -> None:
    """Let what is open follow, where it lay with the same person or region; three queries for any number.

    Here, and not where a person is chosen: forms, cells, several records at once, imports and what is taken
    back all come by.
    """
    moved = {
        row.id: (row, before)
        for row in session.dirty
        if isinstance(row, Complaint) and (before := _before(row))
    }
    if not moved:
        return
    for model, complaint_id, is_open in _OPEN:
        found: list[Any] = list(session.scalars(select(model).where(complaint_id.in_(moved), is_open)))
        for row in found:
            complaint, before = moved[row.complaint_id]
            for name, old in before.items():
                # What was given to somebody else by hand stays there.
                if getattr(row, name) == old and not _is_set(row, name):
                    setattr(row, name, getattr(complaint, name))


def _before(complaint: Complaint) -> Mapping[str, int | None]:
    """Return what stood there of what others follow, by the names that change now."""
    histories = {name: inspect(complaint).attrs[name].history for name in FOLLOWED}
    return {
        name: next(iter(history.deleted), None)
        for name, history in histories.items()
        if history.has_changes()
    }


def _is_set(row: Record, name: str) -> bool:
    """Tell whether this very flush sets it anyway."""
    return bool(inspect(row).attrs[name].history.has_changes())


def _have_been_known(_complaint: Complaint, _new: Any, _old: Any, _initiator: Any) -> None:
    """Do nothing: that somebody listens makes the session know what stood there before it is set."""


for _name in FOLLOWED:
    event.listen(getattr(Complaint, _name), "set", _have_been_known, active_history=True)
