"""digest content."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# As they stood when this was written.
FIGURES = (
    "satisfaction",
    "first_answer",
    "same_day_answer",
    "follow_up",
    "customer_file",
    "shipped_right",
    "return_repairs",
    "claims_passed",
    "supplier_claims_passed",
)
# What the departments that came with the panel are told of, by code.
CHOSEN = {
    "quality": ("satisfaction", "return_repairs", "claims_passed", "supplier_claims_passed"),
    "production": ("satisfaction", "return_repairs"),
    "technical": ("satisfaction", "return_repairs"),
    "purchasing": ("satisfaction", "return_repairs", "supplier_claims_passed"),
    "warehouse": ("satisfaction", "shipped_right"),
    "service": FIGURES,
    "management": FIGURES,
}
RULE = "ck_department_figures_known"
INDEXES = {
    "ix_complaint_confirmed_at_answered": "complaint (confirmed_at) WHERE satisfaction IS NOT NULL",
    "ix_deadline_kind_due_at": "deadline (kind, due_at)",
}


def upgrade() -> None:
    """Let departments choose figures, shipments and calls, and find answers by when they were due."""
    with op.get_context().autocommit_block():
        # By itself: whoever draws a number reads the centre, and then waits for the department.
        op.execute("ALTER TABLE centre ADD COLUMN IF NOT EXISTS figure_targets jsonb NOT NULL DEFAULT '{}'")
    for name in ("gets_shipments", "gets_calls", "attaches_workbook"):
        op.execute(f"ALTER TABLE department ADD COLUMN IF NOT EXISTS {name} boolean NOT NULL DEFAULT false")
    op.execute(
        "ALTER TABLE department ADD COLUMN IF NOT EXISTS digest_figures varchar(40)[] NOT NULL"
        " DEFAULT '{satisfaction,first_answer}'"
    )
    known = ", ".join(f"'{figure}'" for figure in FIGURES)
    op.execute(
        f"ALTER TABLE department ADD CONSTRAINT {RULE} CHECK (digest_figures <@ ARRAY[{known}]::varchar[]) NOT VALID"
    )
    for code, figures in CHOSEN.items():
        op.execute(
            f"UPDATE department SET digest_figures = '{{{','.join(figures)}}}' WHERE code = '{code}'"  # noqa: S608 - names of this file
        )
    op.execute("UPDATE department SET gets_shipments = true WHERE code = 'warehouse'")
    op.execute("UPDATE department SET gets_calls = true WHERE code IN ('sales', 'marketing', 'service')")
    with op.get_context().autocommit_block():
        # Beside the work: these locks let others read and write.
        op.execute(f"ALTER TABLE department VALIDATE CONSTRAINT {RULE}")
        for index, of in INDEXES.items():
            # What a run that was broken off has left is of no use to anybody.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
            op.execute(f"CREATE INDEX CONCURRENTLY {index} ON {of}")


def downgrade() -> None:
    """Forget what departments chose."""
    for index in INDEXES:
        op.execute(f"DROP INDEX {index}")
    op.drop_column("centre", "figure_targets")
    for name in ("digest_figures", "attaches_workbook", "gets_calls", "gets_shipments"):
        op.drop_column("department", name)
