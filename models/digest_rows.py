"""The complaints behind a digest's counts, for the workbook that its mail may bring along."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from models.base import db
from models.complaint import Complaint
from models.digest_counts import Frame, is_late, subject_tree, subjects_of
from models.digest_needs import dealer_names, names_of
from models.iso_week import IsoWeek
from models.masking import mask
from models.organisation import Department, Staff
from models.sql import labels_for

# More than this is read in the panel, where it can be searched.
MOST_ROWS = 2000
LONGEST_TEXT = 300


def digest_rows(department: Department, week: IsoWeek, zone: ZoneInfo) -> list[dict[str, Any]] | None:
    """Return the week's complaints as data that JSON can hold, masked; None where it is too much."""
    tree = subject_tree()
    frame = Frame(week, zone, subjects_of(department, tree))
    found = db.session.execute(
        select(
            Complaint.number,
            Complaint.registered_at,
            Complaint.subject_id,
            Complaint.severity,
            Complaint.is_safety_relevant,
            Complaint.step,
            Complaint.product,
            Complaint.dealer_id,
            Complaint.responsible_id,
            Complaint.customer_name,
            func.left(Complaint.description, LONGEST_TEXT).label("description"),
            is_late(frame.ends_at).label("is_late"),
        )
        .where(Complaint.registered_at >= frame.starts_at, Complaint.registered_at < frame.ends_at)
        .where(frame.concerns())
        .order_by(Complaint.registered_at, Complaint.id)
        .limit(MOST_ROWS + 1)
    ).all()
    if len(found) > MOST_ROWS:
        return None
    dealers = dealer_names(row.dealer_id for row in found)
    owners = labels_for(Staff, {row.responsible_id for row in found if row.responsible_id})
    return [
        {
            "number": row.number,
            "on": row.registered_at.astimezone(frame.zone).date().isoformat(),
            "subject": names_of(tree[row.subject_id]),
            "severity": row.severity.value,
            "is_safety_relevant": row.is_safety_relevant,
            "step": row.step.value,
            "is_late": row.is_late,
            "product": row.product,
            "dealer": dealers.get(row.dealer_id or 0),
            "owner": owners[row.responsible_id].text if row.responsible_id in owners else None,
            "text": mask(row.description or "", (row.customer_name,)),
        }
        for row in found
    ]
