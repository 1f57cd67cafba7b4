"""Corrective measures: what a department does so that a fault does not come again, and whether it helped."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Labelled, Reach, Record, enum_type, not_blank, number_column


class MeasureState(Labelled):
    """How far a measure has come."""

    DECIDED = "decided", _("Decided")
    DONE = "done", _("Done, to be verified")
    VERIFIED = "verified", _("Verified, closed")
    DROPPED = "dropped", _("Dropped")


class Verdict(Labelled):
    """Whether a measure helped."""

    WORKED = "worked", _("Worked")
    DID_NOT = "did_not", _("Did not work")
    TOO_EARLY = "too_early", _("Too early to say")


# These still ask for something.
OPEN_STATES = (MeasureState.DECIDED, MeasureState.DONE)


class Measure(Record):
    """One measure of the record's department; who is responsible for the record owns it, where staff does.

    What it concerns (subject, part, supplier, batch) is what its effect is counted over; all may be open. Its
    notes hold the evidence. Steps are taken in models.measure_steps.
    """

    __tablename__ = "measure"
    searched: ClassVar[tuple[str, ...]] = ("number", "what", "owner_name", "report")
    __table_args__ = (
        CheckConstraint("department_id IS NOT NULL", name="department"),
        CheckConstraint("(digest_id IS NULL) = (point_key IS NULL)", name="point_of_digest"),
        CheckConstraint("meeting_week ~ '^[0-9]{4}-W[0-9]{2}$'", name="meeting_week"),
        CheckConstraint("(state IN ('done', 'verified')) = (done_on IS NOT NULL)", name="measure_done"),
        CheckConstraint("done_on IS NULL OR coalesce(report, '') ~ '[^[:space:]]'", name="measure_report"),
        CheckConstraint(
            "(state = 'verified') = (verified_on IS NOT NULL)"
            " AND (state = 'verified') = (verdict IS NOT NULL)",
            name="verified",
        ),
        CheckConstraint(
            "verdict = measured OR coalesce(otherwise_because, '') ~ '[^[:space:]]'", name="otherwise_because"
        ),
        CheckConstraint("verified_by_id <> reported_by_id", name="verified_by_other"),
        CheckConstraint(
            "state <> 'dropped' OR coalesce(dropped_because, '') ~ '[^[:space:]]'", name="dropped_because"
        ),
        not_blank("what"),
        not_blank("owner_name"),
        Index("ix_measure_due_on", "due_on", "id"),
        Index("ix_measure_department_id_due_on", "department_id", "due_on"),
        # What is late, of all departments or of one.
        Index("ix_measure_open", "due_on", "id", postgresql_where=text("state = 'decided'")),
        Index(
            "ix_measure_open_of_department",
            "department_id",
            "due_on",
            postgresql_where=text("state = 'decided'"),
        ),
        Index("ix_measure_to_verify", "done_on", "id", postgresql_where=text("state = 'done'")),
        Index("ix_measure_done_on", "done_on", "id", postgresql_where=text("done_on IS NOT NULL")),
        Index("ix_measure_subject_id_due_on", "subject_id", "due_on"),
        Index("ix_measure_part_id_due_on", "part_id", "due_on"),
        Index("ix_measure_supplier_id_due_on", "supplier_id", "due_on"),
        Index("ix_measure_meeting_week", "meeting_week"),
        Index("ix_measure_digest_id_point_key", "digest_id", "point_key"),
    )
    # The same for the whole centre: faults stop at no region.
    reach: ClassVar[Reach] = Reach.EVERYONE

    number: Mapped[str] = number_column("ZG")
    what: Mapped[str]
    owner_name: Mapped[str] = mapped_column(String(80))
    due_on: Mapped[date]
    state: Mapped[MeasureState] = mapped_column(
        enum_type(MeasureState), default=MeasureState.DECIDED, server_default=MeasureState.DECIDED.value
    )
    # What it concerns; a subject counts with those below it.
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("subject.id"))
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"))
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"))
    production_batch: Mapped[str | None] = mapped_column(String(60))
    # Where it came from: a point of a digest, the quality meeting of a week, or both; by hand neither.
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digest.id"))
    point_key: Mapped[str | None] = mapped_column(String(200))
    point_text: Mapped[str | None]
    meeting_week: Mapped[str | None] = mapped_column(String(8))
    # By name, also where somebody without a login did it by the link of a mail.
    decided_by: Mapped[str | None] = mapped_column(String(80))
    done_on: Mapped[date | None]
    done_by: Mapped[str | None] = mapped_column(String(80))
    # Staff who reported it done, here or by the link; None where nobody on staff did.
    reported_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    report: Mapped[str | None]
    verified_on: Mapped[date | None]
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    verdict: Mapped[Verdict | None] = mapped_column(enum_type(Verdict))
    # What the figures said when it was verified, None where nothing could be counted; and why who verified
    # judged otherwise.
    measured: Mapped[Verdict | None] = mapped_column(enum_type(Verdict, name="measured"))
    otherwise_because: Mapped[str | None]
    # What was found when it was verified.
    verification: Mapped[str | None]
    dropped_because: Mapped[str | None]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a measure by its number."""
        return cls.__table__.c.number
