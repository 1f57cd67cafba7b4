"""Taking the steps of a complaint on its page: where it stands, and the next step as one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from jobs.handover import tell_of_decision
from jobs.notices import tell_of_tasks
from jobs.outbox import send_soon
from models import (
    Complaint,
    Delivery,
    Department,
    DepartmentTask,
    Proposal,
    Staff,
    StepTaken,
    Vehicle,
    current_actor,
    db,
)
from models.agreement import AGREEMENT, NO_AGREEMENT, missing_agreement
from models.approval import Deciders
from models.base import now
from models.compensation_rule import Bounds, bounds_of
from models.complaint import Step
from models.complaint_procedure import (
    open_proposal,
    possible,
    remark_of,
    take,
    why_not,
)
from models.complaint_tasks import tasks_of
from models.complaint_transitions import TRANSITIONS, Transition
from models.deadline import Deadline, open_deadlines
from models.notice_recipients import is_untold
from models.own_rights import allows_on
from models.proposal import ProposalState, Remedy
from models.refused_step import RefusedStepError
from models.sql import labels_for
from models.step_taken import Move
from views import undo
from views.agreement import AgreementField, read_agreement
from views.complaint_stages import Stage, stages_of
from views.constraint_refusals import Refusal, refusal_of
from views.forms import RecordForm
from views.kept_draft import is_only_shown
from views.lookups import view_of
from views.saving import refuse
from views.suggestions import look_up

if TYPE_CHECKING:
    from views.base import RecordView

# Steps that are taken in one form, with a button each: they ask for the same.
TOGETHER: Sequence[tuple[Move, ...]] = (
    (Move.APPROVE, Move.REFUSE),
    (Move.AGREE, Move.DECLINE),
    (Move.CONFIRM, Move.REJECT),
)
# What was said when it was asked for the last time is no answer: it would be taken for one.
_ASKED_ANEW = frozenset({Move.CONFIRM, Move.REJECT})
# Of those who can decide: in a large centre any of many does.
NAMES_MOST = 5
_LEADS_BACK = frozenset({Move.REFUSE, Move.DECLINE, Move.REJECT, Move.WITHDRAW, Move.REOPEN})
# What a form says above its fields.
_HELP: dict[Move, LazyString] = {
    Move.VERIFY: _l(
        "Ring the customer or drive there. Repeat the problem back, and tick when the customer says that it "
        "is so."
    ),
    Move.ANSWER_ON_THE_SPOT: _l(
        "For explanations and advice only: nothing is given, and nobody has to approve. The customer is "
        "still asked later whether he or she is satisfied."
    ),
    Move.ANALYSE: _l(
        "What is behind it? How far is the company at fault, is the demand reasonable, how long has the "
        "customer been with us, and what would he or she tell others?"
    ),
    Move.PROPOSE: _l(
        "The company's fault is made good generously; an unreasonable demand is refused clearly."
    ),
    Move.APPROVE: _l("Approve it, or send it back with a reason. The customer is told on the same day."),
    Move.TELL: _l("Tell the customer today what was decided, and enter it here."),
    Move.AGREE: _l("What does the customer say? What was signed goes with it, as photo or PDF."),
    Move.CARRY_OUT: _l("When every task is reported done, the customer is asked whether all is well."),
    Move.CONFIRM: _l("Ask the customer. Who is satisfied closes the complaint; who is not opens it again."),
    Move.REOPEN: _l("A closed complaint is archived. Reopen it only where the customer comes back with it."),
}


@dataclass(frozen=True, slots=True)
class StepForm:
    """The form of a step, or of two that ask for the same."""

    transitions: Sequence[Transition]
    form: RecordForm
    view: RecordView
    # What takes the signed agreement; None where none is asked for.
    agreement: AgreementField | None = None

    @property
    def title(self) -> str:
        """Return what the form is headed by."""
        return str(_(" or ")).join(str(each.action) for each in self.transitions)

    @property
    def help(self) -> LazyString | None:
        """Return what is said above the fields."""
        return _HELP.get(self.transitions[0].move)

    def leads_back(self, transition: Transition) -> bool:
        """Tell whether a button takes the complaint back."""
        return transition.move in _LEADS_BACK


@dataclass(frozen=True, slots=True)
class ProcedurePanel:
    """What stands at the head of a complaint's page; `asked` is None where the reader can take no step."""

    template: ClassVar[str] = "_procedure.html"
    stages: list[Stage]
    proposal: Proposal | None
    remedies: list[LazyString]
    beyond: list[str]
    proposed_by: str | None
    # Who can decide about a proposal that waits; empty where none does, or administrators alone.
    deciders: list[str]
    asked: StepForm | None
    bounds: str | None
    hindrance: LazyString | str | None
    due: list[Deadline]
    # Each with the name of its department.
    tasks: list[tuple[DepartmentTask, str]]
    now: datetime
    others: list[Transition]
    times_reopened: int
    # Whether nobody was told of it: the departments of its subject have no addresses.
    is_untold: bool
    # The agreed proposal that nobody has signed yet, and what takes the agreement once it comes.
    unsigned: Proposal | None
    late_agreement: AgreementField


