"""what is to do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Table, index, column by which its rows come in order, and which rows it holds; None for all.
ADDED = (
    (
        "call_record",
        "ix_call_record_called_at_first_reached",
        "called_at",
        "purpose = 'first_follow_up' AND result = 'reached'",
    ),
    (
        "complaint",
        "ix_complaint_registered_at_unassigned",
        "registered_at",
        "responsible_id IS NULL AND step <> 'confirmed'",
    ),
    (
        "complaint",
        "ix_complaint_registered_at_unsafe",
        "registered_at",
        "is_safety_relevant AND step <> 'confirmed'",
    ),
    ("delivery", "ix_delivery_unsettled", "id", "state = 'unknown' AND settled_by_id IS NULL"),
    ("import_run", "ix_import_run_checked", "id", "state = 'checked'"),
    (
        "parts_quality_record",
        "ix_parts_quality_record_found_on_undecided",
        "found_on",
        "disposition IS NULL",
    ),
    (
        "service_receipt",
        "ix_service_receipt_asked_at_waiting",
        "asked_at",
        "asked_at IS NOT NULL AND arrived_at IS NULL",
    ),
    ("service_receipt", "ix_service_receipt_came_in_on_open", "came_in_on", "handed_over_on IS NULL"),
    ("vehicle", "ix_vehicle_warranty_until", "warranty_until", None),
    ("warranty_claim", "ix_warranty_claim_claimed_on_open", "claimed_on", "outcome = 'open'"),
)


def upgrade() -> None:
    """Find what is still to do without reading what is done."""
    for table, name, column, condition in ADDED:
        where = sa.text(condition) if condition else None
        op.create_index(name, table, [column], unique=False, postgresql_where=where)


def downgrade() -> None:
    """Read everything again."""
    for table, name, _column, _condition in ADDED:
        op.drop_index(name, table_name=table)
