"""daily close."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations.rights import audit_trigger

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what each person says and did on a day."""
    op.create_table(
        "daily_close",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figures", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("completed", sa.Text(), nullable=True),
        sa.Column("open_points", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(closed_at IS NULL) = (figures IS NULL)", name=op.f("ck_daily_close_figures")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_daily_close_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daily_close")),
    )
    op.create_index("uq_daily_close_staff_id_day", "daily_close", ["staff_id", "day"], unique=True)
    op.create_index("ix_daily_close_day", "daily_close", ["day", "staff_id"], unique=False)
    # What people write may name customers: the log says that it changed, and no more.
    op.execute(audit_trigger("daily_close", secret_columns=("completed", "open_points")))


def downgrade() -> None:
    """Forget the closed days."""
    op.drop_table("daily_close")
