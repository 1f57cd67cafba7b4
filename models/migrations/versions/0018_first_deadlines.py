"""first deadlines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# What open complaints owe already, by the first rules. The last second of a day is that of the centre's days.
OWED = """
WITH site AS (
    SELECT coalesce((SELECT timezone FROM centre), :zone) AS zone
)
INSERT INTO deadline (complaint_id, kind, rule_id, started_at, due_at)
SELECT complaint.id, rule.kind, rule.id, complaint.registered_at,
       CASE rule.kind
           WHEN 'first_answer' THEN complaint.registered_at + interval '24 hours'
           ELSE (date_trunc('day', complaint.registered_at AT TIME ZONE site.zone) + interval '3 days')
                AT TIME ZONE site.zone - interval '1 second'
       END
FROM complaint
CROSS JOIN site
JOIN deadline_rule AS rule
    ON (rule.kind = 'first_answer' AND complaint.step = 'registered')
    OR (rule.kind = 'solved' AND complaint.step IN ('registered', 'verified', 'analysed'))
WHERE complaint.deleted_at IS NULL
"""


def upgrade() -> None:
    """Begin with what open complaints owe already."""
    zone = current_app.extensions["settings"].timezone.key
    op.execute(sa.text(OWED).bindparams(zone=zone))


def downgrade() -> None:
    """Change nothing: the table goes with the revision before."""
