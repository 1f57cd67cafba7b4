"""The procedure of complaints: each way through it, and everything that is refused on the way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select, update

from factories import Factory
from models import Actor, Complaint, DepartmentTask, Proposal, Staff, StepTaken, acting_as, db
from models.centre import find_centre
from models.complaint import Cause, FaultDegree, Step, VerifiedBy
from models.complaint_procedure import (
    open_proposal,
    possible,
    register,
    take,
)
from models.complaint_transitions import TRANSITIONS
from models.deadline import open_deadlines
from models.deadline_rule import DeadlineKind
from models.organisation import Role
from models.proposal import DecidedAs, Remedy
from models.refused_step import RefusedStepError
from models.sight import actor_for
from models.step_taken import Move

GIVEN: dict[Move, dict[str, Any]] = {
    Move.VERIFY: {"verified_by": VerifiedBy.PHONE, "fault": "减震漏油"},
    Move.ANSWER_ON_THE_SPOT: {
        "verified_by": VerifiedBy.PHONE,
        "cause": Cause.WRONG_USE,
        "spot_answer": "充电前先关电源",
    },
    Move.ANALYSE: {"cause": Cause.POOR_QUALITY, "fault_degree": FaultDegree.FULLY, "analysis": "油封质量差"},
    Move.PROPOSE: {"remedies": [Remedy.REPAIR.value], "value": Decimal(80), "details": "更换左前减震"},
    Move.APPROVE: {"decision_reason": None},
    Move.REFUSE: {"decision_reason": "先查批次"},
    Move.TELL: {"told_by": VerifiedBy.PHONE},
    Move.AGREE: {"reply": "同意", "no_agreement_because": "电话同意，协议随后寄回"},
    Move.DECLINE: {"reply": "要求换车"},
    Move.WITHDRAW: {"remark": "金额写错"},
    Move.CARRY_OUT: {"remark": None},
    Move.CONFIRM: {"confirmed_by": VerifiedBy.PHONE, "satisfaction": 5, "confirmation": None},
    Move.REJECT: {"confirmed_by": VerifiedBy.PHONE, "satisfaction": 1, "confirmation": "仍漏油"},
    Move.REOPEN: {"remark": "客户再次来电"},
}


class Office:
    """A small centre: a handler, a colleague, a supervisor, and a complaint."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self.handler = make.staff(Role.CLERK)
        self.colleague = make.staff(Role.CLERK)
        self.supervisor = make.staff(Role.SUPERVISOR)
        self.rule()
        self.complaint_id = make.complaint(responsible_id=self.handler.id).id
        make.session.commit()

    def rule(self, **values: Any) -> None:
        wanted = {
            "fault_degree": FaultDegree.FULLY,
            "remedies": [Remedy.REPAIR.value, Remedy.GIFT.value],
            "value_most": Decimal(100),
        }
        self.make.compensation_rule(**wanted | values)

    @contextmanager
    def acting(self, who: Staff) -> Iterator[Complaint]:
        with acting_as(actor_for(db.session.get_one(Staff, who.id))):
            yield db.session.get_one(Complaint, self.complaint_id, populate_existing=True)

    def take(self, move: Move, who: Staff | None = None, **given: Any) -> StepTaken:
        with self.acting(who or self.who(move)) as complaint:
            taken = take(complaint, move, GIVEN[move] | given, seen_version=complaint.version)
            db.session.commit()
            return taken

    def who(self, move: Move) -> Staff:
        if move in (Move.APPROVE, Move.REFUSE, Move.REOPEN):
            return self.supervisor
        return self.colleague if move in (Move.CONFIRM, Move.REJECT) else self.handler

    def go(self, *moves: Move) -> None:
        for move in moves:
            if move is Move.CARRY_OUT:
                self.finish_tasks()
            self.take(move)

    def finish_tasks(self) -> None:
        for task in db.session.scalars(select(DepartmentTask)):
            task.report, task.state = "已完成", "done"
        db.session.commit()

    @property
    def step(self) -> Step:
        return db.session.scalars(select(Complaint.step).where(Complaint.id == self.complaint_id)).one()

    def proposal(self) -> Proposal:
        newest = select(Proposal).order_by(Proposal.id.desc()).limit(1)
        return db.session.scalars(newest.execution_options(populate_existing=True)).one()


