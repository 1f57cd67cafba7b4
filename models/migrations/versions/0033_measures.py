"""measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.rights import audit_trigger

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep corrective measures: what departments do so that a fault does not come again."""
    op.create_table(
        "measure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('ZG')"), nullable=False
        ),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.String(length=80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "decided",
                "done",
                "verified",
                "dropped",
                name="measurestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="decided",
            nullable=False,
        ),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("part_id", sa.BigInteger(), nullable=True),
        sa.Column("supplier_id", sa.BigInteger(), nullable=True),
        sa.Column("production_batch", sa.String(length=60), nullable=True),
        sa.Column("digest_id", sa.BigInteger(), nullable=True),
        sa.Column("point_key", sa.String(length=200), nullable=True),
        sa.Column("point_text", sa.Text(), nullable=True),
        sa.Column("meeting_week", sa.String(length=8), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.Column("reported_by_id", sa.BigInteger(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("verified_by_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum(
                "worked",
                "did_not",
                "too_early",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("verification", sa.Text(), nullable=True),
        sa.Column("dropped_because", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'verified') = (verified_on IS NOT NULL) AND (state = 'verified') = (verdict IS NOT NULL)",
            name=op.f("ck_measure_verified"),
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'verified')) = (done_on IS NOT NULL)", name=op.f("ck_measure_measure_done")
        ),
        sa.CheckConstraint(
            "done_on IS NULL OR coalesce(report, '') ~ '[^[:space:]]'", name=op.f("ck_measure_measure_report")
        ),
        sa.CheckConstraint("meeting_week ~ '^[0-9]{4}-W[0-9]{2}$'", name=op.f("ck_measure_meeting_week")),
        sa.CheckConstraint("owner_name ~ '[^[:space:]]'", name=op.f("ck_measure_owner_name_not_blank")),
        sa.CheckConstraint(
            "state <> 'dropped' OR coalesce(dropped_because, '') ~ '[^[:space:]]'",
            name=op.f("ck_measure_dropped_because"),
        ),
        sa.CheckConstraint("what ~ '[^[:space:]]'", name=op.f("ck_measure_what_not_blank")),
        sa.CheckConstraint(
            "(digest_id IS NULL) = (point_key IS NULL)", name=op.f("ck_measure_point_of_digest")
        ),
        sa.CheckConstraint("department_id IS NOT NULL", name=op.f("ck_measure_department")),
        sa.CheckConstraint("verified_by_id <> reported_by_id", name=op.f("ck_measure_verified_by_other")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_measure_created_by_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_measure_department_id")),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_measure_digest_id")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_measure_part_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_measure_region_id")),
        sa.ForeignKeyConstraint(["reported_by_id"], ["staff.id"], name=op.f("fk_measure_reported_by_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["staff.id"], name=op.f("fk_measure_responsible_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], name=op.f("fk_measure_subject_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_measure_supplier_id")),
        sa.ForeignKeyConstraint(["verified_by_id"], ["staff.id"], name=op.f("fk_measure_verified_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
        sa.UniqueConstraint("number", name=op.f("uq_measure_number")),
    )
    op.create_index(op.f("ix_measure_created_by_id"), "measure", ["created_by_id"], unique=False)
    op.create_index(
        "ix_measure_deleted",
        "measure",
        ["deleted_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_measure_department_id"), "measure", ["department_id"], unique=False)
    op.create_index("ix_measure_department_id_due_on", "measure", ["department_id", "due_on"], unique=False)
    op.create_index("ix_measure_digest_id_point_key", "measure", ["digest_id", "point_key"], unique=False)
    op.create_index(
        "ix_measure_done_on",
        "measure",
        ["done_on", "id"],
        unique=False,
        postgresql_where=sa.text("done_on IS NOT NULL"),
    )
    op.create_index("ix_measure_due_on", "measure", ["due_on", "id"], unique=False)
    op.create_index("ix_measure_meeting_week", "measure", ["meeting_week"], unique=False)
    op.create_index(
        "ix_measure_open",
        "measure",
        ["due_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'decided'"),
    )
    op.create_index(
        "ix_measure_open_of_department",
        "measure",
        ["department_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("state = 'decided'"),
    )
    op.create_index("ix_measure_part_id_due_on", "measure", ["part_id", "due_on"], unique=False)
    op.create_index(op.f("ix_measure_region_id"), "measure", ["region_id"], unique=False)
    op.create_index(op.f("ix_measure_reported_by_id"), "measure", ["reported_by_id"], unique=False)
    op.create_index(op.f("ix_measure_responsible_id"), "measure", ["responsible_id"], unique=False)
    op.create_index("ix_measure_subject_id_due_on", "measure", ["subject_id", "due_on"], unique=False)
    op.create_index("ix_measure_supplier_id_due_on", "measure", ["supplier_id", "due_on"], unique=False)
    op.create_index(
        "ix_measure_to_verify",
        "measure",
        ["done_on", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'done'"),
    )
    op.create_index(op.f("ix_measure_verified_by_id"), "measure", ["verified_by_id"], unique=False)
    op.execute(audit_trigger("measure"))


def downgrade() -> None:
    """Forget them."""
    op.drop_table("measure")
