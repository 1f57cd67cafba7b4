"""preferences, calls, demo marks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations.rights import audit_trigger

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep how each person likes the panel, what was said in calls, and which records are invented."""
    op.create_table(
        "demo_record",
        sa.Column("table_name", sa.String(length=63), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "row_id", name=op.f("pk_demo_record")),
    )
    op.create_table(
        "call_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('DH')"), nullable=False
        ),
        sa.Column(
            "direction",
            sa.Enum("out", "in", name="calldirection", native_enum=False, create_constraint=True, length=40),
            server_default="out",
            nullable=False,
        ),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "first_follow_up",
                "second_follow_up",
                "inquiry",
                "complaint",
                "invitation",
                "reminder",
                "other",
                name="callpurpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="first_follow_up",
            nullable=False,
        ),
        sa.Column(
            "result",
            sa.Enum(
                "reached",
                "call_back",
                "not_reached",
                "wrong_number",
                name="callresult",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="reached",
            nullable=False,
        ),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=True),
        sa.Column("service_receipt_id", sa.BigInteger(), nullable=True),
        sa.Column("complaint_id", sa.BigInteger(), nullable=True),
        sa.Column("spoke_with", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=80), nullable=True),
        sa.Column("topics", sa.ARRAY(sa.String(length=40)), server_default="{}", nullable=False),
        sa.Column("points", sa.Text(), nullable=True),
        sa.Column("wishes", sa.Text(), nullable=True),
        sa.Column("praise", sa.Text(), nullable=True),
        sa.Column("dissatisfaction", sa.Text(), nullable=True),
        sa.Column("promise", sa.Text(), nullable=True),
        sa.Column("promised_until", sa.Date(), nullable=True),
        sa.Column("promise_kept_on", sa.Date(), nullable=True),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "phone_numbers", postgresql.ARRAY(sa.String(length=40)), server_default="{}", nullable=False
        ),
        sa.CheckConstraint(
            "topics <@ ARRAY['use', 'needs', 'hints', 'services', 'campaigns', 'advice', 'visit']::varchar[]",
            name=op.f("ck_call_record_topics_known"),
        ),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_call_record_minutes")),
        sa.CheckConstraint(
            "promise_kept_on IS NULL OR promise IS NOT NULL", name=op.f("ck_call_record_promise_kept_on")
        ),
        sa.CheckConstraint(
            "promised_until IS NULL OR promise IS NOT NULL", name=op.f("ck_call_record_promised_until")
        ),
        sa.CheckConstraint("satisfaction BETWEEN 1 AND 5", name=op.f("ck_call_record_satisfaction")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_call_record_complaint_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_call_record_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_call_record_customer_id")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_call_record_department_id")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_call_record_region_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["staff.id"], name=op.f("fk_call_record_responsible_id")),
        sa.ForeignKeyConstraint(
            ["service_receipt_id"], ["service_receipt.id"], name=op.f("fk_call_record_service_receipt_id")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_call_record_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_record")),
        sa.UniqueConstraint("number", name=op.f("uq_call_record_number")),
    )
    op.create_index("ix_call_record_called_at", "call_record", ["called_at", "id"], unique=False)
    op.create_index(op.f("ix_call_record_complaint_id"), "call_record", ["complaint_id"], unique=False)
    op.create_index(op.f("ix_call_record_created_by_id"), "call_record", ["created_by_id"], unique=False)
    op.create_index(
        "ix_call_record_customer_id_called_at", "call_record", ["customer_id", "called_at"], unique=False
    )
    op.create_index(op.f("ix_call_record_department_id"), "call_record", ["department_id"], unique=False)
    op.create_index(
        "ix_call_record_phone_numbers", "call_record", ["phone_numbers"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_call_record_promised_until_open",
        "call_record",
        ["promised_until"],
        unique=False,
        postgresql_where=sa.text("promised_until IS NOT NULL AND promise_kept_on IS NULL"),
    )
    op.create_index(op.f("ix_call_record_region_id"), "call_record", ["region_id"], unique=False)
    op.create_index(op.f("ix_call_record_responsible_id"), "call_record", ["responsible_id"], unique=False)
    op.create_index(
        op.f("ix_call_record_service_receipt_id"), "call_record", ["service_receipt_id"], unique=False
    )
    op.create_index(op.f("ix_call_record_vehicle_id"), "call_record", ["vehicle_id"], unique=False)
    op.add_column(
        "staff",
        sa.Column(
            "theme",
            sa.Enum(
                "system", "light", "dark", name="theme", native_enum=False, create_constraint=True, length=40
            ),
            server_default="system",
            nullable=False,
        ),
    )
    op.add_column(
        "staff",
        sa.Column(
            "density",
            sa.Enum(
                "comfortable", "dense", name="density", native_enum=False, create_constraint=True, length=40
            ),
            server_default="comfortable",
            nullable=False,
        ),
    )
    op.execute(audit_trigger("call_record"))


def downgrade() -> None:
    """Forget them."""
    op.drop_column("staff", "density")
    op.drop_column("staff", "theme")
    op.drop_index(op.f("ix_call_record_vehicle_id"), table_name="call_record")
    op.drop_index(op.f("ix_call_record_service_receipt_id"), table_name="call_record")
    op.drop_index(op.f("ix_call_record_responsible_id"), table_name="call_record")
    op.drop_index(op.f("ix_call_record_region_id"), table_name="call_record")
    op.drop_index(
        "ix_call_record_promised_until_open",
        table_name="call_record",
        postgresql_where=sa.text("promised_until IS NOT NULL AND promise_kept_on IS NULL"),
    )
    op.drop_index("ix_call_record_phone_numbers", table_name="call_record", postgresql_using="gin")
    op.drop_index(op.f("ix_call_record_department_id"), table_name="call_record")
    op.drop_index("ix_call_record_customer_id_called_at", table_name="call_record")
    op.drop_index(op.f("ix_call_record_created_by_id"), table_name="call_record")
    op.drop_index(op.f("ix_call_record_complaint_id"), table_name="call_record")
    op.drop_index("ix_call_record_called_at", table_name="call_record")
    op.drop_table("call_record")
    op.drop_table("demo_record")
