"""How the complaints of a simulated year go: when they come in, and which steps are taken when."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from year_oracle import DAY, HOUR, MINUTE, WORKED_DAYS

from models.step_taken import Move

M = Move
# Hours until each step, from and to, as they go when nobody is late.
_HOURS: dict[Move, tuple[float, float]] = {
    M.VERIFY: (0, 23),
    M.ANSWER_ON_THE_SPOT: (0, 5),
    M.ANALYSE: (0.5, 14),
    M.PROPOSE: (0.2, 8),
    M.APPROVE: (0.1, 12),
    M.REFUSE: (0.1, 12),
    M.WITHDRAW: (0.1, 3),
    M.TELL: (0.1, 5),
    # The customer takes days, and often longer than the clock may stand still.
    M.AGREE: (1, 260),
    M.DECLINE: (1, 200),
    M.CARRY_OUT: (4, 140),
    M.CONFIRM: (4, 60),
    M.REJECT: (4, 60),
    M.REOPEN: (24, 600),
}
_SPOT, _LATE, _NEVER = 0.3, 0.18, 0.12
_SOLUTION = (M.PROPOSE, M.APPROVE, M.TELL, M.AGREE, M.CARRY_OUT)
# The times of a day at which something changes over.
_EDGES = (0, 1, 8 * 60 + 29, 8 * 60 + 30, 12 * 60, 13 * 60 + 30, 17 * 60 + 30, 23 * 60 + 59)


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint: what it is, and its steps, the registration first."""

    number: int
    region: int
    handler: int
    is_urgent: bool
    has_customer: bool
    steps: tuple[tuple[datetime, Move], ...]


def draw_cases(seed: int, number: int, first: date, last: date, handlers: int) -> list[Case]:
    """Invent complaints that come in between two days, of two regions with so many handlers each."""
    chance = random.Random(seed)
    days = [first + n * DAY for n in range((last - first).days + 1)]
    # Most come in while the office works, and some around each change of the calendar.
    edges = [day for day in days if (day in WORKED_DAYS) != (day + DAY in WORKED_DAYS)]
    cases = []
    for each in range(number):
        day = chance.choice(edges if chance.random() < 0.3 else days)
        minute = chance.choice(_EDGES) if chance.random() < 0.25 else chance.randrange(7 * 60, 21 * 60)
        at = datetime(day.year, day.month, day.day) + minute * MINUTE  # noqa: DTZ001 - local times
        cases.append(
            Case(
                each,
                chance.randrange(2),
                chance.randrange(handlers),
                chance.random() < 0.1,
                chance.random() < 0.7,
                tuple(_steps(chance, at)),
            )
        )
    return cases


def _steps(chance: random.Random, at: datetime) -> Iterator[tuple[datetime, Move]]:
    yield at, M.REGISTER
    for move in _moves(chance):
        if chance.random() < _NEVER / 2:
            return
        hours = chance.uniform(*_HOURS[move]) * (chance.uniform(2, 9) if chance.random() < _LATE else 1)
        at += max(round(hours * 60), 1) * MINUTE
        yield at, move


def _moves(chance: random.Random) -> Iterator[Move]:
    if chance.random() < _NEVER:
        return
    if chance.random() < _SPOT:
        yield M.ANSWER_ON_THE_SPOT
    else:
        yield from (M.VERIFY, M.ANALYSE)
        for detour in (M.REFUSE, M.WITHDRAW):
            if chance.random() < 0.1:
                yield from (M.PROPOSE, detour)
        if chance.random() < 0.12:
            yield from (M.PROPOSE, M.APPROVE, M.TELL, M.DECLINE)
        yield from _SOLUTION
    if chance.random() < 0.12:
        yield from (M.REJECT, M.ANALYSE, *_SOLUTION)
    yield M.CONFIRM
    if chance.random() < 0.08:
        yield from (M.REOPEN, *_SOLUTION, M.CONFIRM)


def ticks(first: date, last: date, every: int) -> Iterator[datetime]:
    """Yield each instant at which the clock ticks, `every` so many hours, seven minutes past."""
    at = datetime(first.year, first.month, first.day) + timedelta(minutes=7)  # noqa: DTZ001 - local time
    while at.date() <= last:
        yield at
        at += every * HOUR
