"""chat groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.rights import audit_trigger

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

CHANNELS = ("mail", "wecom", "dingtalk", "feishu")
INDEX = "ix_delivery_chat_group_id"
CHECKED = (
    (
        "ck_delivery_channel",
        "CHECK (channel IN ({}))".format(", ".join(f"'{channel}'" for channel in CHANNELS)),
    ),
    (
        "fk_delivery_chat_group_id",
        "FOREIGN KEY (chat_group_id) REFERENCES chat_group (id) ON DELETE SET NULL",
    ),
)


def upgrade() -> None:
    """Keep the groups that get a digest through a robot, and which way each delivery goes."""
    op.create_table(
        "chat_group",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(*CHANNELS, name="channel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("robot", sa.String(length=80), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("signing_secret", sa.Text(), nullable=True),
        sa.Column(
            "locale",
            sa.Enum("zh_Hans_CN", "en", name="locale", native_enum=False, create_constraint=True, length=40),
            server_default="zh_Hans_CN",
            nullable=False,
        ),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.BigInteger(), nullable=True),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("department_id IS NOT NULL", name=op.f("ck_chat_group_department")),
        sa.CheckConstraint("channel <> 'mail'", name=op.f("ck_chat_group_channel_of_group")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_chat_group_name_not_blank")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_chat_group_created_by_id")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_chat_group_department_id")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_chat_group_region_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["staff.id"], name=op.f("fk_chat_group_responsible_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_group")),
    )
    op.create_index(op.f("ix_chat_group_created_by_id"), "chat_group", ["created_by_id"], unique=False)
    op.create_index(
        "ix_chat_group_deleted",
        "chat_group",
        ["deleted_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_chat_group_department_id"), "chat_group", ["department_id"], unique=False)
    op.create_index(op.f("ix_chat_group_region_id"), "chat_group", ["region_id"], unique=False)
    op.create_index(op.f("ix_chat_group_responsible_id"), "chat_group", ["responsible_id"], unique=False)
    op.create_index(
        "uq_chat_group_department_id_robot",
        "chat_group",
        ["department_id", "robot"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    # That an address changed stands in the log; the address never does.
    op.execute(audit_trigger("chat_group", secret_columns=("webhook", "signing_secret")))
    op.add_column(
        "delivery", sa.Column("channel", sa.String(length=40), server_default="mail", nullable=False)
    )
    op.add_column("delivery", sa.Column("chat_group_id", sa.BigInteger(), nullable=True))
    for name, rule in CHECKED:
        op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {name} {rule} NOT VALID")
    with op.get_context().autocommit_block():
        # Beside the work: these locks let others read and write.
        for name, _rule in CHECKED:
            op.execute(f"ALTER TABLE delivery VALIDATE CONSTRAINT {name}")
        # What a run that was broken off has left is of no use to anybody.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {INDEX} ON delivery (chat_group_id) WHERE chat_group_id IS NOT NULL"
        )


def downgrade() -> None:
    """Forget the groups, and what went to them."""
    op.execute("DELETE FROM delivery WHERE channel <> 'mail'")
    op.drop_column("delivery", "chat_group_id")
    op.drop_column("delivery", "channel")
    op.drop_table("chat_group")
