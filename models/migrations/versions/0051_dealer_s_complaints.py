"""dealer's complaints."""

from __future__ import annotations

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

INDEX = "ix_complaint_dealer_id_registered_at"


def upgrade() -> None:
    """Let the complaints of a dealer be counted, open and recent ones, without reading a row."""
    replace_index(["id", "step", "deleted_at"])


def downgrade() -> None:
    """Keep dealer and instant alone in the index."""
    replace_index([])


def replace_index(included: list[str]) -> None:
    """Make the index anew with these columns beside its own; meanwhile the former one serves."""
    new = f"{INDEX}_new"
    with op.get_context().autocommit_block():
        # What a run that was broken off has left is of no use to anybody.
        op.drop_index(new, table_name="complaint", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            new,
            "complaint",
            ["dealer_id", "registered_at"],
            unique=False,
            postgresql_include=included,
            postgresql_concurrently=True,
        )
        op.drop_index(INDEX, table_name="complaint", postgresql_concurrently=True, if_exists=True)
        op.execute(f"ALTER INDEX {new} RENAME TO {INDEX}")
