"""The screen of deadline rules: how long is given for what, from which day on."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import exists, select

from models import Deadline, DeadlineRule, db
from models.deadline_rule import all_rules
from views.base import RecordView
from views.clock import today
from views.constraint_refusals import Refusal
from views.forms import RecordForm, Section, per_field
from views.menu import Area


class DeadlineRuleView(RecordView):
    """Keep the rules by which deadlines are worked out; one that was used is followed, never changed."""

    singular, plural, new_label = _("Deadline rule"), _("Deadline rules"), _("New rule")
    area, icon = Area.ORGANISATION, "clock"
    what_for = _(
        "How long is given for what. A new rule replaces the earlier one of its kind from its day on;"
        " what runs already keeps the rule under which it began."
    )
    pages_beside = MappingProxyType({"deadline_preview.index": _("Try the deadlines")})
    column_list = ("kind", "valid_from", "time_given", "counting", "pause_days_most", "reason", "updated_at")
    column_filters = ("kind", "counting", "valid_from")
    default_sort = ("kind", False)
    column_labels = per_field(kind=_("Deadline"))
    column_descriptions = per_field(
        valid_from=_("From this day on it counts in place of the earlier rule."),
        time_given=_("Hours or days, as counted below. 0 days: by the end of the same day."),
        counting=_(
            "Working hours and days follow the office calendar; the others run on at night and on holidays."
        ),
        reason=_("Such as the instruction or the contract that says so."),
        pause_days_most=_(
            "While the customer is waited for, at most so many days in all. 0: it never stands still."
        ),
    )
    form_sections = (
        Section(_("Rule"), ("kind", "valid_from", "time_given", "counting", "pause_days_most", "reason")),
    )

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse what would make deadlines untrue: a rule that was used changes, or begins in the past."""
        if row.id is not None and _is_used(row):
            return Refusal("valid_from", gettext("Deadlines were worked out by this rule. Enter a new one."))
        begins_on = form["valid_from"].data
        if begins_on != row.valid_from and begins_on < today():
            return Refusal("valid_from", gettext("A new rule begins today or later."))
        return None

    def why_not_delete(self, rows: list[Any]) -> list[str]:
        """Return why rules stay: deadlines were worked out by them, or their kind would have none."""
        going = {row.id for row in rows}
        left = {rule.kind for rule in all_rules() if rule.id not in going}
        reasons = super().why_not_delete(rows)
        for row in rows:
            if _is_used(row):
                reasons.append(gettext("%(rule)s: deadlines were worked out by it.", rule=self.label(row)))
            elif row.kind not in left:
                reasons.append(gettext("%(rule)s: it is the only one of its kind.", rule=self.label(row)))
        return reasons


def _is_used(rule: DeadlineRule) -> bool:
    return db.session.scalar(select(exists().where(Deadline.rule_id == rule.id))) or False
