"""How the complaints of the last months were carried through: steps, proposals, tasks, and what is due."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import select, update

from jobs.demo.store import Row
from jobs.demo.world import World
from models import Complaint, Department, DepartmentTask, Proposal, StepTaken, db
from models.complaint import FaultDegree, Step, VerifiedBy
from models.complaint_tasks import CARRIED_OUT_BY
from models.deadline import Deadline, start_deadlines
from models.deadline_rule import DeadlineKind
from models.department_task import TaskState
from models.organisation import Role
from models.proposal import DecidedAs, ProposalState, Remedy
from models.step_taken import Move

# Of what is older nobody asks any more how it was done.
DAYS = 120
# A draw of its own: the rest of the demo stays as it is.
_SEED = 20260303
_R = Remedy
# By degree of fault: what is offered, what it is worth at most in yuan, and in which words.
_OFFERS: dict[FaultDegree, tuple[tuple[tuple[Remedy, ...], int, str], ...]] = {
    FaultDegree.NONE: (
        ((_R.EXPLANATION,), 0, "说明使用注意事项，随信寄使用手册"),
        ((_R.REFUSAL,), 0, "超出保修范围，说明理由并告知付费维修价格"),
        ((_R.EXPLANATION, _R.GIFT), 60, "说明原因，赠送雨披一件"),
    ),
    FaultDegree.PARTLY: (
        ((_R.REPAIR,), 180, "免工时费维修，配件收成本价"),
        ((_R.REPAIR, _R.GIFT), 240, "免费维修，赠送头盔一个"),
        ((_R.GOODS,), 200, "补偿充电器一个"),
    ),
    FaultDegree.FULLY: (
        ((_R.REPAIR,), 350, "免费更换故障件并上门安装"),
        ((_R.REPLACEMENT,), 900, "更换同型号总成一套"),
        ((_R.REPAIR, _R.GIFT), 420, "免费维修，赠送保养一次"),
        ((_R.MONEY,), 500, "补偿误工费"),
        ((_R.REFUND,), 2600, "退还电池货款"),
    ),
}
_REASONS = ("金额偏高，请按标准重新拟定", "先核对批次，再定责任")


@dataclass(slots=True)
class _Course:
    """Rows to be added, and what they are made with."""

    world: World
    departments: dict[str, int]
    chance: random.Random
    agents: list[int]
    steps: list[Row] = field(default_factory=list)
    proposals: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    due: list[tuple[int, DeadlineKind, datetime]] = field(default_factory=list)

    def later(self, row: Any, at: datetime, least: float, most: float) -> datetime:
        """Return an instant so many hours later, never in the future nor after all was carried out."""
        bound = row.carried_out_at or self.world.days.end
        return min(at + timedelta(hours=self.chance.uniform(least, most)), bound)

    def step(self, row: Any, move: Move, steps: tuple[Step | None, Step], at: datetime, who: int) -> None:
        """Note a step."""
        self.steps.append(
            {
                **_shared(row, who, at),
                "move": move,
                "from_step": steps[0],
                "to_step": steps[1],
                "taken_at": at,
            }
        )


def add_course(world: World) -> None:
    """Add what happened to complaints after they were registered; nothing of older ones."""
    departments = dict(db.session.execute(select(Department.code, Department.id)).all())
    people = world.team.by_region.items()
    agents = [each for (role, _region), ids in people if role is Role.FOLLOW_UP_AGENT for each in ids]
    course = _Course(world, departments, random.Random(_SEED), agents)  # noqa: S311 - invented data
    since = world.days.end - timedelta(days=DAYS)
    found = select(Complaint).where(Complaint.registered_at >= since).order_by(Complaint.registered_at)
    for row in db.session.scalars(found.execution_options(yield_per=500)):
        _carry_through(course, row)
    for model, prefix, dated, rows in (
        (StepTaken, "BZ", "taken_at", course.steps),
        (Proposal, "FA", "created_at", course.proposals),
        (DepartmentTask, "RW", "created_at", course.tasks),
    ):
        # Numbers rise with time.
        rows.sort(key=itemgetter(dated))
        world.store.add_by_year(model, prefix, dated, rows, world.days)
    start_deadlines(course.due)
    _settle_answers()


def _settle_answers() -> None:
    """Note when customers were answered, agreed to a solution, and were told of a decision."""
    answered = (Complaint.id == Deadline.complaint_id) & Complaint.verified_at.is_not(None)
    db.session.execute(
        update(Deadline)
        .where(answered, Deadline.kind == DeadlineKind.FIRST_ANSWER)
        .values(settled_at=Complaint.verified_at)
        .execution_options(synchronize_session=False)
    )
    agreed = (Proposal.complaint_id == Deadline.complaint_id) & Proposal.replied_at.is_not(None)
    db.session.execute(
        update(Deadline)
        .where(agreed, Deadline.kind == DeadlineKind.SOLVED)
        .values(settled_at=Proposal.replied_at)
        .execution_options(synchronize_session=False)
    )
    told = (Proposal.complaint_id == Deadline.complaint_id) & Proposal.told_at.is_not(None)
    db.session.execute(
        update(Deadline)
        .where(told, Deadline.kind == DeadlineKind.TELL_CUSTOMER)
        .values(settled_at=Proposal.told_at)
        .execution_options(synchronize_session=False)
    )


def _shared(row: Any, who: int, at: datetime) -> Row:
    return {
        "complaint_id": row.id, "region_id": row.region_id, "department_id": row.department_id,
        "responsible_id": row.responsible_id, "created_by_id": who, "created_at": at,
    }  # fmt: skip


def _carry_through(course: _Course, row: Any) -> None:
    """Tell the course of one complaint up to the step at which it stands."""
    reached = list(Step).index(row.step)
    course.step(row, Move.REGISTER, (None, Step.REGISTERED), row.registered_at, row.created_by_id)
    course.due.append((row.id, DeadlineKind.SOLVED, row.registered_at))
    course.due.append((row.id, DeadlineKind.FIRST_ANSWER, row.registered_at))
    if reached == 0:
        return
    who = row.responsible_id or row.created_by_id
    course.step(row, Move.VERIFY, (Step.REGISTERED, Step.VERIFIED), row.verified_at, who)
    if reached >= 2:
        course.step(row, Move.ANALYSE, (Step.VERIFIED, Step.ANALYSED), row.analysed_at, who)
    if reached >= 3:
        _offer(course, row, who, reached)


def _offer(course: _Course, row: Any, who: int, reached: int) -> None:
    chance = course.chance
    remedies, value, details = chance.choice(_OFFERS[row.fault_degree])
    proposed_at = course.later(row, row.analysed_at, 0.5, 6)
    decided_at = course.later(row, proposed_at, 0.5, 8)
    is_waiting = reached == 3 and chance.random() < 0.7
    boss = course.world.team.supervisor
    step = (Step.ANALYSED, Step.PROPOSED)
    course.step(row, Move.PROPOSE, step, proposed_at, who)
    offer = {
        **_shared(row, who, proposed_at), "remedies": [each.value for each in remedies],
        "value": round(value * chance.uniform(0.5, 1)), "details": details, "state": ProposalState.WAITING,
        "decided_at": None, "decided_by_id": None, "decided_as": None, "decision_reason": None,
        "told_at": None, "told_by": None, "replied_at": None,
    }  # fmt: skip
    course.proposals.append(offer)
    if is_waiting:
        course.due.append((row.id, DeadlineKind.DECISION, proposed_at))
        return
    if chance.random() < 0.08:
        # Sent back first, and proposed once more.
        refused = {"state": ProposalState.REFUSED, "decision_reason": chance.choice(_REASONS)}
        earlier = {"decided_at": decided_at, "decided_by_id": boss, "decided_as": DecidedAs.APPROVER}
        course.proposals.append({**offer, **refused, **earlier})
        course.step(row, Move.REFUSE, (Step.PROPOSED, Step.PROPOSED), decided_at, boss)
        proposed_at = course.later(row, decided_at, 0.5, 8)
        course.step(row, Move.PROPOSE, (Step.PROPOSED, Step.PROPOSED), proposed_at, who)
        offer["created_at"] = proposed_at
        decided_at = course.later(row, proposed_at, 0.5, 8)
    offer |= {"state": ProposalState.APPROVED, "decided_at": decided_at, "decided_by_id": boss}
    offer["decided_as"] = DecidedAs.APPROVER
    course.step(row, Move.APPROVE, (Step.PROPOSED, Step.PROPOSED), decided_at, boss)
    if reached == 3:
        course.due.append((row.id, DeadlineKind.TELL_CUSTOMER, decided_at))
        return
    _agree(course, row, who, reached, offer, remedies)


def _agree(  # noqa: PLR0917 - the parts of one tale
    course: _Course, row: Any, who: int, reached: int, offer: Row, remedies: tuple[Remedy, ...]
) -> None:
    chance = course.chance
    told_at = course.later(row, offer["decided_at"], 0.2, 5)
    replied_at = course.later(row, told_at, 0.1, 12)
    offer |= {"state": ProposalState.AGREED, "told_at": told_at, "told_by": VerifiedBy.PHONE}
    offer["replied_at"] = replied_at
    offer["no_agreement_because"] = "演示数据不附协议原件"
    course.due.append((row.id, DeadlineKind.TELL_CUSTOMER, offer["decided_at"]))
    course.step(row, Move.TELL, (Step.PROPOSED, Step.PROPOSED), told_at, who)
    course.step(row, Move.AGREE, (Step.PROPOSED, Step.AGREED), replied_at, who)
    done_at = row.carried_out_at
    _assign(course, row, who, offer, remedies, replied_at, done_at)
    if reached == 4:
        course.due.append((row.id, DeadlineKind.CARRIED_OUT, replied_at))
        return
    course.step(row, Move.CARRY_OUT, (Step.AGREED, Step.CARRIED_OUT), done_at, who)
    if reached == 5:
        course.due.append((row.id, DeadlineKind.CONFIRMED, done_at))
        return
    asked = (Step.CARRIED_OUT, Step.CONFIRMED)
    course.step(row, Move.CONFIRM, asked, row.confirmed_at, chance.choice(course.agents))


def _assign(  # noqa: PLR0917 - the parts of one tale
    course: _Course,
    row: Any,
    who: int,
    offer: Row,
    remedies: tuple[Remedy, ...],
    at: datetime,
    done_at: datetime | None,
) -> None:
    due_on = course.world.days.local(at) + timedelta(days=7)
    for remedy in remedies:
        if remedy not in CARRIED_OUT_BY:
            continue
        course.tasks.append(
            {
                **_shared(row, who, at), "department_id": course.departments[CARRIED_OUT_BY[remedy]],
                "remedy": remedy, "what": f"{remedy.label}：{offer['details']}", "due_on": due_on,
                "state": TaskState.DONE if done_at else TaskState.OPEN, "done_at": done_at,
                "report": "已办理" if done_at else None,
            }
        )  # fmt: skip
