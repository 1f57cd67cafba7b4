"""costly sounds."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

FUNCTIONS = {"name_initials": "([a-z])[a-z]*", "name_syllables": "([a-z]+)"}
PATTERN = r"{syllable}[1-5][^[:space:]][[:space:]]?|."
# The same answers; but one that the planner does not look into, and knows to cost as much as it does, so that
# it reads the indexes instead of working them out for each row.
COSTLY = r"""
CREATE OR REPLACE FUNCTION {name}(sorted_by text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT COST 500 AS $$
BEGIN
RETURN pg_catalog.regexp_replace(sorted_by, '{pattern}', '\1', 'g');
END $$
"""
PLAIN = r"""
CREATE OR REPLACE FUNCTION {name}(sorted_by text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT COST 100 AS $$
SELECT pg_catalog.regexp_replace(sorted_by, '{pattern}', '\1', 'g')
$$
"""


def upgrade() -> None:
    """Say what it costs to work out how a name sounds."""
    _define(COSTLY)


def downgrade() -> None:
    """Leave the cost to the planner."""
    _define(PLAIN)


def _define(function: str) -> None:
    for name, syllable in FUNCTIONS.items():
        op.execute(function.format(name=name, pattern=PATTERN.format(syllable=syllable)))
