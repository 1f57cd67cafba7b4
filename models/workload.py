"""What the first page compares: people, dealers, parts, weeks and days; one query each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, select

from models.audit import AuditEntry
from models.base import Record, db, now
from models.centre import site_zone
from models.complaint import Complaint, Severity, Step
from models.deadline import owes_late
from models.deadline_rule import DeadlineKind
from models.dealer import Dealer
from models.due_source import start_of_day
from models.organisation import Staff
from models.overview import DEALER_DAYS
from models.part import Part, PartsQualityRecord
from models.rate import Rate
from models.sql import labels_for

LINES_MOST = 10
# With fewer complaints a year a dealer's rate says nothing.
EVENTS_LEAST = 5
WEEKS = 8
# Weeks before the last seven days with which parts are compared.
WEEKS_BEFORE = 4


@dataclass(frozen=True, slots=True)
class Load:
    """How much lies with a person or at a dealer; `key` None: with nobody."""

    key: int | None
    label: str | None
    open: int
    late: int
    severe: int


@dataclass(frozen=True, slots=True)
class Rise:
    """Faults of a part in the last seven days, and on average in a week before."""

    part_id: int
    label: str
    is_key_part: bool
    now: int
    before: float


@dataclass(frozen=True, slots=True)
class Excess:
    """A dealer with more complaints a year for the vehicles that it sells than all dealers have."""

    dealer_id: int
    label: str
    rate: Rate
    all: Rate


@dataclass(frozen=True, slots=True)
class Bar:
    """A number of a day or of the week that begins on it."""

    starts_on: date
    count: int


def _today() -> date:
    return now().astimezone(site_zone()).date()


def _load_by(key: Any, model: type[Record], *conditions: ColumnElement[bool]) -> list[Load]:
    is_late = owes_late(DeadlineKind.FIRST_ANSWER, now())
    number = func.count(Complaint.id)
    statement = (
        select(
            key,
            number,
            number.filter(is_late),
            number.filter(Complaint.severity == Severity.SEVERE),
        )
        .select_from(Complaint)
        .where(Complaint.step != Step.CONFIRMED, *conditions)
        .group_by(key)
        .order_by(number.desc(), key)
        .limit(LINES_MOST)
    )
    rows = db.session.execute(statement).all()
    names = labels_for(model, [row[0] for row in rows if row[0]])
    return [Load(row[0], names[row[0]].text if row[0] in names else None, *row[1:]) for row in rows]


def load_per_person() -> list[Load]:
    """Return the people with most open complaints, nobody among them; two queries."""
    return _load_by(Complaint.responsible_id, Staff)


def load_per_dealer() -> list[Load]:
    """Return the dealers with most open complaints; two queries."""
    return _load_by(Complaint.dealer_id, Dealer, Complaint.dealer_id.is_not(None))


def dealers_above_all() -> list[Excess]:
    """Return the dealers whose rate of complaints lies above that of all, by more than chance; two queries.

    Those come first whose rate is surely high, which is not where a few complaints make a high one.
    """
    since = start_of_day(_today() - timedelta(days=DEALER_DAYS), site_zone())
    statement = (
        select(Dealer.id, Dealer.vehicles_per_year, func.count(Complaint.id))
        .select_from(Complaint)
        .join(Dealer, Dealer.id == Complaint.dealer_id)
        .where(Complaint.registered_at >= since, Dealer.vehicles_per_year > 0)
        .group_by(Dealer.id)
    )
    rates = {key: Rate(count, sold or 0) for key, sold, count in db.session.execute(statement)}
    everywhere = Rate(
        sum(rate.events for rate in rates.values()), sum(rate.exposure for rate in rates.values())
    )
    usual = everywhere.per(1) or 0
    lows = {key: (rate.interval(1) or (0.0, 0.0))[0] for key, rate in rates.items()}
    above = [key for key, rate in rates.items() if rate.events >= EVENTS_LEAST and lows[key] > usual]
    first = sorted(above, key=lambda key: (-lows[key], key))[:LINES_MOST]
    names = labels_for(Dealer, first)
    return [Excess(key, names[key].text, rates[key], everywhere) for key in first]


def parts_against_before() -> list[Rise]:
    """Return the parts with most faults in seven days, beside their usual week; two queries."""
    recent, since = _today() - timedelta(days=7), _today() - timedelta(weeks=WEEKS_BEFORE + 1)
    found, pieces = PartsQualityRecord.found_on, func.sum(PartsQualityRecord.quantity)
    latest = func.coalesce(pieces.filter(found >= recent), 0)
    statement = (
        select(
            PartsQualityRecord.part_id,
            Part.is_key_part,
            latest,
            func.coalesce(pieces.filter(found < recent), 0),
        )
        .select_from(PartsQualityRecord)
        .join(Part, Part.id == PartsQualityRecord.part_id)
        .where(found >= since)
        .group_by(PartsQualityRecord.part_id, Part.is_key_part)
        .having(latest > 0)
        .order_by(latest.desc(), PartsQualityRecord.part_id)
        .limit(LINES_MOST)
    )
    rows = db.session.execute(statement).all()
    names = labels_for(Part, [row[0] for row in rows])
    return [
        Rise(key, names[key].text, is_key, int(latest), int(before) / WEEKS_BEFORE)
        for key, is_key, latest, before in rows
    ]


def complaints_per_week() -> list[Bar]:
    """Return how many complaints were registered in each of the last weeks, this one last."""
    monday = _today() - timedelta(days=_today().weekday())
    weeks = [monday - timedelta(weeks=n) for n in range(WEEKS - 1, -1, -1)]
    week = cast(func.date_trunc("week", func.timezone(site_zone().key, Complaint.registered_at)), Date)
    return _bars(weeks, week, Complaint, Complaint.registered_at >= start_of_day(weeks[0], site_zone()))


def changes_per_day() -> list[Bar]:
    """Return how many changes the audit log holds of each of the last days, today last."""
    days = [_today() - timedelta(days=n) for n in range(WEEKS - 1, -1, -1)]
    day = cast(func.timezone(site_zone().key, AuditEntry.at), Date)
    return _bars(days, day, AuditEntry, AuditEntry.at >= start_of_day(days[0], site_zone()))


def _bars(starts: list[date], begins: Any, model: Any, condition: ColumnElement[bool]) -> list[Bar]:
    counted = select(begins, func.count(model.id)).select_from(model).where(condition).group_by(begins)
    counts = {row[0]: row[1] for row in db.session.execute(counted)}
    return [Bar(day, counts.get(day, 0)) for day in starts]
