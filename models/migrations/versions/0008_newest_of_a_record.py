"""newest of a record."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Table, key of the record that its rows belong to, and by what they are put in order on that record's page.
ORDERED = (
    ("call_record", "vehicle_id", "called_at"),
    ("complaint", "customer_id", "registered_at"),
    ("complaint", "dealer_id", "registered_at"),
    ("complaint", "part_id", "registered_at"),
    ("complaint", "vehicle_id", "registered_at"),
    ("customer", "dealer_id", "id"),
    ("letter", "customer_id", "sent_on"),
    ("letter", "dealer_id", "sent_on"),
    ("parts_quality_record", "dealer_id", "found_on"),
    ("parts_quality_record", "supplier_id", "found_on"),
    ("parts_shipment", "dealer_id", "shipped_on"),
    ("parts_shipment", "supplier_id", "shipped_on"),
    ("service_receipt", "dealer_id", "came_in_on"),
    ("vehicle", "dealer_id", "id"),
    ("vehicle", "product_model_id", "id"),
    ("warranty_claim", "dealer_id", "claimed_on"),
    ("warranty_claim", "part_id", "claimed_on"),
    ("warranty_claim", "supplier_id", "claimed_on"),
)


def upgrade() -> None:
    """Find the newest rows of a record in its key's own index, instead of by sorting all of them."""
    for table, key, order in ORDERED:
        op.create_index(f"ix_{table}_{key}_{order}", table, [key, order], unique=False)
        op.drop_index(f"ix_{table}_{key}", table_name=table)


def downgrade() -> None:
    """Go back to the keys alone."""
    for table, key, order in ORDERED:
        op.create_index(f"ix_{table}_{key}", table, [key], unique=False)
        op.drop_index(f"ix_{table}_{key}_{order}", table_name=table)
