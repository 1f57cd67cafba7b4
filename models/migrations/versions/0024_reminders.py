"""reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KIND = "ck_delivery_deliverykind"
# Before this migration.
KINDS = ("digest", "account", "notice")
INDEX = "ix_deadline_due_at_unescalated"


def upgrade() -> None:
    """Let mails remind of what is due, and find what is late and not escalated without reading the rest."""
    op.drop_constraint(KIND, "delivery")
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {KIND} CHECK ({_kinds(*KINDS, 'reminder')}) NOT VALID")
    with op.get_context().autocommit_block():
        # Beside the work: this lock lets others read and write.
        op.execute(f"ALTER TABLE delivery VALIDATE CONSTRAINT {KIND}")
        # What a run that was broken off has left is of no use to anybody.
        op.drop_index(INDEX, table_name="deadline", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            INDEX,
            "deadline",
            ["due_at", "id"],
            unique=False,
            postgresql_where=sa.text("settled_at IS NULL AND escalated_at IS NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Forget the mails that reminded."""
    op.drop_index(INDEX, table_name="deadline")
    op.execute("DELETE FROM delivery WHERE kind = 'reminder'")
    op.drop_constraint(KIND, "delivery")
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {KIND} CHECK ({_kinds(*KINDS)})")


def _kinds(*values: str) -> str:
    return "kind IN ({})".format(", ".join(f"'{value}'" for value in values))
