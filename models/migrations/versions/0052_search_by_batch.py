"""search by batch and source."""

from __future__ import annotations

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

TEXTS = {
    "complaint": ("number, customer_name, phone, description, fault", "production_batch"),
    "customer": ("number, name, contact_person, phone, address", "source"),
}


def upgrade() -> None:
    """Find complaints by the batch of the product too, and customers by their source."""
    for table, (texts, more) in TEXTS.items():
        replace_index(table, f"{texts}, {more}")


def downgrade() -> None:
    """Find them as before."""
    for table, (texts, _more) in TEXTS.items():
        replace_index(table, texts)


def replace_index(table: str, texts: str) -> None:
    """Make the index over these texts anew; meanwhile the former one serves."""
    name = f"ix_{table}_search"
    with op.get_context().autocommit_block():
        # What a run that was broken off has left is of no use to anybody.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_new")
        pieces = f"search_pieces(CAST(ARRAY[{texts}] AS TEXT[]), phone_numbers)"
        op.execute(f"CREATE INDEX CONCURRENTLY {name}_new ON {table} USING gin ({pieces})")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"ALTER INDEX {name}_new RENAME TO {name}")
