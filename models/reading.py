"""The end of a transaction that only read: COMMIT, since psycopg forgets what is prepared at each ROLLBACK.

Without that the database reads and plans each statement of each page anew: of a customer's page for longer
than it then looks anything up.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from models.base import db

# Key of Connection.info: whether anything but a SELECT was run since the transaction began.
_HAS_WRITTEN = "has_written"
# How statements begin that change nothing which outlives the transaction; one WITH may hide a change.
_ONLY_READS = re.compile(
    r"SELECT\b|WITH\b(?!.*\b(INSERT|UPDATE|DELETE|MERGE)\b)|SET LOCAL\b|SAVEPOINT\b|RELEASE SAVEPOINT\b",
    re.DOTALL,
)


def end_reading(error: BaseException | None = None) -> None:
    """End the session's transaction by COMMIT where nothing was run in it but what reads.

    Any other is left to the end of the session, which rolls it back: it belongs to a save that was refused.
    """
    if error is not None or not db.session.registry.has():
        return
    session = db.session()
    if not session.in_transaction() or session.new or session.dirty or session.deleted:
        return
    try:
        if not session.connection().info.get(_HAS_WRITTEN, True):
            session.commit()
    except DBAPIError:
        # The connection is gone, and so is the transaction; there is nothing in it to be lost.
        session.rollback()


@event.listens_for(Engine, "begin")
def _has_written_nothing(connection: Connection) -> None:
    connection.info[_HAS_WRITTEN] = False


@event.listens_for(Engine, "before_cursor_execute")
def _note_writing(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
    if not _ONLY_READS.match(statement):
        connection.info[_HAS_WRITTEN] = True
