"""how names sound."""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLES = (
    "customer", "dealer", "department", "part", "position", "product_model", "region", "staff", "subject",
    "supplier",
)  # fmt: skip
# What a name sorts by holds each syllable with its tone and sign, as "zhang1张 san1三": these leave zs, zhangsan.
FUNCTIONS = {"name_initials": "([a-z])[a-z]*", "name_syllables": "([a-z]+)"}
FUNCTION = r"""
CREATE OR REPLACE FUNCTION {name}(sorted_by text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
SELECT pg_catalog.regexp_replace(sorted_by, '{syllable}[1-5][^[:space:]][[:space:]]?|.', '\1', 'g')
$$
"""


def upgrade() -> None:
    """Find names by the initials of their pinyin, and by the pinyin itself, from what they sort by."""
    for name, syllable in FUNCTIONS.items():
        op.execute(FUNCTION.format(name=name, syllable=syllable))
    with op.get_context().autocommit_block():
        for index, table, name in _indexes():
            # What a run that was broken off has left is of no use to anybody.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
            op.execute(f'CREATE INDEX CONCURRENTLY {index} ON "{table}" ({name}(name_sort))')


def downgrade() -> None:
    """Forget how names sound."""
    for index, _table, _name in _indexes():
        op.execute(f"DROP INDEX {index}")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}(text)")


def _indexes() -> list[tuple[str, str, str]]:
    return [(f"ix_{table}_{name}", table, name) for table in TABLES for name in FUNCTIONS]
