"""centre and invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations.rights import NUMBER_FUNCTION, NUMBER_FUNCTION_OF_CENTRE, audit_trigger

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep the centre's name and time zone, by which numbers get their year, and who was invited."""
    op.create_table(
        "centre",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("name_en", sa.String(length=80), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=True),
        sa.Column(
            "steps", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "drafts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_centre_one_row")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_centre_name_not_blank")),
        sa.CheckConstraint("name_en ~ '[^[:space:]]'", name=op.f("ck_centre_name_en_not_blank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centre")),
    )
    op.execute("INSERT INTO centre (id) VALUES (1)")
    # What was pasted holds names and phones: its change is recorded, not its content.
    op.execute(audit_trigger("centre", "id", ("drafts",)))
    op.create_table(
        "invitation",
        sa.Column("staff_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_invitation_delivery_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_invitation_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_invitation")),
    )
    op.create_index(op.f("ix_invitation_delivery_id"), "invitation", ["delivery_id"], unique=False)
    op.execute(audit_trigger("invitation", "staff_id"))
    op.execute(NUMBER_FUNCTION_OF_CENTRE)


def downgrade() -> None:
    """Let numbers follow the environment alone again, and forget the rest."""
    op.execute(NUMBER_FUNCTION)
    op.drop_index(op.f("ix_invitation_delivery_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_table("centre")
