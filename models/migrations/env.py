"""Run migrations as the owner of the tables, one runner at a time, and set the application's rights."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection, create_engine, make_url, pool

from models import Base
from models.migrations.generated import complete_revision
from models.migrations.owner_functions import make_owner_functions
from models.migrations.rights import grant_rights

# Any number, the same for every runner: two releases at once must not both migrate.
ADVISORY_LOCK = 727_001
# A migration that can't get its lock soon fails, rather than stall everybody who writes behind it; `release`
# tries again. With what the statement itself takes, nobody waits for more than three seconds.
LOCK_TIMEOUT = "2s"
# A release that hangs in an open transaction must not keep its locks.
IDLE_TIMEOUT = "60s"


def migrate(connection: Connection) -> None:
    """Run what is outstanding, then set the rights and the owner's functions anew."""
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    connection.exec_driver_sql(f"SET idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}'")
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=False,
        process_revision_directives=complete_revision,
        # A lock is held for one migration, not until the last of them is through.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    settings = current_app.extensions["settings"]
    role = make_url(settings.database_url).username or ""
    grant_rights(connection, application_role=role)
    make_owner_functions(connection, application_role=role)
    connection.commit()


engine = create_engine(current_app.extensions["settings"].migration_database_url, poolclass=pool.NullPool)
with engine.connect() as open_connection:
    migrate(open_connection)
