"""log and recycle bin."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

RECORDS = (
    "absence", "call_record", "complaint", "customer", "dealer", "department", "digest_recipient", "holiday",
    "letter", "part", "parts_quality_record", "parts_shipment", "position", "product_model", "region",
    "service_receipt", "staff", "subject", "supplier", "vehicle", "warranty_claim",
)  # fmt: skip
LOGS = (
    ("audit_entry", "ix_audit_entry_table_name", ["table_name", "id"]),
    ("audit_entry", "ix_audit_entry_action", ["action", "id"]),
    ("access_entry", "ix_access_entry_table_name", ["table_name", "id"]),
)
GONE = "action = 'delete' OR changes ? 'deleted_at'"


def added() -> Iterator[tuple[str, str, list[str], str | None]]:
    """Yield table, name, columns and condition of each index; None for all rows."""
    for table, name, columns in LOGS:
        yield table, name, columns, None
    yield "audit_entry", "ix_audit_entry_gone", ["id"], GONE
    for table in ("audit_entry", "access_entry"):
        # In the place of a summary of pages, which finds a day, but not the entry at which it begins.
        yield table, f"ix_{table}_at", ["at", "id"], None
    for table in RECORDS:
        yield table, f"ix_{table}_deleted", ["deleted_at", "id"], "deleted_at IS NOT NULL"


def upgrade() -> None:
    """Find in the logs what is asked for, and the deleted rows of a table, without reading the rest.

    Nobody who writes waits: the indexes are built beside the work.
    """
    with op.get_context().autocommit_block():
        for table, name, columns, condition in added():
            # What a run that was broken off has left is of no use to anybody.
            op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
            op.create_index(
                name,
                table,
                columns,
                unique=False,
                postgresql_where=sa.text(condition) if condition else None,
                postgresql_concurrently=True,
            )


def downgrade() -> None:
    """Read the logs whole again."""
    for table, name, _columns, _condition in added():
        op.drop_index(name, table_name=table)
    for table in ("audit_entry", "access_entry"):
        op.create_index(f"ix_{table}_at", table, ["at"], unique=False, postgresql_using="brin")
