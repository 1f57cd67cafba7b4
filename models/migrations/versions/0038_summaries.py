"""summaries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations.rights import audit_trigger

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# Before this migration.
MAILS = ("digest", "account", "notice", "reminder", "acknowledgement")
TEXTS = ("achieved", "problems", "plans", "suggestions", "market")
INDEX = "ix_delivery_summary_id"


def upgrade() -> None:
    """Keep what people and the centre say of a month or year, and send the centre's by mail."""
    op.create_table(
        "summary",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("month", "year", name="periodkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in TEXTS),
        sa.Column("figures", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(handed_in_at IS NULL) = (figures IS NULL)", name=op.f("ck_summary_figures")),
        sa.CheckConstraint(
            "EXTRACT(day FROM first_on) = 1 AND (kind <> 'year' OR EXTRACT(month FROM first_on) = 1)",
            name=op.f("ck_summary_first_on"),
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_summary_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary")),
    )
    op.create_index(
        "uq_summary_kind_first_on_staff_id",
        "summary",
        ["kind", "first_on", "staff_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_summary_staff_id", "summary", ["staff_id"], unique=False)
    # What people write may name customers: the log says that it changed, and no more.
    op.execute(audit_trigger("summary", secret_columns=(*TEXTS, "figures")))
    op.add_column("delivery", sa.Column("summary_id", sa.BigInteger(), nullable=True))
    op.drop_constraint("ck_delivery_deliverykind", "delivery")
    checked = (
        ("ck_delivery_deliverykind", f"CHECK ({_kinds(*MAILS, 'summary')})"),
        ("ck_delivery_summary_of_kind", "CHECK ((kind = 'summary') = (summary_id IS NOT NULL))"),
        ("fk_delivery_summary_id", "FOREIGN KEY (summary_id) REFERENCES summary (id)"),
    )
    for name, rule in checked:
        op.execute(f"ALTER TABLE delivery ADD CONSTRAINT {name} {rule} NOT VALID")
    with op.get_context().autocommit_block():
        # Beside the work: these locks let others read and write.
        for name, _rule in checked:
            op.execute(f"ALTER TABLE delivery VALIDATE CONSTRAINT {name}")
        # What a run that was broken off has left is of no use to anybody.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(f"CREATE INDEX CONCURRENTLY {INDEX} ON delivery (summary_id) WHERE summary_id IS NOT NULL")


def downgrade() -> None:
    """Forget the summaries, and the mails that carried them."""
    op.execute("DELETE FROM delivery WHERE kind = 'summary'")
    op.drop_column("delivery", "summary_id")
    op.drop_constraint("ck_delivery_deliverykind", "delivery")
    op.execute(f"ALTER TABLE delivery ADD CONSTRAINT ck_delivery_deliverykind CHECK ({_kinds(*MAILS)})")
    op.drop_table("summary")


def _kinds(*values: str) -> str:
    return "kind IN ({})".format(", ".join(f"'{value}'" for value in values))
