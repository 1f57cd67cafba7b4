"""new answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

INDEX, RULE = "ix_notice_new_answer", "ck_notice_new_answer"


def upgrade() -> None:
    """Tell the answers that nobody has read yet; those of before count as read."""
    # A run that was broken off may have come so far.
    op.execute("ALTER TABLE notice ADD COLUMN IF NOT EXISTS has_new_answer BOOLEAN DEFAULT false NOT NULL")
    op.execute(f"ALTER TABLE notice DROP CONSTRAINT IF EXISTS {RULE}")
    condition = "CHECK (NOT has_new_answer OR answered_at IS NOT NULL)"
    op.execute(f"ALTER TABLE notice ADD CONSTRAINT {RULE} {condition} NOT VALID")
    with op.get_context().autocommit_block():
        # Beside the work: these locks let others read and write.
        op.execute(f"ALTER TABLE notice VALIDATE CONSTRAINT {RULE}")
        # What a run that was broken off has left is of no use to anybody.
        op.drop_index(INDEX, table_name="notice", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            INDEX,
            "notice",
            ["answered_at"],
            unique=False,
            postgresql_where=sa.text("has_new_answer"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Forget which were read."""
    op.drop_column("notice", "has_new_answer")
