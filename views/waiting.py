"""What waits for whom: the numbers in the sidebar, in one statement, fetched once a page is there.

To count takes as long as the rest of a page, and nobody reads the numbers first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from flask import g, has_request_context, jsonify
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import Select, exists, func, or_, select

from models import (
    Actor,
    CompensationRule,
    Complaint,
    Delivery,
    ExportRun,
    ImportRun,
    Position,
    Proposal,
    Staff,
    current_actor,
    db,
)
from models.centre import centre_facts
from models.complaint import Step
from models.decision_queue import decision_queue, waiting_proposals
from models.digest import DeliveryState
from models.due import DEPARTMENT, QUEUE, DueKind, Wanted, Window, count_due
from models.due_kinds import kinds_done
from models.exporting import ExportState
from models.importing import ImportState
from models.operating import wrong_count
from models.permissions import allows
from views.clock import today
from views.page import PageForAll

# Beyond this nobody counts, neither a reader nor the database.
MOST = 99
# What a vehicle needs, and claims, stand on the page alone; a first answer is counted with the complaints.
_COUNTED = (
    DueKind.SOLVED,
    DueKind.DECISION,
    DueKind.DEPARTMENT_TASK,
    DueKind.TELL_CUSTOMER,
    DueKind.ANSWER,
    DueKind.CARRIED_OUT,
    DueKind.CONFIRMED,
    DueKind.PROMISE,
    DueKind.FIRST_FOLLOW_UP,
    DueKind.SECOND_FOLLOW_UP,
    DueKind.MEASURE,
    DueKind.MEASURE_CHECK,
)


class WaitingView(PageForAll):
    """Tell a page's script what waits for its reader; it stands in no menu."""

    permission = "waiting"
    title = _("Waiting")
    actions: ClassVar[Mapping[str, str]] = {"index": "read"}

    def __init__(self) -> None:
        """Put the numbers at their own address."""
        super().__init__(endpoint="waiting", url="/waiting")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Return number and sentence of each page on which something waits, by its endpoint."""
        return jsonify(
            {name: (badge_of(name), sentence_of(name)) for name, number in _numbers().items() if number}
        )


def badge_of(endpoint: str) -> str | None:
    """Return how much waits on a page, up to "99+"; None where nothing does."""
    number = _numbers().get(endpoint, 0)
    return (str(number) if number <= MOST else f"{MOST}+") if number else None


def sentence_of(endpoint: str) -> str | None:
    """Return the same in words; None where nothing waits."""
    shown = badge_of(endpoint)
    if shown is None:
        return None
    number = _numbers()[endpoint]
    if endpoint == "complaint":
        words = ngettext(
            "%(shown)s complaint waits for an answer",
            "%(shown)s complaints wait for an answer",
            number,
            shown=shown,
        )
    elif endpoint == "due":
        words = ngettext(
            "%(shown)s thing is due or late", "%(shown)s things are due or late", number, shown=shown
        )
    elif endpoint == "decision":
        words = ngettext(
            "%(shown)s proposal waits for a decision",
            "%(shown)s proposals wait for a decision",
            number,
            shown=shown,
        )
    elif endpoint == "operations":
        words = ngettext(
            "%(shown)s thing is wrong with the panel",
            "%(shown)s things are wrong with the panel",
            number,
            shown=shown,
        )
    elif endpoint == "delivery":
        words = ngettext(
            "%(shown)s mail needs a person", "%(shown)s mails need a person", number, shown=shown
        )
    elif endpoint == "export_run":
        words = ngettext(
            "%(shown)s export is ready to download",
            "%(shown)s exports are ready to download",
            number,
            shown=shown,
        )
    else:
        words = ngettext(
            "%(shown)s import waits for a yes", "%(shown)s imports wait for a yes", number, shown=shown
        )
    return str(words)


def decides_by_position() -> bool:
    """Tell whether something waits that who acts now may decide by position or by a rule.

    Asked for the menu of every page: of who has no position nothing is asked, of others one small statement.
    """
    actor = current_actor()
    if actor is None or actor.staff_id is None or not actor.roles or current_user.position_id is None:
        return False
    if "decides" not in g:
        has_any = db.session.scalar(_has_above_waiting(actor.staff_id))
        g.decides = bool(has_any) and bool(decision_queue(actor).own)
    return bool(g.decides)


def _numbers() -> Mapping[str, int]:
    """Return the number of each page, asked for once a request."""
    if not has_request_context():
        return {}
    kept: Mapping[str, int] | None = g.get("waiting")
    if kept is None:
        kept = g.waiting = _fetch()
    return kept


def _fetch() -> Mapping[str, int]:
    counts = {name: count.scalar_subquery() for name, count in _counts().items()}
    if not counts:
        return {}
    actor = current_actor()
    queue = [] if actor is None else sorted(actor.queue_ids)
    own = {QUEUE.key: queue, DEPARTMENT.key: actor and actor.department_id}
    row = db.session.execute(select(*counts.values()), own).one()
    numbers = dict(zip(counts, row, strict=True))
    if numbers.get("decision"):
        assert actor is not None
        # Which of it is for the reader the rules say; a number that others take away is soon read by nobody.
        numbers["decision"] = len(decision_queue(actor).own)
    return numbers


def _counts() -> dict[str, Select[int]]:
    """Return the counts that concern who acts now, by the page that shows what is counted."""
    actor = current_actor()
    if actor is None or actor.staff_id is None:
        return {}
    counts = {}
    # Work is what the reader can do; who only reads it finds it on the page.
    kinds = tuple(kind for kind in kinds_done(actor) if kind in _COUNTED)
    if kinds:
        facts = centre_facts()
        counts["due"] = _work_due(kinds, today(), facts.zone, facts.is_confirmed_by_other)
    if allows(actor, "complaint", "edit"):
        counts["complaint"] = _capped(select(Complaint.id).where(Complaint.step == Step.REGISTERED))
    if allows(actor, "complaint", "approve"):
        # Somebody else decides about one's own.
        others = Proposal.created_by_id.is_distinct_from(actor.staff_id)
        counts["decision"] = _capped(waiting_proposals().with_only_columns(Proposal.id).where(others))
    elif actor.roles:
        counts["decision"] = _capped(_above_waiting(actor.staff_id))
    if actor.roles:
        counts["export_run"] = _capped(_to_fetch(actor.staff_id))
    return counts | _counts_of_the_panel(actor)


def _to_fetch(staff_id: int) -> Select[int]:
    """Return a person's exports that are ready, and were not downloaded yet."""
    return select(ExportRun.id).where(
        ExportRun.staff_id == staff_id, ExportRun.state == ExportState.DONE, ExportRun.fetched_at.is_(None)
    )


