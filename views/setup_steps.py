"""How far the setting up has come: it follows from the records, and from what was said of a step."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from models import ChatGroup, Customer, DigestRecipient, Staff, current_actor, db
from models.base import Labelled
from models.centre import find_centre
from models.organisation import Role

CONFIRMED, SKIPPED = "confirmed", "skipped"


class Step(Labelled):
    """A step of setting up, in its order."""

    CENTRE = "centre", _("Name and time zone")
    DEPARTMENTS = "departments", _("Departments and their digest")
    STAFF = "staff", _("Staff")
    SUBJECTS = "subjects", _("Subjects and who is told")
    PARTS = "parts", _("Parts")
    CUSTOMERS = "customers", _("Import your customers")


def is_administrator() -> bool:
    """Tell whether who acts now sets the centre up."""
    actor = current_actor()
    return actor is not None and Role.ADMINISTRATOR.value in actor.roles


def step_states() -> dict[Step, str]:
    """Return of each step "confirmed", "skipped" or "open"."""
    centre = find_centre()
    return {step: _state(step, centre) for step in Step}


def _state(step: Step, centre: Any) -> str:
    if step.value in centre.steps:
        return str(centre.steps[step.value])
    return CONFIRMED if _has_records(step, centre) else "open"


def _has_records(step: Step, centre: Any) -> bool:
    """Tell whether somebody has done the step's work, here or on the ordinary screens."""
    if step is Step.CENTRE:
        return bool(centre.name)
    if step is Step.DEPARTMENTS:
        by_mail = select(DigestRecipient.id).where(DigestRecipient.is_active)
        return _exists(by_mail) or _exists(select(ChatGroup.id).where(ChatGroup.is_active))
    if step is Step.STAFF:
        # The administrator who sets up is one of them.
        return len(db.session.scalars(select(Staff.id).where(Staff.active).limit(2)).all()) > 1
    return step is Step.CUSTOMERS and _exists(select(Customer.id))


def _exists(statement: Any) -> bool:
    return db.session.scalars(statement.limit(1)).first() is not None


def is_untouched() -> bool:
    """Tell whether nobody has begun: the panel is empty but for who looks."""
    centre = find_centre()
    return not centre.steps and set(step_states().values()) == {"open"}


def settle(step: Step, state: str | None) -> None:
    """Note what was said of a step, None to let the records speak again; the caller commits."""
    centre = find_centre()
    others = {name: kept for name, kept in centre.steps.items() if name != step.value}
    centre.steps = others if state is None else others | {step.value: state}
