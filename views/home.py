"""The first page: for each role what there is to do, what is new and what is late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import current_app, url_for
from flask_admin import expose
from flask_admin.blueprints import _BlueprintWithHostSupport
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from models import Complaint, current_actor, db
from models.base import now
from models.centre import site_zone
from models.deadline import owes_late
from models.deadline_rule import DeadlineKind
from models.due import Wanted, due_lists
from models.organisation import Role
from models.permissions import allows
from models.tasks import COUNT_MOST, TASKS, count_tasks
from models.workload import (
    changes_per_day,
    complaints_per_week,
    dealers_above_all,
    load_per_dealer,
    load_per_person,
    parts_against_before,
)
from views.absence import standing_in
from views.daily_close import closing_reminder
from views.due import Line, Part, default_person, department_of, line_of, people_of, window_of
from views.lookups import view_of
from views.office_calendar import calendar_warnings
from views.page import PageForAll
from views.summary import to_write
from views.task_filter import KEY
from views.waiting import badge_of, sentence_of

LATEST_MOST, DUE_MOST = 8, 8
# Pages on which something may have stuck.
LOOKED_AFTER = ("setup", "operations", "delivery", "import_run")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on the first page, with the list of exactly what it counts."""

    label: str
    text: str
    url: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Next:
    """What is due next; `is_more_urgent` where further things are severe or safety relevant."""

    lines: list[Line]
    is_more_urgent: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What a role finds on the first page: figures by their task, and sections by their name."""

    tasks: tuple[str, ...]
    sections: tuple[str, ...]


DESKS: Mapping[Role, Desk] = {
    Role.CLERK: Desk(
        ("new", "unanswered", "late_answer", "own", "incomplete", "in_workshop", "unsent"),
        ("due", "latest", "weeks"),
    ),
    Role.FOLLOW_UP_AGENT: Desk(("promises", "own", "unanswered", "unsent"), ("due",)),
    Role.TOURING_ENGINEER: Desk(("awaited", "in_workshop", "open", "claims"), ("dealers", "due")),
    Role.QUALITY_ENGINEER: Desk(("found", "key_parts", "undecided", "unsafe"), ("parts", "weeks")),
    Role.WAREHOUSE_KEEPER: Desk(("undecided", "shipped", "wrong", "claims"), ("parts",)),
    Role.SUPERVISOR: Desk(
        (
            "escalated",
            "new",
            "open",
            "late_answer",
            "unsolved",
            "severe",
            "unassigned",
            "promises",
            "incomplete",
        ),
        ("people", "above", "latest", "weeks", "pages"),
    ),
    Role.AUDITOR: Desk(("new", "open", "late_answer", "severe"), ("days", "weeks")),
    Role.ADMINISTRATOR: Desk(("no_password", "no_department", "late_answer", "severe"), ("pages", "days")),
}


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of the panel with what to look for there."""

    label: str
    url: str


class HomeView(PageForAll):
    """Show everyone the way into the day's work."""

    actions: ClassVar[Mapping[str, str]] = {"index": "read"}
    title = _("Home")
    permission = "home"

    def create_blueprint(self, admin: Any) -> _BlueprintWithHostSupport:
        """Leave out Flask-Admin's own static files, which no page of ours uses."""
        self.static_url_path = "/"
        return super().create_blueprint(admin)

    @expose("/")
    def index(self) -> str:
        """Show what the roles of the reader find here, each thing once."""
        complaints = view_of(Complaint)
        return self.render(
            "home.html",
            figures=figures(),
            sections=sections(),
            complaints=complaints,
            COUNT_MOST=COUNT_MOST,
            load_url=_load_url,
            standing_in=standing_in(),
            to_close=closing_reminder(now()),
            to_write=to_write(),
            provisional_years=calendar_warnings(),
            wrong=sentence_of("operations"),
        )


