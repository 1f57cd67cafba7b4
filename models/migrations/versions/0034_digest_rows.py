"""digest rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep with a digest the complaints of the workbook that its mails bring along."""
    op.add_column("digest", sa.Column("rows", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    """Forget them; the mails keep what they brought."""
    op.drop_column("digest", "rows")
