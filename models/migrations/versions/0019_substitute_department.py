"""substitute's department."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Who moves to another department later keeps what was appointed before: only a new choice is looked at.
FUNCTION = """
CREATE FUNCTION check_substitute() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- Whoever is missing, or is nobody, is the business of the other constraints.
    IF EXISTS (
        SELECT FROM public.staff AS absent JOIN public.staff AS substitute ON substitute.id = NEW.substitute_id
        WHERE absent.id = NEW.staff_id AND absent.department_id IS DISTINCT FROM substitute.department_id
    ) THEN
        RAISE check_violation USING
            MESSAGE = 'absent person and substitute belong to different departments',
            TABLE = TG_TABLE_NAME, CONSTRAINT = 'substitute_department';
    END IF;
    RETURN NEW;
END $$
"""
TRIGGER = """
CREATE TRIGGER substitute BEFORE INSERT OR UPDATE OF staff_id, substitute_id, deleted_at ON absence
FOR EACH ROW WHEN (NEW.deleted_at IS NULL) EXECUTE FUNCTION check_substitute()
"""


def upgrade() -> None:
    """Refuse a substitute of another department, whatever way the absence is written."""
    op.execute(FUNCTION)
    op.execute(TRIGGER)


def downgrade() -> None:
    """Leave the department to the form alone."""
    op.execute("DROP TRIGGER substitute ON absence")
    op.execute("DROP FUNCTION check_substitute()")
