"""Functions that run with the owner's rights: made anew at each release, like the rights themselves."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import Connection

from models import record_types
from models.personal_data import LABELS, erased_columns
from models.retention import PERIODS

FOLDER = Path(__file__).parent / "functions"
# In the order in which they are made; the last ones name the earlier.
FILES = ("person_rows", "erasing_text", "erase_rows", "erase_person", "purge_expired")
# What the application may call. The rest, called by it, has no more rights than it has itself.
CALLED = ("erase_person(text, bigint, text, bigint, inet)", "purge_expired(text, integer, boolean)")


def make_owner_functions(connection: Connection, application_role: str) -> None:
    """Make the functions of this release, and let the application call those that it needs.

    They follow models.personal_data, so that a new column needs no migration to be erased.
    """
    told = {
        "columns": json.dumps(erased_columns()),
        "periods": json.dumps({k.value: {"months": p.months, "least": p.least} for k, p in PERIODS.items()}),
        "tables": ",".join(model.__tablename__ for model in record_types()),
        **LABELS,
    }
    # The driver's own cursor: a percent sign stays one.
    cursor = connection.connection.cursor()
    for name in FILES:
        sql = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
        for key, value in told.items():
            sql = sql.replace("{{" + key + "}}", value)
        cursor.execute(sql)
    cursor.close()
    role = connection.dialect.identifier_preparer.quote(application_role)
    for function in CALLED:
        connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")
