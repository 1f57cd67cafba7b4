# ruff: noqa: ARG002 - the server passes what it passes
"""The fault plan of the mail: processes, engines and the mail server fail as told.

The oracle is the mail server of the tests, which writes each message to disk before it answers. Whatever
stands in the database is held against that.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from mortal import CLOCK_POINTS, DIGEST_POINTS, SEND_POINTS, SEND_SECONDS
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from config import Settings
from conftest import environ_of
from factories import Factory
from mail_server import Sink
from models import Delivery, Digest, db
from models.digest import DeliveryState
from processes import is_gone, wait_until
from server_process import Server

ROOT = Path(__file__).parents[2]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
OPEN = frozenset({DeliveryState.PENDING, DeliveryState.SENDING})
# What the mail server does with whom, by the beginning of the address; one of each in so many departments.
BAD = ("r421", "r451", "r550", "d451", "d552", "drop", "hang")
PATIENCE_SECONDS = 6.0
# Whatever died, the mails go on within so long.
GOES_ON_SECONDS = 120.0
# So much work lies there at any moment, that nobody who is to die waits for it.
WAITING_LEAST = 12
T = TypeVar("T")


class FaultySink(Sink):
    """Answer as the address asks: refused, for now or for good, or cut off or silent after the message."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tries: Counter[str] = Counter()
        self.done: Counter[str] = Counter()

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        kind = address.partition(".")[0]
        self.tries[address] += 1
        refusals = {"r421": "421 closing", "r550": "550 5.1.1 no such user"}
        if kind == "r451" and self.tries[address] <= 2:
            refusals[kind] = "451 greylisted"
        if kind in refusals:
            self.done[kind] += 1
            return refusals[kind]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        address = envelope.rcpt_tos[0]
        kind = address.partition(".")[0]
        if kind == "d552" or (kind == "d451" and self.tries[address] <= 2):
            self.done[kind] += 1
            return {"d552": "552 too much", "d451": "451 busy"}[kind]
        self._keep(envelope)
        if kind in ("drop", "hang"):
            self.done[kind] += 1
        if kind == "hang":
            await asyncio.sleep(SEND_SECONDS * 2)
        if kind == "drop":
            server.transport.abort()
        return "250 taken"


@dataclass
class Dose:
    """How much of each fault; `points` is how often a process dies at each point."""

    points: int
    at_random: int
    databases: int
    queues_killed: int
    queues_flushed: int
    # Recipients of each kind of bad answer.
    bad: int
    seed: int = 1


@dataclass
class Result:
    """What was done, and what became of the mails."""

    deaths: Counter[str] = field(default_factory=Counter)
    killed_at_random: int = 0
    states: Counter[DeliveryState] = field(default_factory=Counter)
    # Invariants that do not hold, in words; none if all is well.
    broken: list[str] = field(default_factory=list)


@contextmanager
def nursery(settings: Settings) -> Iterator[Callable[[str, str | None, Path], int]]:
    """Run the program that forks workers and clocks; yield how to ask for one."""
    environ = os.environ | environ_of(settings) | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "jobs" / "mortal.py")],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        into, out = process.stdin, process.stdout

        def ask(what: str, point: str | None, log: Path) -> int:
            into.write(json.dumps({"what": what, "point": point, "nth": 1, "log": str(log)}) + "\n")
            into.flush()
            return int(out.readline())

        try:
            yield ask
        finally:
            process.kill()


@dataclass
class Slot:
    """One process at a time, and who is to die in it next: a point, or None for any moment."""

    what: str
    deaths: list[str | None]
    pid: int = 0
    point: str | None = None
    until: float = 0.0