def _desks() -> list[Desk]:
    actor = current_actor()
    return [desk for role, desk in DESKS.items() if actor is not None and role.value in actor.roles]


def figures() -> list[Figure]:
    """Return the numbers of the reader's roles, in the order of the first role that has each; one query."""
    names = dict.fromkeys(name for desk in _desks() for name in desk.tasks)
    found = []
    for name, number in count_tasks(names).items():
        task, view = TASKS[name], view_of(TASKS[name].model)
        if view is not None:
            text = f"{number:,}" if number <= COUNT_MOST else f"{COUNT_MOST}+"
            tone = ("bad" if number else "good") if task.is_bad else ""
            query: dict[str, Any] = {KEY: name, "sort": task.oldest_by}
            url = url_for(f"{view.endpoint}.index_view", **query)
            found.append(Figure(str(task.label), text, url, tone))
    if (
        found
        and allows(actor := current_actor(), "complaint", "approve")
        and allows(actor, "decision", "read")
    ):
        # The sidebar has asked for the number already.
        waiting = badge_of("decision")
        tone = "bad" if waiting else "good"
        found.insert(
            0, Figure(str(_("Waiting for a decision")), waiting or "0", url_for("decision.index"), tone)
        )
    return found


def sections() -> dict[str, Any]:
    """Return what stands below the figures, by name, in the order of the page."""
    actor = current_actor()
    wanted = {name for desk in _desks() for name in desk.sections}
    return {
        name: fetch()
        for name, (table, fetch) in SECTIONS.items()
        # The audit log has no list of its own: who has a desk with it may know how much was done.
        if name in wanted and (table == "audit_entry" or allows(actor, table, "list"))
    }


def _due() -> Next:
    """Return what is due next; half of the lines are kept for what is severe and not late yet."""
    person = default_person()
    wanted = Wanted(responsible_ids=people_of(person), department_id=department_of(person))
    windows = [window_of(part) for part in Part if part is not Part.LATER]
    late, coming, *others = due_lists(windows, wanted, zone=site_zone(), limit=DUE_MOST + 1)
    shown_late = late[: max(DUE_MOST - len(coming), DUE_MOST // 2)]
    items = [*shown_late, *coming, *(item for part in others for item in part)][:DUE_MOST]
    return Next([line_of(item) for item in items], len(late) + len(coming) > DUE_MOST)


def _latest() -> list[tuple[Complaint, bool]]:
    """Return the newest complaints, each with whether its first answer is late."""
    is_late = owes_late(DeadlineKind.FIRST_ANSWER, now())
    newest = select(Complaint, is_late).order_by(Complaint.registered_at.desc(), Complaint.id.desc())
    return [(row[0], row[1]) for row in db.session.execute(newest.limit(LATEST_MOST))]


def _page_links() -> list[PageLink]:
    """Return the pages on which something may have stuck, for who looks after the panel."""
    pages = {page.endpoint: page for page in current_app.extensions["pages"]}
    return [
        PageLink(sentence_of(name) or str(pages[name].title), url_for(f"{name}.index"))
        for name in LOOKED_AFTER
        if name in pages and pages[name].is_accessible()
    ]


# In the order of the page, each with the table that its reader must be allowed to list, and what it shows.
SECTIONS: Mapping[str, tuple[str, Callable[[], Any]]] = {
    "due": ("call_record", _due),
    "people": ("complaint", load_per_person),
    "dealers": ("complaint", load_per_dealer),
    "above": ("dealer", dealers_above_all),
    "parts": ("parts_quality_record", parts_against_before),
    "latest": ("complaint", _latest),
    "weeks": ("complaint", complaints_per_week),
    "days": ("audit_entry", changes_per_day),
    "pages": ("delivery", _page_links),
}


def _load_url(name: str, key: int | None) -> str:
    """Return the list of a person's or a dealer's open complaints."""
    args: dict[str, Any] = {KEY: "open", name: key or "none"}
    return url_for("complaint.index_view", **args)
