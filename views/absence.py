"""The screen of absences: who is away, and who does the work meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from models import Absence, Staff, current_actor, db
from models.absence import absences_stood_in_for
from models.sql import labels_for
from views.base import RecordView
from views.constraint_refusals import Refusal
from views.forms import RecordForm, Section, per_field
from views.menu import Area


class AbsenceView(RecordView):
    """Keep absences, each with a substitute."""

    singular, plural, new_label = _("Absence"), _("Absences"), _("New absence")
    area, icon = Area.ORGANISATION, "absence"
    what_for = _(
        "Who is away, and who does the work meanwhile. On these days the substitute sees what the absent"
        " person has to do, and the history says for whom it was done."
    )
    column_list = ("staff_id", "starts_on", "ends_on", "substitute_id", "reason", "updated_at")
    brief_columns = ("starts_on", "ends_on", "substitute_id", "reason")
    column_filters = ("staff_id", "substitute_id", "starts_on", "ends_on", "reason")
    default_sort = ("starts_on", True)
    column_descriptions = per_field(
        starts_on=_("The substitute begins on this day."),
        ends_on=_("The substitute's last day; it can be changed while the absence lasts."),
        substitute_id=_("Somebody of the same department, who is not away on these days."),
    )
    form_sections = (
        Section(_("Absence"), ("staff_id", "starts_on", "ends_on", "reason")),
        Section(
            _("Substitute"),
            ("substitute_id",),
            _("The substitute keeps the own rights, and sees the records of the absent person as well."),
        ),
    )

    def check(self, form: RecordForm, row: Any) -> Refusal | None:  # noqa: ARG002 - a hook
        """Refuse a substitute of another department, without a login, or who is away as well."""
        staff_id, substitute_id = form["staff_id"].data, form["substitute_id"].data
        if staff_id == substitute_id:
            return Refusal("substitute_id", gettext("Nobody stands in for himself or herself."))
        found = select(Staff.id, Staff.department_id, Staff.active).where(
            Staff.id.in_((staff_id, substitute_id))
        )
        people = {key: (department, active) for key, department, active in db.session.execute(found)}
        if staff_id not in people or substitute_id not in people:
            return None
        if people[staff_id][0] is None:
            return Refusal("staff_id", gettext("This person has no department yet, so nobody can stand in."))
        if people[substitute_id][0] != people[staff_id][0]:
            return Refusal("substitute_id", gettext("Choose somebody of the same department."))
        if not people[substitute_id][1]:
            return Refusal("substitute_id", gettext("This person may not log in."))
        return _away_as_well(substitute_id, form["starts_on"].data, form["ends_on"].data)


@dataclass(frozen=True, slots=True)
class StandingIn:
    """For whom who acts now does the work today, and up to which day."""

    name: str
    until: date


def standing_in() -> list[StandingIn]:
    """Return the colleagues for whom who acts now stands in today; two queries where there are any."""
    absences = absences_stood_in_for(current_actor())
    names = labels_for(Staff, [each.staff_id for each in absences])
    return [StandingIn(names[each.staff_id].text, each.ends_on) for each in absences]


def _away_as_well(substitute_id: int, starts_on: date, ends_on: date) -> Refusal | None:
    found = select(Absence).where(
        Absence.staff_id == substitute_id, Absence.starts_on <= ends_on, Absence.ends_on >= starts_on
    )
    away = db.session.scalars(found.order_by(Absence.starts_on).limit(1)).first()
    if away is None:
        return None
    name = labels_for(Staff, [substitute_id])[substitute_id].text
    sentence = gettext(
        "%(name)s is away as well, from %(first)s to %(last)s.",
        name=name,
        first=away.starts_on,
        last=away.ends_on,
    )
    return Refusal("substitute_id", sentence)
