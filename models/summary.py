"""Summaries of a month or year, a person's or the centre's: written over figures that the panel counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    CursorResult,
    ForeignKey,
    Identity,
    Index,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.actor import Actor
from models.base import Base, db, enum_type, now
from models.centre import site_zone
from models.daily_close import closes_days
from models.office_calendar import working_calendar
from models.organisation import Staff
from models.sight import regions_under
from models.summary_period import PeriodKind, SummaryPeriod

PEOPLE_MOST = 300
# On this working day after the period the summary is asked for, and no more once so many have passed.
ASKED_ON, ASKED_UNTIL = 2, 5
# What is written, in the order in which it is read.
TEXTS: Mapping[str, LazyString] = {
    "achieved": _("Work and results"),
    "problems": _("Problems"),
    "plans": _("Plans"),
    "suggestions": _("Suggestions"),
    "market": _("Market and technical information"),
}
# Of these those that are passed on.
PASSED_ON = ("suggestions", "market")


class Summary(Base):
    """What one person says of a month or year; with `staff_id` None, what the centre says."""

    __tablename__ = "summary"
    __table_args__ = (
        CheckConstraint("(handed_in_at IS NULL) = (figures IS NULL)", name="figures"),
        CheckConstraint(
            "EXTRACT(day FROM first_on) = 1 AND (kind <> 'year' OR EXTRACT(month FROM first_on) = 1)",
            name="first_on",
        ),
        Index(
            "uq_summary_kind_first_on_staff_id",
            "kind",
            "first_on",
            "staff_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_summary_staff_id", "staff_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[PeriodKind] = mapped_column(enum_type(PeriodKind))
    first_on: Mapped[date]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    # Rises with each change: of two who write at once the later one is told.
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    achieved: Mapped[str | None]
    problems: Mapped[str | None]
    plans: Mapped[str | None]
    suggestions: Mapped[str | None]
    market: Mapped[str | None]
    # Those of the moment at which it was handed in; None until then, and the panel counts anew.
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    handed_in_at: Mapped[datetime | None]

    @property
    def is_handed_in(self) -> bool:
        """Tell whether it is handed in, or the centre's closed: then nobody writes in it."""
        return self.handed_in_at is not None

    @property
    def period(self) -> SummaryPeriod:
        """Return the month or year that it is about."""
        return SummaryPeriod(self.kind, self.first_on)

    def said(self) -> dict[str, str]:
        """Return what is written, without the parts that are empty."""
        return {name: text for name in TEXTS if (text := getattr(self, name))}


def _is_of(period: SummaryPeriod) -> ColumnElement[bool]:
    return (Summary.kind == period.kind) & (Summary.first_on == period.first_on)


def _is_by(staff_id: int | None) -> ColumnElement[bool]:
    return Summary.staff_id.is_(None) if staff_id is None else Summary.staff_id == staff_id


def summary_of(period: SummaryPeriod, staff_id: int | None) -> Summary | None:
    """Return what a person, or with None the centre, has written; None where that is nothing yet."""
    return db.session.scalars(select(Summary).where(_is_of(period), _is_by(staff_id))).one_or_none()


def summaries_of(period: SummaryPeriod, staff_ids: set[int]) -> dict[int, Summary]:
    """Return what these people have written, by person."""
    found = select(Summary).where(_is_of(period), Summary.staff_id.in_(sorted(staff_ids)))
    return {each.staff_id: each for each in db.session.scalars(found) if each.staff_id is not None}


def write_summary(
    period: SummaryPeriod, staff_id: int | None, version: int, texts: Mapping[str, str | None]
) -> bool:
    """Keep what is written; `version` is the one that the writer saw, 0 for none. Flushes.

    False where it was written or handed in meanwhile.

    Raises:
        IntegrityError: when another begins it at the same moment.
    """
    if version == 0:
        if summary_of(period, staff_id) is not None:
            return False
        db.session.add(Summary(kind=period.kind, first_on=period.first_on, staff_id=staff_id, **texts))
        db.session.flush()
        return True
    return _change(
        _is_of(period) & _is_by(staff_id) & (Summary.version == version),
        is_handed_in=False,
        **texts,
    )


def hand_in(period: SummaryPeriod, staff_id: int | None, figures: Mapping[str, Any]) -> bool:
    """Hand in what was written, over these figures; False where it is handed in already."""
    return _change(
        _is_of(period) & _is_by(staff_id), is_handed_in=False, figures=dict(figures), handed_in_at=now()
    )


