"""A year of complaints, its time moved by the test: every deadline right, every late one passed on once."""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import structlog
from flask import Flask
from sqlalchemy import select, update
from test_complaint_procedure import GIVEN
from year_course import Case, draw_cases, ticks
from year_oracle import CHANGED_RULES, DAY, Clock, Oracle

from conftest import count_queries
from factories import Factory
from jobs import reminders
from models import Actor, Complaint, DepartmentTask, Proposal, Staff, acting_as, base, db
from models.announced_holidays import announced_days
from models.complaint import Severity
from models.complaint_procedure import keep_time, register, take
from models.complaint_transitions import TRANSITIONS
from models.deadline import Deadline, resume_overlong
from models.deadline_rule import Counting, DeadlineKind, DeadlineRule
from models.department_task import TaskState
from models.holiday import Holiday
from models.organisation import Role
from models.proposal import OPEN_STATES
from models.reminding import Reminder, Stage, tell_of_deadlines
from models.sight import actor_for
from models.step_taken import Move

ZONE = ZoneInfo("Asia/Shanghai")
HANDLERS = 4
# Stage, case, kind, person.
Told = tuple[str, int, str, int]


def instant(local: datetime | None) -> datetime | None:
    return None if local is None else local.replace(tzinfo=ZONE)


class Centre:
    """Two regions, each with handlers, an agent and a supervisor; a chief above; all by their ids."""

    def __init__(self, make: Factory) -> None:
        """Make everybody, and send people away around the holidays."""
        self.handlers: list[list[int]] = []
        self.agents: list[int] = []
        self.supervisors: list[int] = []
        self.customers: list[int] = []
        self.regions: list[int] = []
        # Who is away, from and to, and who stands in.
        self.away: list[tuple[int, date, date, int]] = []
        make.department(code="service")
        make.compensation_rule(fault_degree="fully", remedies=["repair"], value_most=100)
        self.subject_id = make.subject().id
        top = make.position().id
        position = make.position(parent_id=top).id
        self.manager = make.staff(position_id=top).id
        self.chief = make.staff(Role.SUPERVISOR).id
        for _region in range(2):
            self._add_region(make, position)
        for starts, days in ((date(2025, 4, 28), 9), (date(2025, 9, 29), 16), (date(2025, 12, 29), 10)):
            absences = [(self.manager, starts, self.chief)]
            for n, people in enumerate(self.handlers):
                absences += [
                    (people[0], starts + n * DAY, people[1]),
                    # Away together with the one who stands in.
                    (people[2], starts + 4 * DAY, people[0]),
                    (self.supervisors[n], starts + (3 + n) * DAY, self.chief),
                ]
            for who, first, substitute in absences:
                last = first + days * DAY
                make.absence(staff_id=who, substitute_id=substitute, starts_on=first, ends_on=last)
                self.away.append((who, first, last, substitute))
        acting = [self.chief, *(each for people in self.handlers for each in people)]
        self.actors = {key: actor_for(db.session.get_one(Staff, key)) for key in acting}

    def _add_region(self, make: Factory, position_id: int) -> None:
        region = make.region()
        people = [make.staff(Role.CLERK, region=region, position_id=position_id) for _n in range(HANDLERS)]
        self.handlers.append([each.id for each in people])
        self.regions.append(region.id)
        self.agents.append(make.staff(Role.FOLLOW_UP_AGENT, region=region).id)
        self.supervisors.append(make.staff(Role.SUPERVISOR, region=region).id)
        customer = make.customer(region_id=region.id, responsible_id=self.agents[-1])
        self.customers.append(customer.id)

    def in_place_of(self, person: int, day: date) -> int:
        found = (sub for who, first, last, sub in self.away if who == person and first <= day <= last)
        return next(found, person)

    def told(self, stage: str, clock: Clock, case: Case, day: date) -> set[int]:
        """Return who has to be told, as the procedure says it."""
        supervisor = self.supervisors[case.region]
        above = {supervisor, self.in_place_of(supervisor, day)}
        if stage == "escalated":
            return above | {self.manager, self.in_place_of(self.manager, day)}
        if clock.kind == "decision":
            return above
        if clock.kind == "confirmed":
            return {self.in_place_of(self.agents[case.region], day)} if case.has_customer else above
        return {self.in_place_of(self.handlers[case.region][case.handler], day)}

    def actor(self, case: Case, move: Move) -> Actor:
        """Return who takes a step: the handler, but for what others must do."""
        if move in (Move.APPROVE, Move.REFUSE, Move.REOPEN):
            return self.actors[self.chief]
        is_other = move in (Move.CONFIRM, Move.REJECT)
        return self.actors[self.handlers[case.region][(case.handler + is_other) % HANDLERS]]


