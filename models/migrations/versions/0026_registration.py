"""registration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# The ends of each number, from four digits on: by which people ask for a phone.
PHONE_ENDINGS = """
CREATE FUNCTION phone_endings(numbers varchar[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
SELECT coalesce(array_agg(DISTINCT right(number, digits)), '{}')
FROM unnest(numbers) AS number, generate_series(4, greatest(4, length(number))) AS digits
$$
"""
# Any two signs that stand side by side: what has all pairs of a part of a name nearly always holds it.
NAME_PAIRS = """
CREATE FUNCTION name_pairs(name varchar, other varchar) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
SELECT coalesce(array_agg(DISTINCT substr(lower(each), at, 2)), '{}')
FROM (VALUES (name), (other)) AS names (each), generate_series(1, length(each) - 1) AS at
$$
"""
# Plates and frame numbers backwards, without what people write between: by which one asks for their end.
REVERSED_SIGNS = """
CREATE FUNCTION reversed_signs(signs text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
SELECT pg_catalog.reverse(pg_catalog.upper(pg_catalog.translate(signs, ' -_.·•', '')))
$$
"""
GIN = (
    ("ix_customer_phone_endings", "phone_endings(phone_numbers)"),
    ("ix_customer_name_pairs", "name_pairs(name, contact_person)"),
)
REVERSED = ("plate_number", "frame_number")


def upgrade() -> None:
    """Find a caller by the end of a number or a part of a name, and know which complaint another repeats."""
    for function in (PHONE_ENDINGS, NAME_PAIRS, REVERSED_SIGNS):
        op.execute(function)
    op.add_column("complaint", sa.Column("repeats_id", sa.BigInteger(), nullable=True))
    op.execute(
        "ALTER TABLE complaint ADD CONSTRAINT fk_complaint_repeats_id"
        " FOREIGN KEY (repeats_id) REFERENCES complaint (id) NOT VALID"
    )
    op.execute(
        "ALTER TABLE complaint ADD CONSTRAINT ck_complaint_repeats_id CHECK (repeats_id <> id) NOT VALID"
    )
    with op.get_context().autocommit_block():
        # Beside the work: these locks let others read and write.
        for constraint in ("fk_complaint_repeats_id", "ck_complaint_repeats_id"):
            op.execute(f"ALTER TABLE complaint VALIDATE CONSTRAINT {constraint}")
        for index in _indexes():
            # What a run that was broken off has left is of no use to anybody.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
        op.execute("CREATE INDEX CONCURRENTLY ix_complaint_repeats_id ON complaint (repeats_id)")
        for index, expression in GIN:
            op.execute(f"CREATE INDEX CONCURRENTLY {index} ON customer USING gin ({expression})")
        for name in REVERSED:
            op.execute(
                f"CREATE INDEX CONCURRENTLY ix_vehicle_{name}_reversed"
                f" ON vehicle (reversed_signs({name}) text_pattern_ops)"
            )


def downgrade() -> None:
    """Forget which complaint another repeats."""
    for index in _indexes():
        op.execute(f"DROP INDEX {index}")
    op.drop_column("complaint", "repeats_id")
    for function in ("phone_endings(varchar[])", "name_pairs(varchar, varchar)", "reversed_signs(text)"):
        op.execute(f"DROP FUNCTION {function}")


def _indexes() -> list[str]:
    named = [f"ix_vehicle_{name}_reversed" for name in REVERSED]
    return ["ix_complaint_repeats_id", *(index for index, _expression in GIN), *named]
