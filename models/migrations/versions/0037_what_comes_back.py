"""what comes back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations.rights import audit_trigger

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

KINDS = ("reply", "auto_reply", "bounce", "delay")
TROUBLES = ("login", "folder", "connection", "answer")


def upgrade() -> None:
    """Keep answers and bounces with the mail that they are of, and which addresses give mails back."""
    op.create_table(
        "mailbox",
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "trouble",
            sa.Enum(*TROUBLES, name="mailboxtrouble", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("said", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailbox")),
    )
    op.create_table(
        "incoming_mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="incomingkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("is_certain", sa.Boolean(), nullable=False),
        sa.Column("sender_name", sa.String(length=160), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column(
            "file_names",
            postgresql.ARRAY(sa.String(length=200)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_incoming_mail_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_mail")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_incoming_mail_fingerprint")),
    )
    op.create_index(op.f("ix_incoming_mail_delivery_id"), "incoming_mail", ["delivery_id"], unique=False)
    op.create_table(
        "bad_address",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("address = lower(address)", name=op.f("ck_bad_address_address_lower")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_bad_address_delivery_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bad_address")),
        sa.UniqueConstraint("address", name=op.f("uq_bad_address_address")),
    )
    op.create_index(op.f("ix_bad_address_delivery_id"), "bad_address", ["delivery_id"], unique=False)
    # That somebody trusts an address again stands in the log; whose it is does not.
    op.execute(audit_trigger("bad_address", secret_columns=("address", "reason")))
    op.add_column("delivery", sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Forget what came back."""
    op.drop_column("delivery", "bounced_at")
    op.drop_table("bad_address")
    op.drop_table("incoming_mail")
    op.drop_table("mailbox")