@pytest.fixture
def office(in_app: Flask) -> Iterator[Office]:
    # The session in which the steps are taken: two of them would cut each other's savepoints.
    make = Factory(db.session())
    make.department(code="service")
    with force_locale("en"):
        yield Office(make)


TO_PROPOSAL = (Move.VERIFY, Move.ANALYSE, Move.PROPOSE)
TO_AGREEMENT = (*TO_PROPOSAL, Move.APPROVE, Move.TELL, Move.AGREE)
TO_THE_END = (*TO_AGREEMENT, Move.CARRY_OUT, Move.CONFIRM)


@pytest.mark.parametrize(
    ("moves", "ends_at"),
    [
        (TO_THE_END, Step.CONFIRMED),
        ((Move.ANSWER_ON_THE_SPOT, Move.CONFIRM), Step.CONFIRMED),
        ((*TO_PROPOSAL, Move.REFUSE, Move.PROPOSE, Move.APPROVE), Step.PROPOSED),
        ((*TO_PROPOSAL, Move.REFUSE, Move.ANALYSE), Step.ANALYSED),
        ((*TO_PROPOSAL, Move.WITHDRAW, Move.PROPOSE), Step.PROPOSED),
        ((*TO_PROPOSAL, Move.APPROVE, Move.DECLINE, Move.PROPOSE, Move.APPROVE, Move.AGREE), Step.AGREED),
        ((*TO_PROPOSAL, Move.APPROVE, Move.DECLINE, Move.ANALYSE, Move.PROPOSE), Step.PROPOSED),
        ((*TO_AGREEMENT, Move.CARRY_OUT, Move.REJECT, Move.ANALYSE, Move.PROPOSE), Step.PROPOSED),
        ((*TO_THE_END, Move.REOPEN, Move.PROPOSE), Step.PROPOSED),
    ],
)
def test_each_way_leads_where_it_should(office: Office, moves: tuple[Move, ...], ends_at: Step) -> None:
    office.go(*moves)
    assert office.step is ends_at


def test_every_step_says_who_took_it_and_from_where(office: Office) -> None:
    office.go(*TO_THE_END)
    taken = db.session.scalars(select(StepTaken).order_by(StepTaken.id)).all()
    assert [each.move for each in taken] == list(TO_THE_END)
    assert [each.created_by_id for each in taken] == [office.who(move).id for move in TO_THE_END]
    assert all(one.to_step == following.from_step for one, following in pairwise(taken))


def test_an_answer_on_the_spot_records_what_it_leaps_over(office: Office) -> None:
    office.go(Move.ANSWER_ON_THE_SPOT)
    taken = db.session.scalars(select(StepTaken).order_by(StepTaken.id)).all()
    assert [each.to_step for each in taken] == [Step.VERIFIED, Step.ANALYSED, Step.CARRIED_OUT]
    assert db.session.scalars(select(Proposal)).all() == []


def test_who_is_not_satisfied_is_counted_as_reopened(office: Office) -> None:
    office.go(*TO_AGREEMENT, Move.CARRY_OUT, Move.REJECT)
    complaint = db.session.get_one(Complaint, office.complaint_id, populate_existing=True)
    assert (complaint.step, complaint.times_reopened, complaint.carried_out_at) == (Step.ANALYSED, 1, None)


def test_an_agreement_writes_a_task_for_each_department_concerned(office: Office) -> None:
    warehouse, marketing = office.make.department(code="warehouse"), office.make.department(code="marketing")
    office.rule(fault_degree=FaultDegree.PARTLY, remedies=[Remedy.GOODS.value, Remedy.GIFT.value])
    office.go(Move.VERIFY)
    office.take(Move.ANALYSE, fault_degree=FaultDegree.PARTLY)
    office.take(Move.PROPOSE, remedies=[Remedy.GOODS.value, Remedy.GIFT.value, Remedy.EXPLANATION.value])
    with pytest.raises(RefusedStepError, match="beyond"):
        office.take(Move.APPROVE)
    administrator = office.make.staff(Role.ADMINISTRATOR)
    office.take(Move.APPROVE, administrator)
    office.go(Move.AGREE)
    tasks = db.session.scalars(select(DepartmentTask).order_by(DepartmentTask.id)).all()
    assert {(task.remedy, task.department_id) for task in tasks} == {
        (Remedy.GOODS, warehouse.id),
        (Remedy.GIFT, marketing.id),
    }
    assert all("更换左前减震" in task.what for task in tasks)


