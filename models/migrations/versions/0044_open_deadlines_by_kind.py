"""open deadlines by kind."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

NAME = "ix_deadline_kind_due_at_open"


def upgrade() -> None:
    """Find what is due of a kind without what was done, and without the other kinds."""
    # What a run that was broken off has left is of no use. Beside the work: others read and write.
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {NAME} ON deadline (kind, due_at, id) WHERE settled_at IS NULL"
        )


def downgrade() -> None:
    """Read all kinds that are open."""
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
