"""verdict beside measured."""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

RULES = {
    "ck_measure_measured": "measured IN ('worked', 'did_not', 'too_early')",
    "ck_measure_otherwise_because": "verdict = measured OR coalesce(otherwise_because, '') ~ '[^[:space:]]'",
}


def upgrade() -> None:
    """Keep beside a verdict what was measured, and why somebody judged otherwise; of before it is not known."""
    # A run that was broken off may have come so far.
    op.execute("ALTER TABLE measure ADD COLUMN IF NOT EXISTS measured VARCHAR(40)")
    op.execute("ALTER TABLE measure ADD COLUMN IF NOT EXISTS otherwise_because TEXT")
    for name, rule in RULES.items():
        op.execute(f"ALTER TABLE measure DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"ALTER TABLE measure ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID")
    with op.get_context().autocommit_block():
        # Beside the work: these locks let others read and write.
        for name in RULES:
            op.execute(f"ALTER TABLE measure VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    """Forget what was measured."""
    op.drop_column("measure", "otherwise_because")
    op.drop_column("measure", "measured")