def give_back(period: SummaryPeriod, staff_id: int) -> bool:
    """Let a person write on; False where the summary is not handed in."""
    return _change(_is_of(period) & _is_by(staff_id), is_handed_in=True, figures=None, handed_in_at=None)


def _change(condition: ColumnElement[bool], *, is_handed_in: bool, **values: Any) -> bool:
    """Change a summary if it still is as it is thought to be: of two windows one comes late."""
    state = Summary.handed_in_at.is_not(None) if is_handed_in else Summary.handed_in_at.is_(None)
    changed = db.session.execute(
        update(Summary)
        .where(condition, state)
        .values(version=Summary.version + 1, **values)
        .execution_options(synchronize_session="fetch")
    )
    assert isinstance(changed, CursorResult)
    return changed.rowcount == 1


def writers_of(period: SummaryPeriod, actor: Actor, region_id: int | None = None) -> list[Staff]:
    """Return whose summaries the reader may see, by name: who works here, and who has begun one.

    Who sees every region reads everybody's; anybody else those of the people at lower positions. Nobody owes
    one of a time before the own account.
    """
    wrote = select(Summary.staff_id).where(_is_of(period), Summary.staff_id.is_not(None))
    works = Staff.active & (func.cardinality(Staff.role_names) > 0)
    read = true() if actor.region_ids is None else Staff.id.in_(sorted(actor.below_ids))
    found = select(Staff).where(or_(works, Staff.id.in_(wrote)), read)
    if region_id is not None:
        found = found.where(Staff.region_id.in_(regions_under(region_id)))
    people = db.session.scalars(found.order_by(Staff.sort_column(), Staff.id).limit(PEOPLE_MOST)).all()
    begun = set(db.session.scalars(wrote))
    return [each for each in people if each.id in begun or owes(each, period)]


def owes(person: Staff, period: SummaryPeriod) -> bool:
    """Tell whether a person has to write about a period: who only reads or sets up has not."""
    return (
        person.active
        and closes_days(person)
        and person.created_at.astimezone(site_zone()).date() <= period.last_on
    )


def asked_for(at: datetime) -> list[SummaryPeriod]:
    """Return the periods whose summaries people are reminded of on the day of `at`."""
    today = at.astimezone(site_zone()).date()
    calendar = working_calendar()
    return [
        period
        for period in _just_ended(today)
        if ASKED_ON <= calendar.working_days_between(period.last_on, today) <= ASKED_UNTIL
    ]


def _just_ended(today: date) -> list[SummaryPeriod]:
    """Return the month and the year that have ended within the last 31 days."""
    ended = [SummaryPeriod.of(kind, today).previous for kind in PeriodKind]
    return [period for period in ended if today - period.last_on <= timedelta(days=31)]


def owing(period: SummaryPeriod) -> list[Staff]:
    """Return who has not handed in; nobody where the centre writes no summaries of this kind yet."""
    if not db.session.scalar(select(select(Summary.id).where(Summary.kind == period.kind).exists())):
        return []
    handed_in = select(Summary.staff_id).where(
        _is_of(period), Summary.handed_in_at.is_not(None), Summary.staff_id.is_not(None)
    )
    works = Staff.active & (func.cardinality(Staff.role_names) > 0)
    found = db.session.scalars(select(Staff).where(works, Staff.id.not_in(handed_in)).order_by(Staff.id))
    return [each for each in found if owes(each, period)]


def unwritten(person: Staff, at: datetime) -> list[SummaryPeriod]:
    """Return the periods that ended within the last month and whose summary a person still owes.

    As in `owing`, of a kind that the centre writes; one statement at most.
    """
    ended = _just_ended(at.astimezone(site_zone()).date())
    periods = [period for period in ended if owes(person, period)]
    if not periods:
        return []

    def is_owed(period: SummaryPeriod) -> ColumnElement[bool]:
        written = select(Summary.id).where(Summary.kind == period.kind)
        own = select(Summary.id).where(_is_of(period), _is_by(person.id), Summary.handed_in_at.is_not(None))
        return written.exists() & ~own.exists()

    row = db.session.execute(select(*(is_owed(period) for period in periods))).one()
    return [period for period, owed in zip(periods, row, strict=True) if owed]
