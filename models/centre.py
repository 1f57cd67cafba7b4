"""The centre that works here: its name, its time zone, and how far its setting up has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Select,
    SmallInteger,
    String,
    event,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from models.actor import acting_as, system_actor
from models.base import Base, Labelled, Record, db, not_blank, now, record_types
from models.demo_record import DemoRecord
from models.scope import WITH_DELETED

# How long the link of an invitation works.
INVITATION_LASTS = timedelta(days=7)
CUSTOMERS_PER_PERSON = 200
_KNOWN = "centre"


class Centre(Base):
    """What is said of the centre itself: a table of one row, which a migration made."""

    __tablename__ = "centre"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        not_blank("name"),
        not_blank("name_en"),
        CheckConstraint("customers_per_person > 0", name="customers_per_person"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    name: Mapped[str | None] = mapped_column(String(80))
    name_en: Mapped[str | None] = mapped_column(String(80))
    # None until somebody chooses: then TIMEZONE of the environment counts.
    timezone: Mapped[str | None] = mapped_column(String(60))
    # How many customers one person looks after at most; a supervisor can give more.
    customers_per_person: Mapped[int] = mapped_column(default=200, server_default="200")
    # Whether somebody other than who handled a complaint asks if the customer is satisfied.
    is_confirmed_by_other: Mapped[bool] = mapped_column(default=True, server_default="true")
    # Whether customers hear in writing that their complaint was taken up, and what number they call.
    is_acknowledged: Mapped[bool] = mapped_column(default=True, server_default="true")
    hotline: Mapped[str | None] = mapped_column(String(40))
    # Of the steps of setting up: "confirmed" or "skipped"; what is not in it follows from the records.
    steps: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    # Months that something is kept, by kind, where the centre chose another period than the default's.
    retention: Mapped[dict[str, int | None]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    # In percent by figure, where the centre has set itself another target than the usual one.
    figure_targets: Mapped[dict[str, float]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    # By ISO weekday, such as {"1": ["08:30-12:00", "13:30-17:30"]}; none where the default counts.
    working_hours: Mapped[dict[str, list[str]]] = mapped_column(
        JSONB, default=dict, server_default=text("'{}'")
    )
    # Lists that were pasted and not yet taken in, by what they hold.
    drafts: Mapped[dict[str, Any]] = mapped_column(
        JSONB, default=dict, server_default=text("'{}'"), deferred=True
    )


class InvitationState(Labelled):
    """Whether a person has come in."""

    NOT_INVITED = "not_invited", _("Not invited")
    INVITED = "invited", _("Invited")
    ACCEPTED = "accepted", _("Accepted")
    EXPIRED = "expired", _("Expired")


class Invitation(Base):
    """The last mail by which a person was asked to set a password; earlier links are worth nothing."""

    __tablename__ = "invitation"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sent_at: Mapped[datetime] = mapped_column(default=now)
    accepted_at: Mapped[datetime | None]
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("delivery.id", ondelete="SET NULL"), index=True
    )

    @property
    def is_open(self) -> bool:
        """Tell whether its link still works."""
        return self.accepted_at is None and now() < self.sent_at + INVITATION_LASTS


@dataclass(frozen=True, slots=True)
class CentreFacts:
    """What is known of the centre; names are None until somebody gives them.

    `has_demo_records` tells whether anything is invented; `marks` holds a text for the name of each small
    table, another one after each change.
    """

    name: str | None
    name_en: str | None
    zone: ZoneInfo
    customers_per_person: int
    is_confirmed_by_other: bool
    is_acknowledged: bool
    hotline: str | None
    figure_targets: Mapping[str, float]
    has_demo_records: bool
    marks: Mapping[str, str]

    def shown_name(self, *, is_english: bool) -> str | None:
        """Return the name as a reader of the language wants it, None where there is none."""
        return (self.name_en if is_english else None) or self.name


def centre_facts() -> CentreFacts:
    """Return what each page asks of the centre, read in one query in each transaction."""
    session = db.session()
    if _KNOWN not in session.info:
        # Before anybody is logged in as well: the login page bears the name.
        # Nothing may be written meanwhile: it would be put down to the panel.
        with acting_as(system_actor("centre")), session.no_autoflush:
            row = session.execute(_asked(), execution_options={WITH_DELETED: True}).one()
        zone = ZoneInfo(row.timezone) if row.timezone else current_app.extensions["settings"].timezone
        session.info[_KNOWN] = CentreFacts(
            name=row.name,
            name_en=row.name_en,
            zone=zone,
            customers_per_person=row.customers_per_person,
            is_confirmed_by_other=row.is_confirmed_by_other,
            is_acknowledged=row.is_acknowledged,
            hotline=row.hotline,
            figure_targets=row.figure_targets,
            has_demo_records=row.has_demo_records,
            marks={model.__tablename__: getattr(row, f"mark_{model.__tablename__}") for model in _small()},
        )
    facts: CentreFacts = session.info[_KNOWN]
    return facts


@cache
def _asked() -> Select[Any]:
    """Return the query for the centre's row, which there always is one of, and for all that goes with it."""
    return select(
        Centre.name,
        Centre.name_en,
        Centre.timezone,
        Centre.customers_per_person,
        Centre.is_confirmed_by_other,
        Centre.is_acknowledged,
        Centre.hotline,
        Centre.figure_targets,
        select(DemoRecord.row_id).exists().label("has_demo_records"),
        *(_mark(model).label(f"mark_{model.__tablename__}") for model in _small()),
    )


def _mark(model: type[Record]) -> Any:
    """Return what is another text after each change of a table.

    The transaction that last wrote a row is part of it, so that what was rolled back is never taken for what
    is there, nor a restored database for the former one.
    """
    written_by: ColumnElement[Any] = literal_column(f"sum({model.__tablename__}.xmin::text::bigint)")
    parts = (func.count(model.id), func.max(model.id), func.sum(model.version), written_by)
    return select(func.concat_ws(".", *parts)).select_from(model).scalar_subquery()


@cache
def _small() -> tuple[type[Record], ...]:
    return tuple(model for model in record_types() if model.is_small)


def site_zone() -> ZoneInfo:
    """Return the time zone in which the centre's people live: the one chosen, else TIMEZONE."""
    return centre_facts().zone


def find_centre() -> Centre:
    """Return the one row, to be changed."""
    row = db.session.get(Centre, 1)
    if row is None:
        row = Centre(id=1, steps={}, drafts={})
        db.session.add(row)
    return row


@event.listens_for(Session, "after_transaction_end")
def _forget_at_end(session: Session, _transaction: SessionTransaction) -> None:
    session.info.pop(_KNOWN, None)


@event.listens_for(Session, "after_flush")
def _forget_at_change(session: Session, _flush_context: Any) -> None:
    changed = (*session.dirty, *session.new, *session.deleted)
    if any(isinstance(row, Centre) or (isinstance(row, Record) and row.is_small) for row in changed):
        session.info.pop(_KNOWN, None)
