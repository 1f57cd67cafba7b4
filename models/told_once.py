"""What somebody was told of, so that it is told once: of what has no deadline row that could keep it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Identity, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now
from models.sql import insert_unless_known


class ToldOf(StrEnum):
    """What is told, each once for a row and a day."""

    TASK_BEFORE = "task_before"
    TASK_LATE = "task_late"
    TASK_ESCALATED = "task_escalated"
    MEASURE_BEFORE = "measure_before"
    MEASURE_LATE = "measure_late"
    MEASURE_ESCALATED = "measure_escalated"
    # The row is nobody's: of a day everybody is told at once who has not closed it.
    DAY_OPEN = "day_open"
    # Of a month or year likewise; the day is its first.
    MONTH_OPEN = "month_open"
    YEAR_OPEN = "year_open"


class ToldOnce(Base):
    """One thing that was told: one that is moved to another day is told of anew."""

    __tablename__ = "told_once"
    __table_args__ = (UniqueConstraint("told_of", "row_id", "day"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    # One of ToldOf.
    told_of: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[int] = mapped_column(BigInteger)
    # The day on which it is due.
    day: Mapped[date]
    at: Mapped[datetime] = mapped_column(default=now)


def claim(told_of: ToldOf, rows: Iterable[tuple[int, date]], at: datetime) -> set[int]:
    """Note that these are told of, each with its day, and return which were not before.

    Of two clocks that try at once one gets each.
    """
    wanted = [{"told_of": told_of.value, "row_id": key, "day": day, "at": at} for key, day in rows]
    return {key for (key,) in insert_unless_known(ToldOnce, wanted, "row_id")}