def panel(row: Complaint, sent: StepForm | None = None, late: AgreementField | None = None) -> ProcedurePanel:
    """Return what stands at the head of the page; `sent` is a form that could not be taken.

    `late` is an agreement that could not be attached.
    """
    proposal = open_proposal(row)
    ways = possible(row, proposal, current_actor())
    asked = sent or _asked(row, ways)
    shown = {each.move for each in asked.transitions} if asked else set()
    deciders = _deciders(row, proposal)
    proposer = proposal.created_by_id if proposal else None
    names = labels_for(Staff, {key for key in (proposer, *deciders) if key is not None})
    return ProcedurePanel(
        stages=stages_of(row),
        proposal=proposal,
        remedies=[each.label for each in Remedy if proposal and each.value in proposal.remedies],
        beyond=bounds_of(row).exceeded_by(proposal.remedies, proposal.value) if proposal else [],
        proposed_by=names[proposer].text if proposer in names else None,
        deciders=[names[key].text for key in deciders if key in names][:NAMES_MOST],
        asked=asked,
        bounds=bounds_sentence(bounds_of(row)) if Move.PROPOSE in shown else None,
        hindrance=None if asked else _hindrance(row, proposal),
        due=open_deadlines(row),
        tasks=_tasks(row) if row.step is Step.AGREED else [],
        now=now(),
        others=[each for each in ways if each.move not in shown],
        times_reopened=row.times_reopened,
        is_untold=is_untold(row),
        unsigned=missing_agreement(row),
        late_agreement=late or AgreementField(),
    )


def _deciders(row: Complaint, proposal: Proposal | None) -> list[int]:
    """Return who can decide about the proposal; empty where it does not wait for that."""
    if proposal is None or proposal.state is not ProposalState.WAITING:
        return []
    return sorted(Deciders([row]).who(row, proposal))


def _tasks(row: Complaint) -> list[tuple[DepartmentTask, str]]:
    tasks = tasks_of(row)
    names = labels_for(Department, {each.department_id for each in tasks if each.department_id is not None})
    return [(each, names[each.department_id].text if each.department_id else "") for each in tasks]


def take_step(view: RecordView, row: Complaint) -> ResponseReturnValue:
    """Take the step that was sent, or show its form again with what is to be mended."""
    transition = sent_move()
    if is_only_shown():
        return view.show_details(row, panel=panel(row, _as_sent(row, transition)))
    asked = try_step(view, row, transition)
    if asked is None:
        return redirect(view.page_url("details_view", id=row.id))
    row = view.record_or_404()
    form = asked.form
    form.version.data = str(row.version)
    form.fetch_labels()
    return view.show_details(row, panel=panel(row, asked)), 422


# Who is told in writing once a step is taken.
_TELLS: Mapping[Move, Callable[[Complaint], list[Delivery]]] = {
    Move.AGREE: tell_of_tasks,
    Move.PROPOSE: tell_of_decision,
}


def sent_move() -> Transition:
    """Return the step that the form names; what is none is refused."""
    move = next((each for each in Move if each.value == request.form.get("move")), None)
    transition = TRANSITIONS.get(move) if move is not None else None
    if transition is None:
        abort(400)
    return transition


def try_step(view: RecordView, row: Complaint, transition: Transition) -> StepForm | None:
    """Take a step as the form sent it, and commit; return the form, with the reason, where it was refused."""
    asked = _as_sent(row, transition)
    form, agreement = asked.form, asked.agreement
    has_problems = agreement is not None and transition.move is Move.AGREE and bool(agreement.problems)
    if not _is_valid(form, transition) or has_problems:
        return asked
    given = {field.name: field.data for field in form.record_fields() if field.name in transition.asks}
    papers = agreement.files if agreement is not None else []
    try:
        take(row, transition.move, given, seen_version=form.seen_version or 0, papers=papers)
        notices = _TELLS[transition.move](row) if transition.move in _TELLS else []
        db.session.commit()
    except RefusedStepError as refused:
        db.session.rollback()
        if _was_taken(row, transition, form.seen_version, given):
            return None
        if refused.field == AGREEMENT and agreement is not None:
            agreement.problems.append(str(refused.sentence))
        else:
            refuse(form, Refusal(refused.field, str(refused.sentence)))
        return asked
    except (IntegrityError, DataError) as error:
        db.session.rollback()
        refuse(form, refusal_of(error))
        return asked
    send_soon(notices)
    undo.tell(_("%(record)s: %(step)s", record=view.label(row), step=transition.move.label), None)
    return None


def _as_sent(row: Complaint, transition: Transition) -> StepForm:
    """Return the form of a step with what was filled in."""
    return _form(row, _with_others(transition, possible(row, open_proposal(row), current_actor())), sent=True)


