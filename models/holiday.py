"""The office calendar: days that are free or worked against the rule of the week."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, String, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Reach, Record, enum_type, not_blank, unique_among_kept


class HolidayKind(Labelled):
    """How a day differs from its day of the week."""

    PUBLIC_HOLIDAY = "public_holiday", _("Public holiday")
    WORKING_DAY = "working_day", _("Make-up working day")


class Holiday(Record):
    """One day of the office calendar: a holiday, or a day at the weekend that is worked instead."""

    __tablename__ = "holiday"
    searched: ClassVar[tuple[str, ...]] = ("name",)
    __table_args__ = (not_blank("name"), unique_among_kept("holiday", "falls_on"))
    reach: ClassVar[Reach] = Reach.EVERYONE

    falls_on: Mapped[date]
    kind: Mapped[HolidayKind] = mapped_column(
        enum_type(HolidayKind),
        default=HolidayKind.PUBLIC_HOLIDAY,
        server_default=HolidayKind.PUBLIC_HOLIDAY.value,
    )
    name: Mapped[str] = mapped_column(String(80))

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a day by its date and name."""
        columns = cls.__table__.c
        return func.concat_ws(" ", func.to_char(columns.falls_on, "YYYY-MM-DD"), columns.name)