def test_it_is_not_carried_out_while_a_task_is_open(office: Office) -> None:
    office.go(*TO_AGREEMENT)
    with pytest.raises(RefusedStepError, match="still open"):
        office.take(Move.CARRY_OUT)
    office.finish_tasks()
    office.take(Move.CARRY_OUT)
    assert office.step is Step.CARRIED_OUT


def test_each_step_settles_what_it_did_and_starts_what_is_due_next(office: Office) -> None:
    with office.acting(office.handler) as complaint:
        register(complaint)
        db.session.commit()
    due = {}
    for move in TO_THE_END:
        office.go(move)
        with office.acting(office.handler) as complaint:
            due[move] = {each.kind for each in open_deadlines(complaint)}
            if move is Move.TELL:
                assert all(each.paused_at for each in open_deadlines(complaint))
            else:
                assert not any(each.paused_at for each in open_deadlines(complaint))
    kinds = DeadlineKind
    assert due == {
        Move.VERIFY: {kinds.SOLVED},
        Move.ANALYSE: {kinds.SOLVED},
        Move.PROPOSE: {kinds.SOLVED, kinds.DECISION},
        Move.APPROVE: {kinds.SOLVED, kinds.TELL_CUSTOMER},
        Move.TELL: {kinds.SOLVED},
        Move.AGREE: {kinds.CARRIED_OUT},
        Move.CARRY_OUT: {kinds.CONFIRMED},
        Move.CONFIRM: set(),
    }


def test_nobody_decides_about_an_own_proposal(office: Office) -> None:
    office.go(Move.VERIFY, Move.ANALYSE)
    office.take(Move.PROPOSE, office.supervisor)
    with pytest.raises(RefusedStepError, match="of his or her own"):
        office.take(Move.APPROVE)
    with office.acting(office.supervisor) as complaint:
        actor = actor_for(office.supervisor)
        moves = {each.move for each in possible(complaint, open_proposal(complaint), actor)}
    assert moves == {Move.WITHDRAW}


def test_the_database_too_keeps_people_from_their_own_proposals(office: Office) -> None:
    office.go(*TO_PROPOSAL)
    with pytest.raises(Exception, match="ck_proposal_own_proposal"):
        db.session.execute(
            update(Proposal).values(
                state="approved", decided_at=office.proposal().created_at, decided_by_id=office.handler.id
            )
        )


def test_in_a_small_centre_the_next_higher_position_decides(office: Office) -> None:
    make = office.make
    director = make.position()
    manager = make.position(parent_id=director.id)
    office.supervisor.position_id = manager.id
    boss = make.staff(Role.AUDITOR, position_id=director.id)
    make.session.commit()
    office.go(Move.VERIFY, Move.ANALYSE)
    office.take(Move.PROPOSE, office.supervisor)
    with pytest.raises(RefusedStepError, match="may not decide"):
        office.take(Move.APPROVE, office.colleague)
    office.take(Move.APPROVE, boss)
    assert office.proposal().decided_as is DecidedAs.HIGHER_POSITION


def test_where_nobody_stands_higher_an_administrator_decides_and_the_record_says_so(office: Office) -> None:
    office.go(Move.VERIFY, Move.ANALYSE)
    office.take(Move.PROPOSE, office.supervisor)
    office.take(Move.APPROVE, office.make.staff(Role.ADMINISTRATOR))
    assert office.proposal().decided_as is DecidedAs.ADMINISTRATOR


