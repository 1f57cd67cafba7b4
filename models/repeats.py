"""Repeated complaints: of the same vehicle, or of the same customer about the same subject, before long."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, or_, select

from models.base import db, now
from models.complaint import Complaint, Step

# A closed one counts for so long from the day on which it was registered; an open one always does.
RECENT = timedelta(days=90)
REPEATS_MOST = 3


def earlier_complaints(
    *, customer_id: int | None, vehicle_id: int | None, subject_id: int | None
) -> list[Complaint]:
    """Return the complaints that one of these would repeat, open ones first, the newest first; one query.

    As far as who acts now sees them.
    """
    same = []
    if vehicle_id is not None:
        same.append(Complaint.vehicle_id == vehicle_id)
    if customer_id is not None and subject_id is not None:
        about = and_(Complaint.customer_id == customer_id, Complaint.subject_id == subject_id)
        # Of two vehicles with the same fault each is a complaint of its own.
        other = or_(Complaint.vehicle_id.is_(None), Complaint.vehicle_id == vehicle_id)
        same.append(about if vehicle_id is None else and_(about, other))
    if not same:
        return []
    is_open = Complaint.step != Step.CONFIRMED
    found = select(Complaint).where(or_(*same), or_(is_open, Complaint.registered_at >= now() - RECENT))
    newest = found.order_by(is_open.desc(), Complaint.registered_at.desc(), Complaint.id.desc())
    return list(db.session.scalars(newest.limit(REPEATS_MOST)))


def note_repeat(complaint: Complaint) -> None:
    """Note on a complaint about to be saved which earlier one it repeats, where nobody has said so."""
    if complaint.repeats_id is not None:
        return
    earlier = earlier_complaints(
        customer_id=complaint.customer_id,
        vehicle_id=complaint.vehicle_id,
        subject_id=complaint.subject_id,
    )
    if earlier:
        complaint.repeats_id = earlier[0].id
