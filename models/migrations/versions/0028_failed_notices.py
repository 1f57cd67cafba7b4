"""failed notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

INDEX = "ix_delivery_notice_failed"


def upgrade() -> None:
    """Find the notices that reached nobody without reading the other mails."""
    with op.get_context().autocommit_block():
        # What a run that was broken off has left is of no use to anybody.
        op.drop_index(INDEX, table_name="delivery", postgresql_concurrently=True, if_exists=True)
        # Beside the work: this lock lets others read and write.
        op.create_index(
            INDEX,
            "delivery",
            ["id"],
            unique=False,
            postgresql_where=sa.text("state = 'failed' AND kind = 'notice'"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Read the other mails too."""
    op.drop_index(INDEX, table_name="delivery")