def test_beyond_the_rules_holders_of_the_position_named_decide(office: Office) -> None:
    position = office.make.position()
    office.rule(fault_degree=FaultDegree.PARTLY, position_id=position.id)
    office.go(Move.VERIFY)
    office.take(Move.ANALYSE, fault_degree=FaultDegree.PARTLY)
    office.take(Move.PROPOSE, value=Decimal("100.01"))
    with pytest.raises(RefusedStepError, match="goes beyond"):
        office.take(Move.APPROVE)
    office.take(Move.APPROVE, office.make.staff(Role.SUPERVISOR, position_id=position.id))
    assert office.proposal().decided_as is DecidedAs.HIGHER_POSITION


def test_who_handled_it_does_not_ask_whether_the_customer_is_satisfied(office: Office) -> None:
    office.go(*TO_AGREEMENT, Move.CARRY_OUT)
    with pytest.raises(RefusedStepError, match="A colleague does"):
        office.take(Move.CONFIRM, office.handler)
    find_centre().is_confirmed_by_other = False
    db.session.commit()
    office.take(Move.CONFIRM, office.handler)
    assert office.step is Step.CONFIRMED


@pytest.mark.parametrize("move", [move for move in TRANSITIONS if TRANSITIONS[move].needs])
def test_what_a_step_needs_must_be_given(office: Office, move: Move) -> None:
    ways: dict[Move, tuple[Move, ...]] = {
        Move.ANALYSE: (Move.VERIFY,),
        Move.PROPOSE: (Move.VERIFY, Move.ANALYSE),
        Move.REFUSE: TO_PROPOSAL,
        Move.TELL: (*TO_PROPOSAL, Move.APPROVE),
        Move.DECLINE: (*TO_PROPOSAL, Move.APPROVE),
        Move.CONFIRM: (*TO_AGREEMENT, Move.CARRY_OUT),
        Move.REJECT: (*TO_AGREEMENT, Move.CARRY_OUT),
        Move.REOPEN: TO_THE_END,
    }
    office.go(*ways.get(move, ()))
    for name in TRANSITIONS[move].needs:
        with pytest.raises(RefusedStepError) as refused:
            office.take(move, **{name: None})
        assert refused.value.field == name
        db.session.rollback()


@pytest.mark.parametrize("move", list(TRANSITIONS))
def test_a_step_that_is_not_at_hand_is_refused_and_changes_nothing(office: Office, move: Move) -> None:
    at_hand = {Move.VERIFY, Move.ANSWER_ON_THE_SPOT}
    if move in at_hand:
        office.go(Move.VERIFY)
    before = office.step
    with pytest.raises(RefusedStepError, match="gone on"):
        office.take(move)
    assert office.step is before


def test_of_two_who_take_a_step_at_once_one_is_refused(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        office = Office(Factory(db.session()))
        people = [actor_for(office.handler), actor_for(office.colleague)]
        key = office.complaint_id
    both_have_read = Barrier(2)

    def take_it(actor: Actor) -> str:
        with fresh_app.app_context(), acting_as(actor):
            complaint = db.session.get_one(Complaint, key)
            seen = complaint.version
            both_have_read.wait()
            try:
                take(complaint, Move.VERIFY, GIVEN[Move.VERIFY], seen_version=seen)
                db.session.commit()
            except RefusedStepError:
                db.session.rollback()
                return "refused"
            return "taken"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take_it, people)) == ["refused", "taken"]
    with fresh_app.app_context():
        assert len(db.session.scalars(select(StepTaken)).all()) == 1


def test_a_customer_is_told_once(office: Office) -> None:
    office.go(*TO_PROPOSAL, Move.APPROVE, Move.TELL)
    with pytest.raises(RefusedStepError, match="told already"):
        office.take(Move.TELL)


def test_only_who_proposed_withdraws(office: Office) -> None:
    office.go(*TO_PROPOSAL)
    with pytest.raises(RefusedStepError, match="Only who proposed"):
        office.take(Move.WITHDRAW, office.supervisor)
    office.take(Move.WITHDRAW)
    assert open_proposal(db.session.get_one(Complaint, office.complaint_id)) is None


@pytest.mark.parametrize("role", [Role.WAREHOUSE_KEEPER, Role.AUDITOR])
def test_who_may_only_read_takes_no_step(office: Office, role: Role) -> None:
    with pytest.raises(RefusedStepError, match="may not take"):
        office.take(Move.VERIFY, office.make.staff(role))
