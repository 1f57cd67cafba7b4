"""what subjects are also called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep other words for a subject, by which it is found."""
    op.add_column("subject", sa.Column("also_called", sa.String(200), nullable=True))


def downgrade() -> None:
    """Forget the other words."""
    op.drop_column("subject", "also_called")
