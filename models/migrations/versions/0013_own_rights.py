"""own rights, customers per person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.rights import audit_trigger

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a centre adjust what people may do with their own records, and say how many customers one has."""
    op.create_table(
        "own_right",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("creator", sa.String(length=8), nullable=False),
        sa.Column("responsible", sa.String(length=8), nullable=False),
        sa.CheckConstraint("creator ~ '^[redt]*$'", name=op.f("ck_own_right_creator")),
        sa.CheckConstraint("responsible ~ '^[ret]*$'", name=op.f("ck_own_right_responsible")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_right")),
        sa.UniqueConstraint("table_name", name=op.f("uq_own_right_table_name")),
    )
    op.execute(audit_trigger("own_right"))
    # One row: the check has nothing to read.
    op.add_column(
        "centre", sa.Column("customers_per_person", sa.Integer(), server_default="200", nullable=False)
    )
    op.create_check_constraint(op.f("ck_centre_customers_per_person"), "centre", "customers_per_person > 0")


def downgrade() -> None:
    """Let the rules of the panel hold for all centres."""
    op.drop_constraint(op.f("ck_centre_customers_per_person"), "centre", type_="check")
    op.drop_column("centre", "customers_per_person")
    op.drop_table("own_right")
