"""signs of life."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

SIGNS = ("tick_begun", "tick_finished", "worker_seen", "backup_made")


def upgrade() -> None:
    """Keep when each part of the panel last showed that it lives, and which jobs failed."""
    op.create_table(
        "sign_of_life",
        sa.Column(
            "sign",
            sa.Enum(*SIGNS, name="sign", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("sign", name=op.f("pk_sign_of_life")),
    )
    op.create_table(
        "failed_job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("function", sa.String(length=120), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("error", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("again_by_id", sa.BigInteger(), nullable=True),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["again_by_id"], ["staff.id"], name=op.f("fk_failed_job_again_by_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["staff.id"], name=op.f("fk_failed_job_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_job")),
        sa.UniqueConstraint("key", name=op.f("uq_failed_job_key")),
    )
    op.create_index(
        "ix_failed_job_open",
        "failed_job",
        ["last_failed_at"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    # What a person did about it; a failure that repeats itself every half minute is no change by anybody.
    op.execute(
        "CREATE TRIGGER audit AFTER UPDATE OF again_by_id, settled_by_id ON failed_job"
        " FOR EACH ROW EXECUTE FUNCTION audit_row('id')"
    )


def downgrade() -> None:
    """Forget signs of life and failed jobs."""
    op.drop_table("failed_job")
    op.drop_table("sign_of_life")
