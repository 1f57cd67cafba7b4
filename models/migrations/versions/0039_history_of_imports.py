"""history of imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Note up to which day what an import brought is history, of which nothing becomes due."""
    op.add_column("import_run", sa.Column("history_until", sa.Date(), nullable=True))


def downgrade() -> None:
    """Forget what was history."""
    op.drop_column("import_run", "history_until")
