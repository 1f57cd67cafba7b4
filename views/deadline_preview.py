"""What would be due: for an instant every deadline, with the rule and how it is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flask import request
from flask_admin import expose
from flask_babel import format_date
from flask_babel import lazy_gettext as _

from models.base import now
from models.deadline_rule import DeadlineKind, DeadlineRule, all_rules, rule_on
from models.office_calendar import is_provisional, working_calendar
from views.clock import show_instant
from views.days import parse_instant
from views.deadline_words import reasons, rule_in_words
from views.page import Page

TYPED_MOST = 60


@dataclass(frozen=True, slots=True)
class Preview:
    """A kind of deadline with its rule, when it would be due, and the steps to there."""

    rule: DeadlineRule
    given: str
    due: str
    weekday: str
    steps: list[str]
    is_provisional: bool


class DeadlinePreviewView(Page):
    """Answer when everything would be due that began at an instant; everyone who may read the rules."""

    permission = "deadline_rule"
    actions: ClassVar[Mapping[str, str]] = {"index": "list"}
    icon, title = "clock", _("Try the deadlines")

    def __init__(self) -> None:
        super().__init__(name="deadline_preview", endpoint="deadline_preview", url="/deadline-preview")

    def is_accessible(self) -> bool:
        """Tell whether the page may be opened: by all who may list the rules."""
        return self.is_allowed("list")

    @expose("/")
    def index(self) -> str:
        """Show what would be due for the instant asked for, else for now."""
        typed, error = request.args.get("at", "")[:TYPED_MOST], ""
        try:
            at = parse_instant(typed) or now()
        except ValueError as wrong:
            at, error = now(), str(wrong)
        return self.render(
            "deadline_preview.html",
            typed=typed if error else show_instant(at),
            error=error,
            previews=[] if error else previews(at),
        )


def previews(at: datetime) -> list[Preview]:
    """Return what would be due for each kind, by the rules of that day; four queries."""
    rules, calendar = all_rules(), working_calendar()
    found = []
    for kind in DeadlineKind:
        rule = rule_on(rules, kind, calendar.day_of(at))
        due_at = rule.due_after(at, calendar)
        due_on = calendar.day_of(due_at)
        found.append(
            Preview(
                rule,
                rule_in_words(rule),
                show_instant(due_at),
                str(format_date(due_on, "EEEE")),
                reasons(rule, at, calendar),
                rule.counting.startswith("working") and is_provisional(calendar, due_on.year),
            )
        )
    return found
