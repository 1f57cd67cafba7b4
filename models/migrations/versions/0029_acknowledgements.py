"""acknowledgements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Before this migration.
MAILS = ("digest", "account", "notice", "reminder")
LETTERS = ("notice", "invitation", "reply")
ONCE, MAIL = "uq_letter_acknowledgement", "ix_letter_delivery_id"


def upgrade() -> None:
    """Tell customers that their complaint was taken up: by mail, or by a letter that waits to be sent."""
    with op.get_context().autocommit_block():
        # Each by itself: whoever draws a number reads the centre, and then waits for the customer.
        op.execute(
            "ALTER TABLE centre ADD COLUMN IF NOT EXISTS is_acknowledged boolean NOT NULL DEFAULT true,"
            " ADD COLUMN IF NOT EXISTS hotline varchar(40)"
        )
        op.execute("ALTER TABLE customer ADD COLUMN IF NOT EXISTS email varchar(254)")
        op.execute("ALTER TABLE customer DROP CONSTRAINT IF EXISTS ck_customer_email_lower")
        op.execute(
            "ALTER TABLE customer ADD CONSTRAINT ck_customer_email_lower CHECK (email = lower(email)) NOT VALID"
        )
        op.execute("ALTER TABLE customer VALIDATE CONSTRAINT ck_customer_email_lower")
    op.add_column("letter", sa.Column("delivery_id", sa.BigInteger(), nullable=True))
    op.alter_column("letter", "sent_on", nullable=True)
    op.drop_constraint("ck_delivery_deliverykind", "delivery")
    op.drop_constraint("ck_letter_letterkind", "letter")
    checked = (
        ("delivery", "ck_delivery_deliverykind", f"CHECK ({_kinds(*MAILS, 'acknowledgement')})"),
        ("letter", "ck_letter_letterkind", f"CHECK ({_kinds(*LETTERS, 'acknowledgement')})"),
        ("letter", "ck_letter_replied_unsent", "CHECK (replied_on IS NULL OR sent_on IS NOT NULL)"),
        (
            "letter",
            "fk_letter_delivery_id",
            "FOREIGN KEY (delivery_id) REFERENCES delivery (id) ON DELETE SET NULL",
        ),
    )
    for table, name, rule in checked:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule} NOT VALID")
    with op.get_context().autocommit_block():
        # Beside the work: these locks let others read and write.
        for table, name, _rule in checked:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
        for index in (ONCE, MAIL):
            # What a run that was broken off has left is of no use to anybody.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
        op.execute(f"CREATE INDEX CONCURRENTLY {MAIL} ON letter (delivery_id)")
        op.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY {ONCE} ON letter (complaint_id)"
            " WHERE kind = 'acknowledgement' AND deleted_at IS NULL"
        )


def downgrade() -> None:
    """Forget acknowledgements, and the letters that were never sent."""
    op.drop_index(ONCE, table_name="letter")
    op.drop_constraint("ck_letter_replied_unsent", "letter")
    op.execute("DELETE FROM letter WHERE sent_on IS NULL OR kind = 'acknowledgement'")
    op.alter_column("letter", "sent_on", nullable=False)
    op.drop_column("letter", "delivery_id")
    op.execute("DELETE FROM delivery WHERE kind = 'acknowledgement'")
    for table, name, kinds in (
        ("delivery", "ck_delivery_deliverykind", MAILS),
        ("letter", "ck_letter_letterkind", LETTERS),
    ):
        op.drop_constraint(name, table)
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({_kinds(*kinds)})")
    op.drop_column("centre", "hotline")
    op.drop_column("centre", "is_acknowledged")
    op.drop_column("customer", "email")


def _kinds(*values: str) -> str:
    return "kind IN ({})".format(", ".join(f"'{value}'" for value in values))
