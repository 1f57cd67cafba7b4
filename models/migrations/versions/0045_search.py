"""search."""

from __future__ import annotations

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

# Any two signs that stand side by side in the texts, and any three of a run of digits and Latin letters. Cut
# at every second sign, once from the first on and once from the second, which is much faster than sign by
# sign; pieces of one sign are left over by the way. The planner is told what it costs, so that it reads the
# index instead of working the pieces out for each row.
FUNCTION = r"""
CREATE OR REPLACE FUNCTION search_pieces(texts text[], numbers varchar[] DEFAULT NULL) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 500 AS $$
DECLARE
    signs text := pg_catalog.lower(pg_catalog.array_to_string(pg_catalog.array_cat(texts, numbers::text[]), ' '));
    runs text := pg_catalog.regexp_replace(signs, '[^0-9a-z]+', ' ', 'g');
BEGIN
    RETURN pg_catalog.string_to_array(pg_catalog.concat_ws(' ',
        pg_catalog.regexp_replace(signs, '(..)', '\1 ', 'g'),
        pg_catalog.regexp_replace(pg_catalog.substr(signs, 2), '(..)', '\1 ', 'g'),
        pg_catalog.regexp_replace(runs, '(...)', '\1 ', 'g'),
        pg_catalog.regexp_replace(pg_catalog.substr(runs, 2), '(...)', '\1 ', 'g'),
        pg_catalog.regexp_replace(pg_catalog.substr(runs, 3), '(...)', '\1 ', 'g')), ' ');
END $$
"""
# By table: the texts in which people search, and whether the digits of phones go with them.
SEARCHED = {
    "call_record": ("number, phone, spoke_with, points, promise", True),
    "chat_group": ("name, robot", False),
    "complaint": ("number, customer_name, phone, description, fault", True),
    "customer": ("number, name, contact_person, phone, address", True),
    "deadline_rule": ("reason", False),
    "dealer": ("code, name, principal, contact_person, phone, province, city", True),
    "department": ("name, code, name_en", False),
    "department_task": ("number, what, report", False),
    "digest_recipient": ("name, email", False),
    "holiday": ("name", False),
    "letter": ("number, address, regarding, content", False),
    "measure": ("number, what, owner_name, report", False),
    "notice": ("number, name, answer", False),
    "part": ("code, name, name_en", False),
    "parts_quality_record": ("number, production_batch, fault, cause", False),
    "parts_shipment": ("number, production_batch, wrong_because", False),
    "position": ("name", False),
    "product_model": ("name, code", False),
    "proposal": ("number, details", False),
    "region": ("name", False),
    "service_receipt": ("number, fault, work_done, parts_replaced", False),
    "staff": ("name, email, phone", True),
    "step_taken": ("number, remark", False),
    "subject": ("name, code, name_en, also_called", False),
    "supplier": ("name, code, contact_person, phone", True),
    "vehicle": ("frame_number, plate_number, production_batch", False),
    "warranty_claim": ("number, production_batch, fault", False),
}
OLDER = "ix_customer_name_pairs"


def upgrade() -> None:
    """Find words, two Chinese characters included, by an index of each table in which people search."""
    op.execute(FUNCTION)
    with op.get_context().autocommit_block():
        for table, (texts, has_phone) in SEARCHED.items():
            # What a run that was broken off has left is of no use to anybody.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_search")
            numbers = ", phone_numbers" if has_phone else ""
            op.execute(
                f'CREATE INDEX CONCURRENTLY ix_{table}_search ON "{table}"'
                f" USING gin (search_pieces(CAST(ARRAY[{texts}] AS text[]){numbers}))"
            )
            # How often which pieces stand in it: without that the planner can't tell common words from rare.
            op.execute(f'ANALYZE "{table}"')
        # The function name_pairs stays: until the new code runs, the code before it calls it.
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {OLDER}")


def downgrade() -> None:
    """Find words by reading all."""
    op.execute(f"CREATE INDEX {OLDER} ON customer USING gin (name_pairs(name, contact_person))")
    for table in SEARCHED:
        op.execute(f"DROP INDEX ix_{table}_search")
    op.execute("DROP FUNCTION search_pieces(text[], varchar[])")
