"""test messages."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

# Before this migration.
MAILS = ("digest", "account", "notice", "reminder", "acknowledgement", "summary")
RULE = "ck_delivery_deliverykind"


def upgrade() -> None:
    """Tell test messages from mails about logins."""
    op.drop_constraint(RULE, "delivery")
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {RULE} CHECK ({_kinds(*MAILS, 'test')}) NOT VALID")
    with op.get_context().autocommit_block():
        # Beside the work: this lock lets others read and write.
        op.execute(f"ALTER TABLE delivery VALIDATE CONSTRAINT {RULE}")


def downgrade() -> None:
    """Call them what they were called before."""
    op.execute("UPDATE delivery SET kind = 'account' WHERE kind = 'test'")
    op.drop_constraint(RULE, "delivery")
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {RULE} CHECK ({_kinds(*MAILS)})")


def _kinds(*values: str) -> str:
    return "kind IN ({})".format(", ".join(f"'{value}'" for value in values))