class FaultPlan:
    """Run processes that die one after the other, over engines that fail, until every mail has its end."""

    def __init__(self, app: Flask, sink: FaultySink, folder: Path, dose: Dose) -> None:
        self.app, self.sink, self.dose = app, sink, dose
        self.log = folder / "deaths"
        self.log.touch()
        self.random = random.Random(dose.seed)
        self.expected: set[str] = set()
        self.result = Result()
        self.outages: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Make the recipients of bad answers, and the first work of all."""
        self._feed(bad=self.dose.bad)
        self._feed()

    def slots(self) -> list[Slot]:
        """Return three workers and two clocks with their deaths."""
        points: list[str | None] = [*DIGEST_POINTS, *SEND_POINTS] * self.dose.points
        ticks: list[str | None] = [*CLOCK_POINTS] * self.dose.points
        points += [None] * (self.dose.at_random * 2 // 3)
        ticks += [None] * (self.dose.at_random - self.dose.at_random * 2 // 3)
        self.random.shuffle(points)
        self.random.shuffle(ticks)
        shared = [("worker", points[0::3]), ("worker", points[1::3]), ("worker", points[2::3])]
        return [Slot(*each) for each in (*shared, ("clock", ticks[0::2]), ("clock", ticks[1::2]))]

    def run(self, ask: Callable[[str, str | None, Path], int]) -> Result:
        """Let all of it happen, then let the panel come to rest; return what was found."""
        slots = self.slots()
        total = sum(len(slot.deaths) for slot in slots)
        outages = len(self.outages)
        # Without a clock nobody finds what to do: one that nobody kills ticks beside those that die.
        calm = ask("clock", None, self.log)
        while any(slot.pid or slot.deaths for slot in slots):
            for slot in slots:
                self._attend(slot, ask)
            left = sum(len(slot.deaths) for slot in slots)
            # Spread over the whole run.
            while self.outages and total - left > total * (outages - len(self.outages) + 1) / (outages + 1):
                self.outages.pop(0)()
            self._feed()
            time.sleep(0.02)
        _kill(calm)
        pids = [ask(what, None, self.log) for what in ("worker", "worker", "worker", "clock", "clock")]
        if not self._comes_to_rest():
            self.result.broken.append(f"not at rest: {self._states()}")
        for pid in pids:
            _kill(pid)
        self._judge()
        return self.result

    def _comes_to_rest(self) -> bool:
        """Wait while anything goes on, however long a busy machine takes; tell whether all came to an end."""
        while OPEN & set(self._states()) or not self._is_all_made():
            before = self._course()
            if not wait_until(partial(self._has_moved, before), GOES_ON_SECONDS):
                return False
        return True

    def _has_moved(self, before: object) -> bool:
        return self._course() != before

    def _course(self) -> tuple[object, ...]:
        """Return what changes with each step of any mail."""
        figures = select(func.count(Delivery.id), func.sum(Delivery.attempts), func.max(Delivery.claimed_at))
        return (*_again(lambda: db.session.execute(figures).one()), self._states())

    def _attend(self, slot: Slot, ask: Callable[[str, str | None, Path], int]) -> None:
        if slot.pid:
            if not is_gone(slot.pid) and time.monotonic() < slot.until:
                return
            if not is_gone(slot.pid):
                # Any moment is as good; also where the point was not come to in time.
                self.result.killed_at_random += 1
                _kill(slot.pid)
            slot.pid = 0
        if slot.deaths:
            slot.point = slot.deaths.pop()
            slot.pid = ask(slot.what, slot.point, self.log)
            patience = PATIENCE_SECONDS if slot.point else self.random.uniform(0.1, 1.2)
            slot.until = time.monotonic() + patience

    def _feed(self, bad: int = 0) -> None:
        """See that there is work: departments whose digest is due, and the recipients of bad answers."""

        def add() -> None:
            make = Factory(db.session)
            names = [[f"{kind}.{number}@example.com" for kind in BAD] for number in range(bad)]
            ended = db.session.scalar(select(func.count(Delivery.id)).where(Delivery.state.not_in(OPEN))) or 0
            if not bad and len(self.expected) - ended < WAITING_LEAST:
                serial = len(self.expected)
                names.append([f"ok.{serial}.{number}@example.com" for number in range(4)])
            for number, addresses in enumerate(names):
                department = make.department(f"f{len(self.expected)}-{number}", created_at=LONG_AGO)
                for address in addresses:
                    make.digest_recipient(department, email=address)
            db.session.commit()
            self.expected.update(address for addresses in names for address in addresses)

        _again(add)

    def _states(self) -> Counter[DeliveryState]:
        return _again(lambda: Counter(db.session.scalars(select(Delivery.state)).all()))

    def _is_all_made(self) -> bool:
        made = _again(lambda: db.session.scalar(select(func.count(Delivery.id))))
        return made is not None and made >= len(self.expected)

    def _judge(self) -> None:
        """Hold the rows against the files of the mail server."""
        self.result.deaths = Counter(self.log.read_text().split())
        rows = _again(lambda: db.session.execute(select(Delivery.recipient, Delivery.state)).all())
        self.result.states = Counter(state for _recipient, state in rows)
        states = {recipient: state for recipient, state in rows}  # noqa: C416 - a row is no pair
        taken, broken = Counter(self.sink.recipients()), self.result.broken
        made = _again(lambda: db.session.execute(select(Digest.department_id, Digest.iso_week)).all())
        kills = self.result.deaths.total() + self.result.killed_at_random
        cut = self.sink.done["drop"] + self.sink.done["hang"] + 3 * self.dose.databases
        ended = {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN}
        for what, is_so in {
            "a digest was made twice": len(made) == len(set(made)),
            "a recipient has no row, or two": sorted(row.recipient for row in rows) == sorted(self.expected),
            "a mail has no end": set(states.values()) <= ended,
            "somebody got it twice": all(count == 1 for count in taken.values()),
            "somebody got it and nobody knows": all(
                states[each] in (DeliveryState.SENT, DeliveryState.UNKNOWN) for each in taken
            ),
            "a mail is called sent that was not": all(
                each in taken for each, state in states.items() if state is DeliveryState.SENT
            ),
            "more uncertain ones than cuts": self.result.states[DeliveryState.UNKNOWN] <= kills + cut,
            "a refusal for good is no failure": all(
                state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)
                for each, state in states.items()
                if each.startswith(("r550", "d552", "r421"))
            ),
            "tried more than eight times": _most_attempts() <= 8,
        }.items():
            if not is_so:
                broken.append(what)


def kill_and_restart(server: Server) -> None:
    """Kill an engine with -9 and start it again."""
    os.kill(server.pid, signal.SIGKILL)
    server.restart()


def flush(url: str) -> None:
    """Let the queue lose everything it holds."""
    with suppress(RedisError), Redis.from_url(url) as connection:
        connection.flushall()


def mixed(outages: Sequence[tuple[Callable[[], None], int]], seed: int) -> list[Callable[[], None]]:
    """Return each outage as often as said, in an order of chance."""
    found = [outage for outage, times in outages for _ in range(times)]
    random.Random(seed).shuffle(found)
    return found


def _most_attempts() -> int:
    return _again(lambda: db.session.scalar(select(func.max(Delivery.attempts)))) or 0


def _again(ask: Callable[[], T]) -> T:
    """Ask the database, which may be away just now."""
    for _ in range(200):
        try:
            db.session.rollback()
            answer = ask()
            db.session.rollback()
        except DBAPIError:
            db.session.remove()
            time.sleep(0.1)
        else:
            return answer
    raise AssertionError("the database does not come back")


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: is_gone(pid))
