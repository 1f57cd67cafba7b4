"""deadlines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.migrations.rights import audit_trigger

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KINDS = ("first_answer", "solved", "decision", "tell_customer", "carried_out", "confirmed", "escalated")
COUNTINGS = ("plain_hours", "calendar_days", "working_hours", "working_days")
# Each counts since ever, until the centre sets another.
RULES = """
INSERT INTO deadline_rule (valid_from, kind, time_given, counting, pause_days_most) VALUES
    ('2000-01-01', 'first_answer', 24, 'plain_hours', 0),
    ('2000-01-01', 'solved', 2, 'calendar_days', 7),
    ('2000-01-01', 'decision', 1, 'working_days', 7),
    ('2000-01-01', 'tell_customer', 0, 'calendar_days', 0),
    ('2000-01-01', 'carried_out', 7, 'calendar_days', 14),
    ('2000-01-01', 'confirmed', 3, 'calendar_days', 14),
    ('2000-01-01', 'escalated', 2, 'calendar_days', 0)
"""
OPEN_INDEXES = (
    ("uq_deadline_complaint_id_kind", ["complaint_id", "kind"], True, "settled_at IS NULL"),
    ("ix_deadline_complaint_id", ["complaint_id"], False, None),
    ("ix_deadline_rule_id", ["rule_id"], False, None),
    ("ix_deadline_due_at_open", ["due_at", "id"], False, "settled_at IS NULL"),
    (
        "ix_deadline_due_at_unreminded",
        ["due_at", "id"],
        False,
        "settled_at IS NULL AND reminded_late_at IS NULL",
    ),
    ("ix_deadline_resumes_at", ["resumes_at"], False, "resumes_at IS NOT NULL"),
)


def upgrade() -> None:
    """Keep working hours, rules of deadlines, and the deadlines themselves."""
    op.add_column(
        "centre",
        sa.Column(
            "working_hours",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    _create_rules()
    _create_deadlines()


def _create_rules() -> None:
    keys = ("created_by_id", "responsible_id", "department_id", "region_id")
    op.create_table(
        "deadline_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", _enum("deadlinekind", KINDS), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("time_given", sa.Integer(), nullable=False),
        sa.Column("counting", _enum("counting", COUNTINGS), server_default="calendar_days", nullable=False),
        sa.Column("pause_days_most", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in keys),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("time_given BETWEEN 0 AND 1000", name=op.f("ck_deadline_rule_time_given")),
        sa.CheckConstraint(
            "pause_days_most BETWEEN 0 AND 365", name=op.f("ck_deadline_rule_pause_days_most")
        ),
        *(
            sa.ForeignKeyConstraint(
                [name],
                [f"{'staff' if name in keys[:2] else name[:-3]}.id"],
                name=op.f(f"fk_deadline_rule_{name}"),
            )
            for name in keys
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_rule")),
    )
    for name in keys:
        op.create_index(f"ix_deadline_rule_{name}", "deadline_rule", [name], unique=False)
    kept = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_deadline_rule_kind_valid_from",
        "deadline_rule",
        ["kind", "valid_from"],
        unique=True,
        postgresql_where=kept,
    )
    gone = sa.text("deleted_at IS NOT NULL")
    op.create_index(
        "ix_deadline_rule_deleted",
        "deadline_rule",
        ["deleted_at", "id"],
        unique=False,
        postgresql_where=gone,
    )
    # Nobody entered these: the log begins with what people do.
    op.execute(RULES)
    op.execute(audit_trigger("deadline_rule"))


def _create_deadlines() -> None:
    instants = ("settled_at", "paused_at", "resumes_at")
    told = ("reminded_before_at", "reminded_late_at", "escalated_at")
    op.create_table(
        "deadline",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("complaint_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", _enum("deadlinekind", KINDS), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in instants),
        sa.Column("paused_seconds", sa.Integer(), server_default="0", nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in told),
        sa.CheckConstraint("paused_seconds >= 0", name=op.f("ck_deadline_paused_seconds")),
        sa.CheckConstraint("(paused_at IS NULL) = (resumes_at IS NULL)", name=op.f("ck_deadline_paused")),
        sa.CheckConstraint("settled_at IS NULL OR paused_at IS NULL", name=op.f("ck_deadline_settled")),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_deadline_complaint_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["deadline_rule.id"], name=op.f("fk_deadline_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
    )
    for name, columns, is_unique, condition in OPEN_INDEXES:
        where = sa.text(condition) if condition else None
        op.create_index(name, "deadline", columns, unique=is_unique, postgresql_where=where)
    op.execute(audit_trigger("deadline"))


def _enum(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def downgrade() -> None:
    """Forget the deadlines, their rules and the working hours."""
    op.drop_table("deadline")
    op.drop_table("deadline_rule")
    op.drop_column("centre", "working_hours")
