"""failed mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

INDEX = "ix_delivery_failed"


def upgrade() -> None:
    """Find the mails that failed lately without reading the others."""
    with op.get_context().autocommit_block():
        # What a run that was broken off has left is of no use to anybody.
        op.drop_index(INDEX, table_name="delivery", postgresql_concurrently=True, if_exists=True)
        # Beside the work: this lock lets others read and write.
        op.create_index(
            INDEX,
            "delivery",
            ["finished_at"],
            unique=False,
            postgresql_where=sa.text("state = 'failed' AND settled_by_id IS NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Read the other mails too."""
    op.drop_index(INDEX, table_name="delivery")
