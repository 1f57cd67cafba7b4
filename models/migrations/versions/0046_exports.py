"""exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep exports that are made in the background, with their files in pieces."""
    op.create_table(
        "export_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("table_name", sa.String(63), nullable=False),
        sa.Column("format", _closed("exportformat", "xlsx", "csv", "csv-gb18030"), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("args", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            _closed("exportstate", "running", "done", "failed", "cancelled", "expired"),
            nullable=False,
        ),
        sa.Column("problem", _closed("exportproblem", "broken_off", "not_allowed"), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_expected", sa.Integer(), nullable=False),
        sa.Column("rows_written", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("scope", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=name != "asked_at")
            for name in ("asked_at", "finished_at", "expires_at", "fetched_at")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_export_run_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_run")),
    )
    op.create_index("ix_export_run_staff_id", "export_run", ["staff_id", "id"])
    op.create_index(
        "ix_export_run_running", "export_run", ["id"], postgresql_where=sa.text("state = 'running'")
    )
    op.create_index(
        "ix_export_run_expires_at",
        "export_run",
        ["expires_at"],
        postgresql_where=sa.text("state <> 'expired'"),
    )
    op.create_table(
        "export_chunk",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["export_run.id"], name=op.f("fk_export_chunk_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_export_chunk")),
    )


def downgrade() -> None:
    """Forget the exports; their files can be made again."""
    op.drop_table("export_chunk")
    op.drop_table("export_run")


def _closed(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