def _counts_of_the_panel(actor: Actor) -> dict[str, Select[int]]:
    """Return the counts for who looks after the panel itself."""
    counts = {}
    if allows(actor, "delivery", "act"):
        unsettled = (Delivery.state == DeliveryState.UNKNOWN) & Delivery.settled_by_id.is_(None)
        counts["delivery"] = _capped(select(Delivery.id).where(unsettled))
    if allows(actor, "operations", "act"):
        counts["operations"] = select(wrong_count())
    if allows(actor, "import_run", "create"):
        counts["import_run"] = _capped(select(ImportRun.id).where(ImportRun.state == ImportState.CHECKED))
    return counts


@lru_cache(maxsize=500)
def _has_above_waiting(staff_id: int) -> Select[Any]:
    return select(_above_waiting(staff_id).exists())


def _above_waiting(staff_id: int) -> Select[int]:
    """Return the proposals of others that wait, for who stands above somebody or is named by a rule."""
    own = select(Staff.position_id).where(Staff.id == staff_id).scalar_subquery()
    leads = or_(
        exists(select(Position.id).where(Position.parent_id == own)),
        exists(select(CompensationRule.id).where(CompensationRule.position_id == own)),
    )
    others = Proposal.created_by_id.is_distinct_from(staff_id)
    return waiting_proposals().with_only_columns(Proposal.id).where(others, leads)


@lru_cache(maxsize=100)
def _work_due(kinds: tuple[DueKind, ...], day: date, zone: ZoneInfo, _is_by_other: bool) -> Select[int]:
    """Return the count of what is in one's queue that are due by `day`, for who may do these kinds.

    To put the statement together takes longer than all else on a page; nothing but the arguments goes into
    it: the row limits are added when it runs. Whether somebody other than the handler asks for the
    satisfaction is told for the cache alone.
    """
    return count_due(Window(day), Wanted(is_in_queue=True, kinds=kinds), zone=zone, most=MOST + 1)


def _capped(rows: Select[int]) -> Select[int]:
    return select(func.count()).select_from(rows.limit(MOST + 1).subquery())
