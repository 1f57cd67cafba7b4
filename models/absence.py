"""Absence: the days on which somebody is away, and the colleague who does the work meanwhile."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, func, select, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.actor import Actor
from models.base import Labelled, Reach, Record, db, enum_type, now
from models.centre import site_zone
from models.organisation import Staff


class AbsenceReason(Labelled):
    """Why somebody is away: as much as colleagues need to know, and nothing about anybody's health."""

    LEAVE = "leave", _("Leave")
    BUSINESS_TRIP = "business_trip", _("Business trip")
    TRAINING = "training", _("Training")
    OTHER = "other", _("Other")


class Absence(Record):
    """Days on which `substitute_id` does the work of `staff_id`, first and last day included."""

    __tablename__ = "absence"
    searched: ClassVar[tuple[str, ...]] = ("staff_id", "substitute_id")
    __table_args__ = (
        CheckConstraint("staff_id <> substitute_id", name="own_substitute"),
        CheckConstraint("starts_on <= ends_on", name="absence_ends_on"),
        # Ranges of one key need no extension, which "staff_id WITH =" would.
        ExcludeConstraint(
            (text("int8range(staff_id, staff_id, '[]')"), "&&"),
            (text("daterange(starts_on, ends_on, '[]')"), "&&"),
            where=text("deleted_at IS NULL"),
            using="gist",
            name="absence_overlap",
        ),
        Index("ix_absence_substitute_id_ends_on", "substitute_id", "ends_on"),
        Index("ix_absence_staff_id_ends_on", "staff_id", "ends_on"),
        Index("ix_absence_starts_on", "starts_on", "id"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    substitute_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[AbsenceReason] = mapped_column(
        enum_type(AbsenceReason), default=AbsenceReason.LEAVE, server_default=AbsenceReason.LEAVE.value
    )

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show an absence by who is away, and from when."""
        columns = cls.__table__.c
        name = select(Staff.name).where(Staff.id == columns.staff_id).correlate(cls).scalar_subquery()
        return func.concat_ws(" ", name, func.to_char(columns.starts_on, "YYYY-MM-DD"))


def is_today() -> ColumnElement[bool]:
    """Return the condition of absences on the present day of the centre."""
    today = now().astimezone(site_zone()).date()
    return (Absence.starts_on <= today) & (Absence.ends_on >= today)


def absences_stood_in_for(actor: Actor | None) -> list[Absence]:
    """Return the absences of today whose work falls to `actor`; no query where there are none."""
    if actor is None or not actor.stands_in_for:
        return []
    found = select(Absence).where(Absence.substitute_id == actor.staff_id, is_today())
    return list(db.session.scalars(found.order_by(Absence.ends_on, Absence.id)))
