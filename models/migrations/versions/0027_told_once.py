"""told once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.rights import audit_trigger

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what was told of tasks and of days that were not closed."""
    op.create_table(
        "told_once",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("told_of", sa.String(length=40), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_told_once")),
        sa.UniqueConstraint("told_of", "row_id", "day", name=op.f("uq_told_once_told_of_row_id_day")),
    )
    op.execute(audit_trigger("told_once"))


def downgrade() -> None:
    """Forget what was told."""
    op.drop_table("told_once")
