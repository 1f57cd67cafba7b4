"""changes by day, open complaints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count what the first page counts without reading the whole audit log, or every closed complaint."""
    # The log only grows, in the order of its instants: a few pages of summary find a day in it.
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"], unique=False, postgresql_using="brin")
    op.create_index(
        "ix_complaint_responsible_id_open",
        "complaint",
        ["responsible_id"],
        unique=False,
        postgresql_where=sa.text("step <> 'confirmed'"),
    )


def downgrade() -> None:
    """Read everything again."""
    op.drop_index("ix_complaint_responsible_id_open", table_name="complaint")
    op.drop_index("ix_audit_entry_at", table_name="audit_entry")
