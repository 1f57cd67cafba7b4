"""absence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations.rights import AUDIT_FUNCTION, AUDIT_FUNCTION_OF_SUBSTITUTES, audit_trigger

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STAFF_KEYS = ("staff_id", "substitute_id", "created_by_id", "responsible_id")


def upgrade() -> None:
    """Keep who is away and who stands in, and write into the audit log for whom a substitute acted."""
    reasons = ("leave", "business_trip", "training", "other")
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("substitute_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(*reasons, name="absencereason", native_enum=False, create_constraint=True, length=40),
            server_default="leave",
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("staff_id <> substitute_id", name=op.f("ck_absence_own_substitute")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_absence_absence_ends_on")),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(staff_id, staff_id, '[]')"), "&&"),
            (sa.text("daterange(starts_on, ends_on, '[]')"), "&&"),
            where=sa.text("deleted_at IS NULL"),
            using="gist",
            name="absence_overlap",
        ),
        *(
            sa.ForeignKeyConstraint([name], ["staff.id"], name=op.f(f"fk_absence_{name}"))
            for name in STAFF_KEYS
        ),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_absence_department_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_absence_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_substitute_id_ends_on", "absence", ["substitute_id", "ends_on"], unique=False)
    op.create_index("ix_absence_staff_id_ends_on", "absence", ["staff_id", "ends_on"], unique=False)
    op.create_index("ix_absence_starts_on", "absence", ["starts_on", "id"], unique=False)
    for name in ("created_by_id", "responsible_id", "department_id", "region_id"):
        op.create_index(f"ix_absence_{name}", "absence", [name], unique=False)
    op.execute(audit_trigger("absence"))
    op.execute(AUDIT_FUNCTION_OF_SUBSTITUTES)


def downgrade() -> None:
    """Forget who stood in, and let the audit log say who acted alone."""
    op.execute(AUDIT_FUNCTION)
    op.drop_table("absence")
