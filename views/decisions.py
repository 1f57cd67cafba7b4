"""The page on which proposals are decided: everything that waits, one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import Complaint, Staff, current_actor
from models.base import now
from models.decision_queue import DecisionQueue, Waiting, decision_queue, earlier_complaints
from models.proposal import Remedy
from models.sql import labels_for
from models.step_taken import Move
from views.cells import cell, fetch_labels
from views.complaint_steps import StepForm, bounds_sentence, sent_move, step_form, try_step
from views.fields import coerce_id
from views.lookups import view_of
from views.menu import Area
from views.page import Page
from views.waiting import decides_by_position

# What a decision needs to know of the complaint: in short, and in the words of who wrote it.
FACTS = (
    "customer_name",
    "subject_id",
    "severity",
    "is_safety_relevant",
    "vehicle_id",
    "dealer_id",
    "registered_at",
    "responsible_id",
    "cause",
    "fault_degree",
    "is_demand_reasonable",
    "has_long_relation",
    "will_buy_again",
)
WORDS = ("demand", "description", "fault", "analysis", "word_of_mouth")
_DECISIONS = (Move.APPROVE, Move.REFUSE)


class DecisionsView(Page):
    """Show what waits for a decision, and take decisions."""

    actions: ClassVar[Mapping[str, str]] = {"index": "read", "decide_view": "act"}
    title = lazy_gettext("Decisions")
    permission = "decision"
    area, icon = Area.TODAY, "check"

    def __init__(self) -> None:
        super().__init__(name="decision", endpoint="decision", url="/decision")

    def is_accessible(self) -> bool:
        """Tell whether the menu shows the page: to whose position decides, while something waits for it."""
        return super().is_accessible() or decides_by_position()

    def is_allowed_on_request(self, action: str) -> bool:
        """Let in whose position makes him or her decide about something that waits, whatever the role."""
        actor = current_actor()
        return action in ("read", "act") and actor is not None and bool(decision_queue(actor).own)

    @expose("/")
    def index(self) -> str:
        """Show the proposal that the address names, else the one that is due first."""
        return self._show(_queue(), coerce_id(request.args.get("at", "")))

    @expose("/decide/", methods=("GET", "POST"))
    def decide_view(self) -> ResponseReturnValue:
        """Approve a proposal or send it back, and go on with the next; read, it is the list."""
        if request.method == "GET":
            return redirect(url_for("decision.index"))
        transition, queue = sent_move(), _queue()
        if transition.move not in _DECISIONS:
            abort(400)
        key = coerce_id(request.form.get("id", ""))
        place = next((n for n, each in enumerate(queue.own) if each.proposal.id == key), None)
        if place is None:
            flash(_gone(request.form.get("decision_reason", "").strip()), "warning")
            return redirect(url_for("decision.index"))
        complaint_id = queue.own[place].complaint.id
        following = [each.proposal.id for each in queue.own[place + 1 :]]
        complaints = view_of(Complaint)
        assert complaints is not None
        refused = try_step(complaints, queue.own[place].complaint, transition)
        left = _queue()
        if refused is not None and any(each.proposal.id == key for each in left.own):
            return self._show(left, key, refused), 422
        if not left.own and not self.is_allowed("read"):
            return redirect(complaints.page_url("details_view", id=complaint_id))
        waiting = {each.proposal.id for each in left.own}
        return redirect(
            url_for("decision.index", at=next((each for each in following if each in waiting), None))
        )

    def _show(self, queue: DecisionQueue, wanted: int | None, refused: StepForm | None = None) -> str:
        place = next((n for n, each in enumerate(queue.own) if each.proposal.id == wanted), 0)
        shown = queue.own[place] if queue.own else None
        people = {each.proposal.created_by_id for each in (*queue.own, *queue.others)}
        people |= {key for each in queue.others for key in each.who}
        names = labels_for(Staff, {key for key in people if key is not None})
        return self.render(
            "decisions.html",
            queue=queue,
            place=place,
            shown=shown,
            name_of=lambda key: names[key].text if key in names else None,
            remedies_of=_remedies,
            now=now(),
            **(_context(shown, refused) if shown is not None else {}),
        )


def _gone(reason: str) -> str:
    """Return that a proposal waits no more, and what was typed about it, which is saved nowhere."""
    said = [_("This proposal does not wait for you any more.")]
    if reason:
        said.append(_("Not saved: “%(words)s”", words=reason))
    return " ".join(said)


def _queue() -> DecisionQueue:
    actor = current_actor()
    assert actor is not None
    return decision_queue(actor)


def _remedies(chosen: Sequence[str]) -> str:
    return str(_(", ")).join(str(each.label) for each in Remedy if each.value in chosen)


def _context(shown: Waiting, refused: StepForm | None) -> dict[str, Any]:
    """Return what the page says of the proposal that is shown."""
    complaints, row = view_of(Complaint), shown.complaint
    assert complaints is not None
    labels = fetch_labels(complaints, FACTS, [row])
    asked = refused or step_form(row, _DECISIONS)
    asked.form.version.data = str(row.version)
    return {
        "complaints": complaints,
        "facts": [
            (str(complaints.get_column_name(name)), cell(complaints, row, name, labels)) for name in FACTS
        ],
        "words": [(str(complaints.get_column_name(name)), cell(complaints, row, name, {})) for name in WORDS],
        "bounds": bounds_sentence(shown.bounds),
        "earlier": earlier_complaints(row),
        "asked": asked,
    }
