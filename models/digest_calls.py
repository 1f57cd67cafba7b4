"""What the digest says of calls: praise and wishes, in the customers' own words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from models.base import db
from models.call_record import CallRecord
from models.customer import Customer
from models.digest_counts import Frame
from models.masking import MASK, mask
from models.quotation import LONGEST, sentences
from models.sql import labels_for
from models.vehicle import Vehicle

MOST_QUOTED = 3
# Latest calls of the week among which they are looked for, and signs read of each.
QUOTED_FROM = 60
LONGEST_READ = 600
SHORTEST = 6


def calls_payload(frame: Frame) -> dict[str, Any]:
    """Return how many calls of the week brought praise and wishes, with a few of them; three queries."""
    week = (CallRecord.called_at >= frame.starts_at) & (CallRecord.called_at < frame.ends_at)
    number = func.count()
    total, praise, wishes = db.session.execute(
        select(number, number.filter(_has(CallRecord.praise)), number.filter(_has(CallRecord.wishes)))
        .select_from(CallRecord)
        .where(week)
    ).one()
    return {
        "total": total,
        "praise": {"count": praise, "quotations": _quoted(week, CallRecord.praise) if praise else []},
        "wishes": {"count": wishes, "quotations": _quoted(week, CallRecord.wishes) if wishes else []},
    }


def _has(column: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    return func.coalesce(column, "") != ""


def _quoted(week: ColumnElement[bool], column: InstrumentedAttribute[str | None]) -> list[dict[str, Any]]:
    """Return what was said, masked, of different customers and where possible of different dealers."""
    found = db.session.execute(
        select(
            CallRecord.id,
            CallRecord.number,
            func.left(column, LONGEST_READ).label("text"),
            CallRecord.customer_id,
            CallRecord.spoke_with,
            Vehicle.dealer_id,
        )
        .select_from(CallRecord)
        .outerjoin(Vehicle, Vehicle.id == CallRecord.vehicle_id)
        .where(week, _has(column))
        .order_by(CallRecord.called_at.desc(), CallRecord.id.desc())
        .limit(QUOTED_FROM)
    ).all()
    names = labels_for(Customer, {row.customer_id for row in found})
    fit = []
    for row in found:
        known = [names[row.customer_id].text if row.customer_id in names else None, row.spoke_with]
        text = next((said for said in _masked(row.text, known) if _fits(said)), None)
        if text is not None:
            fit.append((row, text))
    return [
        {"text": text, "call_record_id": row.id, "number": row.number} for row, text in _of_different(fit)
    ]


def _masked(text: str, names: Iterable[str | None]) -> list[str]:
    known = list(names)
    return [mask(sentence, known) for sentence in sentences(text)]


def _fits(sentence: str) -> bool:
    return len(sentence.replace(MASK, "")) >= SHORTEST and len(sentence) <= LONGEST * 2


def _of_different(fit: list[tuple[Any, str]]) -> list[tuple[Any, str]]:
    """Choose the longest, which are the most specific, of different customers, and first of other dealers."""
    chosen: list[tuple[Any, str]] = []
    for is_strict in (True, False):
        for row, text in sorted(fit, key=lambda pair: -len(pair[1])):
            taken = {said for _row, said in chosen}
            dealers = {other.dealer_id for other, _said in chosen}
            customers = {other.customer_id for other, _said in chosen}
            if len(chosen) == MOST_QUOTED:
                return chosen
            if text in taken or row.customer_id in customers:
                continue
            if not is_strict or row.dealer_id is None or row.dealer_id not in dealers:
                chosen.append((row, text))
    return chosen
