"""notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.rights import audit_trigger

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KIND = "ck_delivery_deliverykind"
# Before this migration.
KINDS = ("digest", "account")


def upgrade() -> None:
    """Keep whom complaints and tasks were told to, and what they answered."""
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "number", sa.String(length=30), server_default=sa.text("next_number('GZ')"), nullable=False
        ),
        sa.Column("complaint_id", sa.BigInteger(), nullable=False),
        sa.Column("department_task_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column(
            "locale",
            sa.Enum("zh_Hans_CN", "en", name="locale", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open", "answered", name="noticestate", native_enum=False, create_constraint=True, length=40
            ),
            server_default="open",
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("measure_owner", sa.String(length=80), nullable=True),
        sa.Column("measure_due_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'answered') = (answered_at IS NOT NULL)", name=op.f("ck_notice_answered")
        ),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_notice_name_not_blank")),
        sa.CheckConstraint("expires_at > told_at", name=op.f("ck_notice_expires_at")),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_notice_complaint_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_notice_created_by_id")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_notice_delivery_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_notice_department_id")),
        sa.ForeignKeyConstraint(
            ["department_task_id"],
            ["department_task.id"],
            name=op.f("fk_notice_department_task_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_notice_region_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["staff.id"], name=op.f("fk_notice_responsible_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("number", name=op.f("uq_notice_number")),
    )
    op.create_index("ix_notice_complaint_id_told_at", "notice", ["complaint_id", "told_at"], unique=False)
    op.create_index(op.f("ix_notice_created_by_id"), "notice", ["created_by_id"], unique=False)
    op.create_index(
        "ix_notice_deleted",
        "notice",
        ["deleted_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_notice_delivery_id"), "notice", ["delivery_id"], unique=False)
    op.create_index(op.f("ix_notice_department_id"), "notice", ["department_id"], unique=False)
    op.create_index(
        "ix_notice_department_task_id_told_at", "notice", ["department_task_id", "told_at"], unique=False
    )
    op.create_index(
        "ix_notice_open",
        "notice",
        ["told_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_notice_region_id"), "notice", ["region_id"], unique=False)
    op.create_index(op.f("ix_notice_responsible_id"), "notice", ["responsible_id"], unique=False)
    op.create_index("ix_notice_told_at", "notice", ["told_at", "id"], unique=False)
    op.create_index(
        "uq_notice_point",
        "notice",
        ["complaint_id", sa.text("coalesce(department_task_id, 0)"), "email"],
        unique=True,
    )
    op.execute(audit_trigger("notice"))
    op.drop_constraint(KIND, "delivery")
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {KIND} CHECK ({_kinds(*KINDS, 'notice')}) NOT VALID")
    with op.get_context().autocommit_block():
        # Beside the work: this lock lets others read and write.
        op.execute(f"ALTER TABLE delivery VALIDATE CONSTRAINT {KIND}")


def downgrade() -> None:
    """Forget notices and their mails."""
    op.drop_table("notice")
    op.execute("DELETE FROM delivery WHERE kind = 'notice'")
    op.drop_constraint(KIND, "delivery")
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {KIND} CHECK ({_kinds(*KINDS)})")


def _kinds(*values: str) -> str:
    return "kind IN ({})".format(", ".join(f"'{value}'" for value in values))
