"""The end of a transaction that only read: COMMIT, since psycopg forgets what is prepared at each ROLLBACK.

Without that the database reads and plans each statement of each page anew: of a customer's page for longer
than it then looks anything up.
"""

from __future__ import annotations

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import DBAPIError

from models.base import db

# The database gives a transaction its number with the first row that it writes or locks, whoever writes it:
# a statement, a trigger, or a function that a SELECT calls.
_HAS_WRITTEN_NOTHING = "SELECT pg_current_xact_id_if_assigned() IS NULL"


def end_reading(error: BaseException | None = None) -> None:
    """End the session's transaction by COMMIT where nothing was written in it, nor is to be.

    Any other is left to the end of the session, which rolls it back: it belongs to a save that was refused.
    """
    if error is not None or not db.session.registry.has():
        return
    session = db.session()
    if not session.in_transaction() or session.new or session.dirty or session.deleted:
        return
    try:
        # By the driver: what is asked here is no statement of the page.
        driver: psycopg.Connection = session.connection().connection.driver_connection  # type: ignore[assignment]  # it is psycopg's
        if driver.info.transaction_status is not TransactionStatus.INTRANS:
            return
        answer = driver.execute(_HAS_WRITTEN_NOTHING).fetchone()
        if answer == (True,):
            session.commit()
    except (DBAPIError, psycopg.Error):
        # The connection is gone, and so is the transaction; there is nothing in it to be lost.
        session.rollback()
