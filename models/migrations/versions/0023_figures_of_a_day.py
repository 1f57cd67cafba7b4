"""figures of a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INDEXES = (
    ("service_receipt", "ix_service_receipt_created_at", ["created_at", "id"], None),
    ("call_record", "ix_call_record_promise_kept_on", ["promise_kept_on"], "promise_kept_on IS NOT NULL"),
)


def upgrade() -> None:
    """Count what was entered and kept on a day by index, made while people go on writing."""
    with op.get_context().autocommit_block():
        for table, name, columns, condition in INDEXES:
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
    """Read the day's records whole again."""
    for table, name, _columns, _condition in INDEXES:
        op.drop_index(name, table_name=table)