class Year:
    """Takes the steps with the panel and with the oracle alike, and lets the clock tick."""

    def __init__(self, centre: Centre, cases: list[Case], *, is_whole: bool) -> None:
        self.centre, self.cases, self.oracle, self.is_whole = centre, cases, Oracle(), is_whole
        self.keys: dict[int, int] = {}
        self.numbers: dict[int, int] = {}
        self.present = datetime(2025, 1, 1, tzinfo=ZONE)
        self.heard: list[dict[int, list[Reminder]]] = []
        self.mails: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.escalated: Counter[tuple[int, str, datetime]] = Counter()
        self.queries: list[int] = []

    def step(self, case: Case, move: Move, at: datetime) -> None:
        self.present = at.replace(tzinfo=ZONE)
        self.oracle.move(case.number, move, at, is_urgent=case.is_urgent)
        with acting_as(self.centre.actor(case, move)):
            if move is Move.REGISTER:
                self.register(case)
            elif self.is_whole:
                self.take(case, move)
            else:
                self.keep_time(case, move)

    def take(self, case: Case, move: Move) -> None:
        if move is Move.CARRY_OUT:
            self.finish_tasks(case)
        complaint = db.session.get_one(Complaint, self.keys[case.number])
        take(complaint, move, GIVEN[move], seen_version=complaint.version)

    def keep_time(self, case: Case, move: Move) -> None:
        """Do what a step does to the clocks alone: a year of whole ones takes too long."""
        complaint = db.session.get_one(Complaint, self.keys[case.number])
        transition = TRANSITIONS[move]
        complaint.step = transition.target
        if move is Move.PROPOSE:
            offer = GIVEN[move] | {"complaint_id": complaint.id, "region_id": complaint.region_id}
            db.session.add(Proposal(responsible_id=complaint.responsible_id, **offer))
        elif transition.becomes is not None:
            mine = Proposal.complaint_id == complaint.id
            changed = update(Proposal).where(mine, Proposal.state.in_(OPEN_STATES))
            values = {"state": transition.becomes}
            if move in (Move.APPROVE, Move.REFUSE):
                values |= {"decided_at": self.present, "decided_by_id": self.centre.chief}
                values |= GIVEN[move]
            db.session.execute(changed.values(values))
        keep_time(complaint, transition, self.present)

    def register(self, case: Case) -> None:
        row = Complaint(
            subject_id=self.centre.subject_id,
            customer_id=self.centre.customers[case.region] if case.has_customer else None,
            customer_name="张三",
            description="电机异响",
            severity=Severity.SEVERE if case.is_urgent else Severity.NORMAL,
            region_id=self.centre.regions[case.region],
            responsible_id=self.centre.handlers[case.region][case.handler],
            registered_at=self.present,
        )
        db.session.add(row)
        db.session.flush()
        self.keys[case.number], self.numbers[row.id] = row.id, case.number
        register(row)

    def finish_tasks(self, case: Case) -> None:
        mine = DepartmentTask.complaint_id == self.keys[case.number]
        done = {"state": TaskState.DONE, "report": "已完成", "done_at": self.present}
        db.session.execute(
            update(DepartmentTask).where(mine, DepartmentTask.state == TaskState.OPEN).values(done)
        )

    def tick(self, app: Flask, at: datetime) -> None:
        """Tick as the clock does, and hold what people are told to what the oracle says."""
        self.present = at.replace(tzinfo=ZONE)
        with count_queries(app) as statements:
            resume_overlong(self.present)
            db.session.commit()
            deliveries = reminders.remind(self.present)
            db.session.commit()
        self.queries.append(len(statements))
        self.mails.update(each.recipient for each in deliveries)
        heard = [(person, each) for person, found in self.heard.pop().items() for each in found]
        told = {
            (each.stage.value, self.numbers[each.row_id], each.kind.value, person) for person, each in heard
        }
        # However many people are told of it, it is one.
        self.escalated.update(
            {
                (self.numbers[each.row_id], each.kind.value, each.due_at)
                for _person, each in heard
                if each.stage is Stage.ESCALATED
            }
        )
        expected: set[Told] = set()
        for stage, clock in self.oracle.tick(at):
            case = self.cases[clock.case]
            people = self.centre.told(stage, clock, case, at.date())
            expected |= {(stage, clock.case, clock.kind, person) for person in people}
        self.wrong += [f"{at}: missing {each}" for each in sorted(expected - told)]
        self.wrong += [f"{at}: too much {each}" for each in sorted(told - expected)]
        db.session.expunge_all()

    def run(self, app: Flask, first: date, last: date, every: int) -> None:
        steps = sorted(
            (at, case.number, n, move) for case in self.cases for n, (at, move) in enumerate(case.steps)
        )
        done = 0
        for at in ticks(first, last, every):
            while done < len(steps) and steps[done][0] <= at:
                when, number, _n, move = steps[done]
                self.step(self.cases[number], move, when)
                done += 1
            self.tick(app, at)

    def check_deadlines(self) -> int:
        """Hold every stored deadline to the oracle's; return how many there are."""
        rows = db.session.execute(
            select(Deadline, DeadlineRule.valid_from)
            .join(DeadlineRule, DeadlineRule.id == Deadline.rule_id)
            .execution_options(yield_per=500)
        )
        found = {
            (self.numbers[row.complaint_id], row.kind.value, row.started_at): (
                valid_from,
                row.due_at,
                row.settled_at,
                row.paused_at,
                row.paused_seconds,
                row.reminded_before_at,
                row.reminded_late_at,
                row.escalated_at,
            )
            for row, valid_from in rows
        }
        expected = {
            (each.case, each.kind, instant(each.started)): (
                each.rule.valid_from,
                *map(instant, (each.due, each.settled, each.still_since)),
                round(each.stood / timedelta(seconds=1)),
                *(instant(each.told.get(stage)) for stage in ("before", "late", "escalated")),
            )
            for each in self.oracle.clocks
        }
        keys = found.keys() | expected.keys()
        self.wrong += [
            f"{key}: {found.get(key)} is not {expected.get(key)}"
            for key in keys
            if found.get(key) != expected.get(key)
        ]
        return len(found)


