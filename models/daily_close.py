"""The daily close: what somebody did on a day, counted by the panel, completed and sent by the person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    CursorResult,
    ForeignKey,
    Identity,
    Index,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.absence import Absence
from models.base import Base, db, now
from models.centre import site_zone
from models.day_figures import figures_of
from models.office_calendar import working_calendar
from models.organisation import Role, Staff

# How far back a day that was not closed is still asked for.
ASKED_WORKING_DAYS = 5
_DAY = timedelta(days=1)


class DailyClose(Base):
    """One day of one person; its figures are those of the moment at which the day was closed."""

    __tablename__ = "daily_close"
    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (figures IS NULL)", name="figures"),
        Index("uq_daily_close_staff_id_day", "staff_id", "day", unique=True),
        Index("ix_daily_close_day", "day", "staff_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    day: Mapped[date]
    # None while the day is not closed, or was opened again: then the panel counts anew.
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # What was done that no figure tells.
    completed: Mapped[str | None]
    # What is left for the next day.
    open_points: Mapped[str | None]
    closed_at: Mapped[datetime | None]

    def is_late(self) -> bool:
        """Tell whether the day was closed on a later one."""
        return self.closed_at is not None and self.closed_at.astimezone(site_zone()).date() > self.day


def present_day() -> date:
    """Return the present day of the centre."""
    return now().astimezone(site_zone()).date()


def close_of(staff_id: int, day: date) -> DailyClose | None:
    """Return what a person has written about a day; None where that is nothing yet."""
    found = select(DailyClose).where(DailyClose.staff_id == staff_id, DailyClose.day == day)
    return db.session.scalars(found).one_or_none()


def write_day(staff_id: int, day: date, *, completed: str | None, open_points: str | None) -> bool:
    """Keep what a person says of a day that is not closed; False where it is closed; flushes."""
    if close_of(staff_id, day) is None:
        db.session.add(DailyClose(staff_id=staff_id, day=day, completed=completed, open_points=open_points))
        db.session.flush()
        return True
    return _change(staff_id, day, is_closed=False, completed=completed, open_points=open_points)


def close_day(staff_id: int, day: date) -> bool:
    """Close a day that was written about, its figures as they are now; False where it is closed already."""
    figures = figures_of([staff_id], day)[staff_id]
    return _change(staff_id, day, is_closed=False, figures=figures, closed_at=now())


def reopen_day(staff_id: int) -> bool:
    """Open the present day of a person again; False where it is not closed."""
    return _change(staff_id, present_day(), is_closed=True, figures=None, closed_at=None)


def _change(staff_id: int, day: date, *, is_closed: bool, **values: Any) -> bool:
    """Change the day if it still is as it is thought to be: of two windows one comes late."""
    state = DailyClose.closed_at.is_not(None) if is_closed else DailyClose.closed_at.is_(None)
    changed = db.session.execute(
        update(DailyClose)
        .where(DailyClose.staff_id == staff_id, DailyClose.day == day, state)
        .values(**values)
    )
    assert isinstance(changed, CursorResult)
    return changed.rowcount == 1


def owed_days(staff: Staff, until: date) -> list[date]:
    """Return the working days up to `until` that a person was there and has not closed, the newest first.

    Nobody owes a day from before the centre began to close days, or before the own account. Three queries.
    """
    began = db.session.scalar(select(func.min(DailyClose.day)))
    if began is None:
        return [until] if working_calendar().is_working_day(until) else []
    first = max(began, staff.created_at.astimezone(site_zone()).date())
    days = [day for day in working_days_back(until) if day >= first]
    if not days:
        return []
    closed = set(
        db.session.scalars(
            select(DailyClose.day).where(
                DailyClose.staff_id == staff.id, DailyClose.day.in_(days), DailyClose.closed_at.is_not(None)
            )
        )
    )
    away = db.session.execute(
        select(Absence.starts_on, Absence.ends_on).where(
            Absence.staff_id == staff.id, Absence.ends_on >= days[-1], Absence.starts_on <= days[0]
        )
    ).all()
    return [
        day for day in days if day not in closed and not any(first <= day <= last for first, last in away)
    ]


def last_working_day(before: date) -> date:
    """Return the last day before another on which the office works."""
    return next(iter(working_days_back(before - _DAY)))


def closes_days(person: Staff) -> bool:
    """Tell whether a person has days to close: who only reads, or only sets the panel up, has none."""
    return bool(set(person.roles) - {Role.AUDITOR, Role.ADMINISTRATOR})


def owing_on(day: date, people: Collection[Staff]) -> list[Staff]:
    """Return who of these people was there on a working day and has not closed it; three queries.

    Nobody owes a day from before the centre began to close days, or before the own account.
    """
    began = db.session.scalar(select(func.min(DailyClose.day)))
    if began is None or day < began:
        return []
    keys = [each.id for each in people]
    closed = {key for key, kept in closes_on(keys, day).items() if kept.closed_at is not None}
    away = away_on(keys, day)
    return [
        each
        for each in people
        if closes_days(each)
        and each.id not in closed
        and each.id not in away
        and each.created_at.astimezone(site_zone()).date() <= day
    ]


def working_days_back(until: date) -> Iterable[date]:
    """Yield the last working days up to `until` that are asked for, the newest first."""
    calendar, day, found = working_calendar(), until, 0
    while found <= ASKED_WORKING_DAYS:
        if calendar.is_working_day(day):
            found += 1
            yield day
        day -= _DAY


def away_on(staff_ids: Collection[int], day: date) -> set[int]:
    """Return who of these people is absent on a day."""
    found = select(Absence.staff_id).where(
        Absence.staff_id.in_(staff_ids), Absence.starts_on <= day, Absence.ends_on >= day
    )
    return set(db.session.scalars(found))


def closes_on(staff_ids: Collection[int], day: date) -> dict[int, DailyClose]:
    """Return what these people have written about a day, by person."""
    found = select(DailyClose).where(DailyClose.day == day, DailyClose.staff_id.in_(staff_ids))
    return {each.staff_id: each for each in db.session.scalars(found)}
