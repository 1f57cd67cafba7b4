"""complete files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

INCOMPLETE = """created_by_id IS NOT NULL AND NOT (
    phone IS NOT NULL AND address IS NOT NULL AND region_id IS NOT NULL AND source IS NOT NULL
    AND first_contact_on IS NOT NULL AND wished_service IS NOT NULL
    AND (kind <> 'company' OR contact_person IS NOT NULL))"""


def upgrade() -> None:
    """Note when a customer's file holds all that it must, and find those that don't."""
    op.add_column("customer", sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        # What a run that was broken off has left is of no use to anybody.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_customer_incomplete")
        op.execute(
            f"CREATE INDEX CONCURRENTLY ix_customer_incomplete ON customer (first_contact_on, id) WHERE {INCOMPLETE}"
        )


def downgrade() -> None:
    """Forget when files were complete."""
    op.drop_index("ix_customer_incomplete", table_name="customer")
    op.drop_column("customer", "completed_at")
