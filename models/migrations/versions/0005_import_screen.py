"""import screen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATES = ("checking", "checked", "running", "done", "refused", "discarded")


def upgrade() -> None:
    """Let a run be uploaded, checked and imported by steps; what was imported before is done."""
    op.add_column(
        "import_run",
        sa.Column("state", sa.String(40), nullable=False, server_default="done"),
    )
    op.create_check_constraint(
        op.f("ck_import_run_importstate"), "import_run", sa.column("state").in_(STATES)
    )
    op.add_column("import_run", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("import_run", sa.Column("problem", sa.Text()))
    op.add_column("import_run", sa.Column("preview", postgresql.JSONB()))
    op.add_column("import_run", sa.Column("content", sa.LargeBinary()))
    op.add_column("import_run", sa.Column("rejected", sa.LargeBinary()))
    op.create_index(
        "ix_import_run_at_work",
        "import_run",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('checking', 'running')"),
    )


def downgrade() -> None:
    """Take the steps away, with the files that wait and the rejected rows."""
    op.drop_index("ix_import_run_at_work", table_name="import_run")
    for column in ("rejected", "content", "preview", "problem", "attempts", "state"):
        op.drop_column("import_run", column)
