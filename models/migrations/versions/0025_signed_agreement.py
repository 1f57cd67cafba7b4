"""signed agreement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

INDEX = "ix_attachment_agreement_of_id"
KEY = "fk_attachment_agreement_of_id"


def upgrade() -> None:
    """Tell of a file that it is the signed agreement of a proposal, and of a proposal why there is none."""
    op.add_column("proposal", sa.Column("no_agreement_because", sa.Text(), nullable=True))
    op.add_column("attachment", sa.Column("agreement_of_id", sa.BigInteger(), nullable=True))
    op.execute(
        f"ALTER TABLE attachment ADD CONSTRAINT {KEY} FOREIGN KEY (agreement_of_id)"
        " REFERENCES proposal (id) ON DELETE SET NULL NOT VALID"
    )
    with op.get_context().autocommit_block():
        # Beside the work: this lock lets others read and write.
        op.execute(f"ALTER TABLE attachment VALIDATE CONSTRAINT {KEY}")
        # What a run that was broken off has left is of no use to anybody.
        op.drop_index(INDEX, table_name="attachment", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            INDEX,
            "attachment",
            ["agreement_of_id"],
            unique=False,
            postgresql_where=sa.text("agreement_of_id IS NOT NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Forget which files are signed agreements."""
    op.drop_index(INDEX, table_name="attachment")
    op.drop_column("attachment", "agreement_of_id")
    op.drop_column("proposal", "no_agreement_because")
