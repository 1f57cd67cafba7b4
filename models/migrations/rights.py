"""What the application's role may do in the database, and the audit trigger: shared by the migrations."""

from __future__ import annotations

import structlog
from sqlalchemy import Connection, inspect

log = structlog.get_logger(__name__)

# Read by the application, written by triggers or migrations only.
READ_ONLY_TABLES = ("audit_entry", "alembic_version")
# Added to by the application, and never changed.
APPEND_ONLY_TABLES = ("access_entry",)

# Both functions name pg_temp, as the last place to look: left out, it is the first, and a caller who may make
# temporary tables could put one in the place of the audit log.
AUDIT_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
-- Arguments: the key column, then columns whose change is recorded but whose values are not.
DECLARE
    before jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    changed jsonb;
BEGIN
    SELECT jsonb_object_agg(key, CASE WHEN key = ANY (TG_ARGV[1:]) THEN '["***", "***"]'
                                      ELSE jsonb_build_array(before -> key, after -> key) END)
    INTO changed
    FROM jsonb_object_keys(before || after) AS key
    WHERE coalesce(before -> key, 'null') <> coalesce(after -> key, 'null')
      AND key NOT IN ('version', 'updated_at', 'name_sort', 'phone_numbers');
    IF changed IS NOT NULL THEN
        INSERT INTO public.audit_entry (at, table_name, row_id, action, actor_id, on_behalf_of_id, source, changes)
        VALUES (clock_timestamp(), TG_TABLE_NAME,
                coalesce(after ->> TG_ARGV[0], before ->> TG_ARGV[0])::bigint, lower(TG_OP),
                nullif(current_setting('huisheng.actor_id', true), '')::bigint,
                nullif(current_setting('huisheng.on_behalf_of_id', true), '')::bigint,
                coalesce(nullif(current_setting('huisheng.source', true), ''), 'database'), changed);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit_row() FROM PUBLIC;
"""

# Of a row for which an absent colleague answers it says on whose behalf somebody acted: row by row, so that a
# statement over many rows tells of each its own.
AUDIT_FUNCTION_OF_SUBSTITUTES = AUDIT_FUNCTION.replace(
    "nullif(current_setting('huisheng.on_behalf_of_id', true), '')::bigint,",
    """coalesce(nullif(current_setting('huisheng.on_behalf_of_id', true), ''),
                         CASE WHEN coalesce(before ->> 'responsible_id', after ->> 'responsible_id')
                                   = ANY (string_to_array(current_setting('huisheng.stands_in_for', true), ','))
                              THEN coalesce(before ->> 'responsible_id', after ->> 'responsible_id') END)::bigint,""",
)

NUMBER_FUNCTION = """
CREATE OR REPLACE FUNCTION next_number(prefix text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
-- A sequence for each prefix and year: nobody waits for another's transaction, no number comes twice.
DECLARE
    zone text := coalesce(nullif(current_setting('huisheng.timezone', true), ''), 'UTC');
    year text := to_char(now() AT TIME ZONE zone, 'YYYY');
    name text := format('number_%s_%s', lower(prefix), year);
    drawn bigint;
BEGIN
    IF prefix !~ '^[A-Z]{2}$' THEN
        RAISE EXCEPTION 'a prefix has two capital letters';
    END IF;
    IF to_regclass('public.' || name) IS NULL THEN
        -- Only here, once a year, do two writers wait for each other.
        PERFORM pg_advisory_xact_lock(hashtext(name));
        EXECUTE format('CREATE SEQUENCE IF NOT EXISTS public.%I', name);
    END IF;
    drawn := nextval('public.' || name);
    RETURN format('%s-%s-%s', prefix, year, lpad(drawn::text, greatest(6, length(drawn::text)), '0'));
END $$;
"""

# Since the centre chooses its own time zone, that one counts in every process at once.
NUMBER_FUNCTION_OF_CENTRE = NUMBER_FUNCTION.replace(
    "coalesce(nullif(", "coalesce((SELECT timezone FROM public.centre), nullif("
)


def audit_trigger(table: str, key: str = "id", secret_columns: tuple[str, ...] = ()) -> str:
    """Return the statement that puts `table` under audit; `key` names the column of the record's id."""
    arguments = ", ".join(f"'{name}'" for name in (key, *secret_columns))
    return (
        f"CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION audit_row({arguments})"
    )


def grant_rights(connection: Connection, application_role: str) -> None:
    """Give `application_role` the tables to work with, the audit log to read, and nothing more.

    Where it is the owner itself, as with a service that gives one role only, say in the log what is lacking.
    """
    # A restored database has its functions, and not what others may not do with them.
    connection.exec_driver_sql("REVOKE ALL ON FUNCTION audit_row() FROM PUBLIC")
    owner = connection.exec_driver_sql("SELECT current_user").scalar_one()
    if application_role == owner:
        log.warning(
            "one_database_role_only", lacking="the application could change its own audit log and tables"
        )
        return
    role = connection.dialect.identifier_preparer.quote(application_role)
    statements = [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    ]
    taken = dict.fromkeys(READ_ONLY_TABLES, "INSERT, UPDATE, DELETE, TRUNCATE")
    taken |= dict.fromkeys(APPEND_ONLY_TABLES, "UPDATE, DELETE, TRUNCATE")
    # A migration to an earlier revision ends before some of them are made.
    present = set(inspect(connection).get_table_names())
    statements += [f"REVOKE {taken[table]} ON {table} FROM {role}" for table in taken if table in present]
    for statement in statements:
        connection.exec_driver_sql(statement)