@contextmanager
def moved_time(year: Year, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the panel's clock show the present of the year, and hear what people are told."""

    def hear(at: datetime) -> dict[int, list[Reminder]]:
        year.heard.append(tell_of_deadlines(at))
        return year.heard[-1]

    real = base.now
    with patch.context() as own:
        for name, module in list(sys.modules.items()):
            if name.startswith(("models.", "jobs.")) and getattr(module, "now", None) is real:
                own.setattr(module, "now", lambda: year.present)
        own.setattr(reminders, "tell_of_deadlines", hear)
        yield


def add_calendar_and_rules() -> None:
    for number in (2025, 2026):
        db.session.add_all(
            Holiday(falls_on=each.day, kind=each.kind, name=each.name) for each in announced_days(number)
        )
    for kind, valid_from, given, counting, still in CHANGED_RULES:
        rule = DeadlineRule(kind=DeadlineKind(kind), valid_from=valid_from, time_given=given)
        rule.counting, rule.pause_days_most = Counting(counting), still
        db.session.add(rule)
    db.session.commit()


def simulate(
    app: Flask, patch: pytest.MonkeyPatch, number: int, first: date, last: date, every: int, *, is_whole: bool
) -> tuple[Year, dict[str, float]]:
    """Run complaints that come in between two days, and let the clock tick for some weeks more."""
    add_calendar_and_rules()
    cases = draw_cases(20261001, number, first, last, HANDLERS)
    year = Year(Centre(Factory(db.session())), cases, is_whole=is_whole)
    began = time.monotonic()
    with moved_time(year, patch):
        year.run(app, first, last + (42 if number > 100 else 10) * DAY, every)
    checked = year.check_deadlines()
    clocks = year.oracle.clocks
    late = [
        each
        for each in clocks
        if "late" in each.told or (each.settled is not None and each.settled > each.due)
    ]
    figures = {
        "complaints": len(year.keys),
        "deadlines": checked,
        "late": len(late),
        "reminded": sum("late" in each.told for each in clocks),
        "escalated": sum("escalated" in each.told for each in clocks),
        "stood still": sum(bool(each.stood) for each in clocks),
        "mails": sum(year.mails.values()),
        "mismatches": len(year.wrong),
        "ticks": len(year.queries),
        "queries a tick, mean": round(sum(year.queries) / len(year.queries), 1),
        "queries a tick, most": max(year.queries),
        "seconds": round(time.monotonic() - began),
        "peak memory in MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    # Once each, and of no deadline but those that the oracle calls late for long.
    assert set(year.escalated.values()) == {1}
    assert len(year.escalated) == figures["escalated"]
    return year, figures


@pytest.mark.parametrize(
    ("first", "last", "is_whole"),
    # Whole steps in one, the clocks alone in the other: the first take three times as long.
    [(date(2025, 9, 26), date(2025, 10, 12), True), (date(2025, 12, 26), date(2026, 1, 6), False)],
    ids=["national day", "end of the year"],
)
def test_some_weeks_around_holidays_go_as_the_oracle_says(
    in_app: Flask, monkeypatch: pytest.MonkeyPatch, first: date, last: date, *, is_whole: bool
) -> None:
    year, figures = simulate(in_app, monkeypatch, 10, first, last, 12, is_whole=is_whole)
    assert year.wrong == []
    assert figures["deadlines"] > 20


@pytest.mark.faults
def test_a_year_of_3000_complaints_goes_as_the_oracle_says(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = date(2025, 3, 1), date(2026, 2, 28)
    with fresh_app.app_context():
        year, figures = simulate(fresh_app, monkeypatch, 3000, first, last, 12, is_whole=False)
    structlog.get_logger().info("year_simulated", **figures)
    assert year.wrong[:20] == []
    assert figures["complaints"] == 3000
    assert figures["escalated"] > 300
