"""open complaints by region."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

INDEX = "ix_complaint_region_id_open"


def upgrade() -> None:
    """Let what is open in a region be found without what was closed there."""
    with op.get_context().autocommit_block():
        # What a run that was broken off has left is of no use to anybody.
        op.drop_index(INDEX, table_name="complaint", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            INDEX,
            "complaint",
            ["region_id"],
            unique=False,
            postgresql_where=sa.text("step <> 'confirmed'"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index(INDEX, table_name="complaint")