def _is_valid(form: RecordForm, transition: Transition) -> bool:
    """Check the form; what only the other button of it needs may be missing."""
    if form.validate():
        return True
    wrong = [field for field in form.record_fields() if field.errors]
    # What was filled in and could not be read is not missing.
    if any(field.name in transition.needs or any(field.raw_data or ()) for field in wrong):
        return False
    for field in wrong:
        field.errors = []
    return True


def _was_taken(
    row: Complaint, transition: Transition, seen_version: int | None, given: Mapping[str, Any]
) -> bool:
    """Tell whether this very form has taken its step before: a second click, or a reload.

    The same step with other words comes from another page, and those words are not lost.
    """
    actor = current_actor()
    newest = select(StepTaken).where(StepTaken.complaint_id == row.id).order_by(StepTaken.id.desc()).limit(1)
    taken = db.session.scalars(newest).one_or_none()
    kept = given if transition.asked_of is Complaint else {}
    return (
        taken is not None
        and actor is not None
        and taken.move == transition.move
        and taken.created_by_id == actor.staff_id
        and row.version == (seen_version or 0) + 1
        and taken.remark == remark_of(given)
        and all((getattr(row, name) or None) == (value or None) for name, value in kept.items())
    )


def _asked(row: Complaint, ways: list[Transition]) -> StepForm | None:
    """Return the form of the step that the address asks for, else of the first that is possible."""
    wanted = request.args.get("step") if request.method == "GET" else None
    chosen = next((each for each in ways if each.move.value == wanted), None) or next(iter(ways), None)
    return _form(row, _with_others(chosen, ways)) if chosen is not None else None


def _with_others(chosen: Transition, ways: list[Transition]) -> list[Transition]:
    together = next((group for group in TOGETHER if chosen.move in group), (chosen.move,))
    possible_now = {each.move for each in ways} | {chosen.move}
    return [TRANSITIONS[move] for move in together if move in possible_now]


def step_form(row: Complaint, moves: Sequence[Move]) -> StepForm:
    """Return the empty form of steps that are taken in one."""
    return _form(row, [TRANSITIONS[move] for move in moves])


def _form(row: Complaint, transitions: list[Transition], *, sent: bool = False) -> StepForm:
    first = transitions[0]
    view = view_of(first.asked_of)
    assert view is not None
    agreement = _agreement_of(row, transitions, sent=sent)
    names = tuple(dict.fromkeys(name for each in transitions for name in each.asks))
    if agreement is None:
        names = tuple(name for name in names if name != NO_AGREEMENT)
    # What each of the buttons needs is marked; what one alone needs is asked for when it is pressed.
    needs = frozenset.intersection(*(each.needs for each in transitions))
    make = view.form_for_names(names, needs)
    old: Any = row if first.asked_of is Complaint and first.move not in _ASKED_ANEW else None
    form = make(formdata=request.form if sent else None, obj=old, data=view.defaults(names))
    if not sent:
        form.version.data = str(row.version)
        if row.vehicle_id is not None:
            _fill_from_vehicle(form, row)
    form.fetch_labels()
    return StepForm(transitions, form, view, agreement)


def _agreement_of(row: Complaint, transitions: list[Transition], *, sent: bool) -> AgreementField | None:
    """Return what takes the signed agreement, where one of the steps asks for it."""
    proposal = open_proposal(row) if any(each.move is Move.AGREE for each in transitions) else None
    if proposal is None or not proposal.needs_agreement:
        return None
    return read_agreement() if sent else AgreementField()


def _fill_from_vehicle(form: RecordForm, row: Complaint) -> None:
    """Fill in, while still empty, what choosing the vehicle would fill in."""
    view = view_of(Complaint)
    assert view is not None
    for found in look_up(Vehicle, "", view.fills["vehicle_id"], only=row.vehicle_id):
        for name, filled in found["fills"].items():
            if name in form and filled["value"] and form[name].data is None:
                form[name].process_formdata([filled["value"]])


def _hindrance(row: Complaint, proposal: Proposal | None) -> LazyString | str | None:
    """Return why the reader, who has a say in it, can't take the next step; None where it is another's."""
    actor = current_actor()
    waiting = TRANSITIONS[Move.APPROVE if row.step is Step.PROPOSED else Move.CONFIRM]
    state = proposal.state if proposal is not None else None
    if row.step not in waiting.sources or state != waiting.proposal or not allows_on(actor, row, "act"):
        return None
    refused = why_not(waiting, row, proposal, actor)
    return refused.sentence if refused is not None else None


def bounds_sentence(bounds: Bounds) -> str:
    """Return what the compensation rules allow on a complaint, as a sentence."""
    remedies = str(_(", ")).join(str(each.label) for each in Remedy if each.value in bounds.remedies)
    sentence: str = _(
        "Compensation rules for this complaint: %(remedies)s, worth up to %(most)s yuan.",
        remedies=remedies,
        most=bounds.value_most,
    )
    return sentence
