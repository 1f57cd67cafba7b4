"""access log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KINDS = (
    "login", "login_failed", "throttled", "logout", "logins_ended", "reset_asked", "password_set",
    "second_factor_set", "second_factor_removed", "recovery_code_used", "refused", "revealed", "exported",
    "person_exported", "person_erased", "purged",
)  # fmt: skip


def upgrade() -> None:
    """Add the log of what changes no row: logins, refusals, reveals, exports."""
    op.create_table(
        "access_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="accesskind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("on_behalf_of_id", sa.BigInteger(), nullable=True),
        sa.Column("table_name", sa.String(length=63), nullable=True),
        sa.Column("row_id", sa.BigInteger(), nullable=True),
        sa.Column("remote_address", postgresql.INET(), nullable=True),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_access_entry"),
    )
    op.create_index("ix_access_entry_row", "access_entry", ["table_name", "row_id", "id"], unique=False)
    op.create_index("ix_access_entry_actor_id", "access_entry", ["actor_id", "id"], unique=False)
    op.create_index("ix_access_entry_kind", "access_entry", ["kind", "id"], unique=False)
    op.create_index("ix_access_entry_at", "access_entry", ["at"], unique=False, postgresql_using="brin")


def downgrade() -> None:
    """Remove the log."""
    op.drop_table("access_entry")
