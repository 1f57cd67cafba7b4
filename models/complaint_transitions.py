"""The table of steps: which one leads where, who may take it, what it needs and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from models.base import Record
from models.complaint import Complaint, Step
from models.deadline_rule import DeadlineKind
from models.proposal import Proposal, ProposalState
from models.step_taken import Move, StepTaken


@dataclass(frozen=True, slots=True)
class Transition:
    """One way on: from the steps `sources` to `target`, for who has the right `right` in the complaint.

    `proposal` is the state in which the open proposal must be, None: there must be none. `asks` are columns
    of `asked_of`, of which `needs` must be given. `stamps` names the complaint's column that takes the
    instant; `becomes` is what the open proposal turns into, `settles` and `starts` are deadlines.
    """

    move: Move
    action: LazyString
    sources: frozenset[Step]
    target: Step
    right: str = "act"
    proposal: ProposalState | None = None
    asked_of: type[Record] = Complaint
    asks: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    stamps: str | None = None
    becomes: ProposalState | None = None
    settles: tuple[DeadlineKind, ...] = ()
    starts: tuple[DeadlineKind, ...] = ()
    # Whether the customer is waited for from here on: the clocks stand still.
    waits: bool = False


_K = DeadlineKind
_R, _V, _A, _P = Step.REGISTERED, Step.VERIFIED, Step.ANALYSED, Step.PROPOSED
_VERIFICATION = (
    "verified_by",
    "is_confirmed_with_customer",
    "product",
    "specification",
    "production_on",
    "production_batch",
    "in_use_since",
    "fault",
    "brand_before",
    "recent_condition",
    "needs_investigation",
)
_ANALYSIS = (
    "cause",
    "fault_degree",
    "is_demand_reasonable",
    "has_long_relation",
    "will_buy_again",
    "word_of_mouth",
    "analysis",
)
_CONFIRMATION = ("confirmed_by", "satisfaction", "confirmation")

# In the order in which they are offered: the first that is possible is the way on.
TRANSITIONS: Mapping[Move, Transition] = {
    each.move: each
    for each in (
        Transition(
            Move.VERIFY,
            _("Enter the verification"),
            frozenset({_R}),
            _V,
            asks=_VERIFICATION,
            needs=frozenset({"verified_by", "fault"}),
            stamps="verified_at",
            settles=(_K.FIRST_ANSWER,),
        ),
        Transition(
            Move.ANSWER_ON_THE_SPOT,
            _("Answered on the spot"),
            frozenset({_R}),
            Step.CARRIED_OUT,
            asks=("verified_by", "cause", "spot_answer"),
            needs=frozenset({"verified_by", "cause", "spot_answer"}),
            stamps="carried_out_at",
            settles=(_K.FIRST_ANSWER, _K.SOLVED),
            starts=(_K.CONFIRMED,),
        ),
        Transition(
            Move.APPROVE,
            _("Approve"),
            frozenset({_P}),
            _P,
            right="read",
            proposal=ProposalState.WAITING,
            asked_of=Proposal,
            asks=("decision_reason",),
            becomes=ProposalState.APPROVED,
            settles=(_K.DECISION,),
            starts=(_K.TELL_CUSTOMER,),
        ),
        Transition(
            Move.REFUSE,
            _("Send back"),
            frozenset({_P}),
            _P,
            right="read",
            proposal=ProposalState.WAITING,
            asked_of=Proposal,
            asks=("decision_reason",),
            needs=frozenset({"decision_reason"}),
            becomes=ProposalState.REFUSED,
            settles=(_K.DECISION,),
        ),
        Transition(
            Move.TELL,
            _("The customer was told"),
            frozenset({_P}),
            _P,
            proposal=ProposalState.APPROVED,
            asked_of=Proposal,
            asks=("told_by",),
            needs=frozenset({"told_by"}),
            settles=(_K.TELL_CUSTOMER,),
            waits=True,
        ),
        Transition(
            Move.AGREE,
            _("The customer agrees"),
            frozenset({_P}),
            Step.AGREED,
            proposal=ProposalState.APPROVED,
            asked_of=Proposal,
            # And for the signed agreement: models.agreement.
            asks=("reply", "no_agreement_because"),
            becomes=ProposalState.AGREED,
            settles=(_K.TELL_CUSTOMER, _K.SOLVED),
            starts=(_K.CARRIED_OUT,),
        ),
        Transition(
            Move.DECLINE,
            _("The customer does not agree"),
            frozenset({_P}),
            _P,
            proposal=ProposalState.APPROVED,
            asked_of=Proposal,
            asks=("reply",),
            needs=frozenset({"reply"}),
            becomes=ProposalState.DECLINED,
            settles=(_K.TELL_CUSTOMER,),
        ),
        Transition(
            Move.WITHDRAW,
            _("Withdraw the proposal"),
            frozenset({_P}),
            _P,
            proposal=ProposalState.WAITING,
            asked_of=StepTaken,
            asks=("remark",),
            becomes=ProposalState.WITHDRAWN,
            settles=(_K.DECISION,),
        ),
        Transition(
            Move.PROPOSE,
            _("Propose a solution"),
            frozenset({_A, _P}),
            _P,
            asked_of=Proposal,
            asks=("remedies", "value", "details"),
            needs=frozenset({"remedies", "details"}),
            starts=(_K.DECISION,),
        ),
        Transition(
            Move.ANALYSE,
            _("Enter the analysis"),
            frozenset({_V, _A, _P}),
            _A,
            asks=_ANALYSIS,
            needs=frozenset({"cause", "fault_degree", "analysis"}),
            stamps="analysed_at",
        ),
        Transition(
            Move.CARRY_OUT,
            _("Everything is carried out"),
            frozenset({Step.AGREED}),
            Step.CARRIED_OUT,
            asked_of=StepTaken,
            asks=("remark",),
            stamps="carried_out_at",
            settles=(_K.CARRIED_OUT,),
            starts=(_K.CONFIRMED,),
        ),
        Transition(
            Move.CONFIRM,
            _("The customer is satisfied: close"),
            frozenset({Step.CARRIED_OUT}),
            Step.CONFIRMED,
            asks=_CONFIRMATION,
            needs=frozenset({"confirmed_by", "satisfaction"}),
            stamps="confirmed_at",
            settles=(_K.CONFIRMED,),
        ),
        Transition(
            Move.REJECT,
            _("The customer is not satisfied"),
            frozenset({Step.CARRIED_OUT}),
            _A,
            asks=_CONFIRMATION,
            needs=frozenset({"confirmed_by", "confirmation"}),
            settles=(_K.CONFIRMED,),
            starts=(_K.SOLVED,),
        ),
        Transition(
            Move.REOPEN,
            _("Reopen"),
            frozenset({Step.CONFIRMED}),
            _A,
            right="approve",
            asked_of=StepTaken,
            asks=("remark",),
            needs=frozenset({"remark"}),
            starts=(_K.SOLVED,),
        ),
    )
}
