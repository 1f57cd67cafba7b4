"""lists."""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

# Table, what its list stands by, and the columns by which it is filtered or sorted.
LISTS = (
    ("complaint", "registered_at", ("channel", "cause", "is_safety_relevant")),
    ("call_record", "called_at", ("purpose", "result", "direction")),
    ("customer", "id", ("kind", "level")),
    ("vehicle", "id", ("kind",)),
    ("service_receipt", "came_in_on", ("kind", "is_return_repair")),
    ("warranty_claim", "claimed_on", ("outcome", "kind")),
    ("parts_quality_record", "found_on", ("disposition", "found_by")),
    ("parts_shipment", "shipped_on", ("is_right",)),
    ("department_task", "due_on", ("state", "remedy")),
    ("proposal", "created_at", ("state",)),
    ("notice", "told_at", ("state",)),
    ("step_taken", "taken_at", ("to_step",)),
)
OPEN = "step <> 'confirmed' AND deleted_at IS NULL"
ANSWERED = "satisfaction IS NOT NULL AND deleted_at IS NULL"
NEW = {
    "ix_complaint_customer_name": "complaint (customer_name)",
    "ix_customer_updated_at": "customer (updated_at)",
    "ix_call_record_promised_until": "call_record (promised_until)",
    "ix_notice_answered_at": "notice (answered_at)",
    "ix_notice_measure_due_on": "notice (measure_due_on)",
    "ix_complaint_registered_at_open": "complaint (registered_at, id)"
    f" INCLUDE (subject_id, severity, is_safety_relevant) WHERE {OPEN}",
    "ix_complaint_registered_at_open_severe": "complaint (registered_at, id)"
    f" WHERE severity = 'severe' AND {OPEN}",
    "ix_call_record_called_at_answered": "call_record (called_at)"
    f" INCLUDE (satisfaction, purpose, responsible_id) WHERE {ANSWERED}",
} | {
    f"ix_{table}_{column}_{then}": f"{table} ({column}, {then})"
    for table, then, columns in LISTS
    for column in columns
}
# Made anew with what spares the reading of rows: from what, to what.
WIDER = {
    "ix_complaint_registered_at": (
        "complaint (registered_at, id)",
        "complaint (registered_at, id) INCLUDE (subject_id, dealer_id, deleted_at)",
    ),
    "ix_complaint_confirmed_at_answered": (
        "complaint (confirmed_at) WHERE satisfaction IS NOT NULL",
        f"complaint (confirmed_at) INCLUDE (satisfaction, responsible_id) WHERE {ANSWERED}",
    ),
}


def upgrade() -> None:
    """Serve every filter and order that the lists of large tables offer, and the counts of a digest."""
    with op.get_context().autocommit_block():
        for name, what in NEW.items():
            _make(name, what)
        for name, (_before, after) in WIDER.items():
            _replace(name, after)


def downgrade() -> None:
    """Read more rows for them."""
    with op.get_context().autocommit_block():
        for name in NEW:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        for name, (before, _after) in WIDER.items():
            _replace(name, before)


def _make(name: str, what: str) -> None:
    # What a run that was broken off has left is of no use to anybody. Beside the work: others read and write.
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {what}")


def _replace(name: str, what: str) -> None:
    # The old one serves until the new one is whole.
    _make(f"{name}_new", what)
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"ALTER INDEX {name}_new RENAME TO {name}")
