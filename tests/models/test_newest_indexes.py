"""The newest rows of a record come from an index that has them in order, not from sorting all of its rows."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from models import Customer, Dealer, Part, Supplier, Vehicle, db
from views.deletion import holds
from views.linked import newest_first
from views.lookups import view_of

# A vehicle has a handful of these at most, a supplier some dozens of parts: sorting them costs nothing.
FEW = {("warranty_claim", "vehicle_id"), ("parts_quality_record", "vehicle_id"), ("part", "supplier_id")}
FEW |= {("vehicle", "customer_id")}


def listed() -> list[tuple[str, str, str, str]]:
    """Return table, key, column of the order and statement of each list that can be long behind."""
    found = []
    for parent in (Customer, Dealer, Vehicle, Part, Supplier):
        cards = view_of(parent).cards or ()
        for model, held in holds(parent):
            view = view_of(model)
            table = model.__tablename__
            if view is None or table not in cards or (table, held.key) in FEW:
                continue
            statement = newest_first(view, select(model.id).where(held == 1)).limit(5)
            asked = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
            order = view.default_sort[0]
            sorted_by = f"{order}_sort" if hasattr(model, f"{order}_sort") else order
            found.append((table, held.key, sorted_by, str(asked)))
    return found


def test_the_newest_of_a_record_are_read_in_order_from_an_index(in_app: Flask) -> None:
    connection = db.session.connection()
    # Tables of tests are too small for an index to pay: the question is whether it can serve.
    for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
        connection.exec_driver_sql(f"SET LOCAL {setting} = off")
    pairs = listed()
    assert len(pairs) > 15
    for table, key, order, asked in pairs:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {asked}").scalars())
        # Which index a planner takes for a handful of rows is chance; that none is sorted is not.
        assert not re.search(r"(?<!Incremental )Sort  \(", plan), (table, key, plan)
        indexes = [list(index.columns.keys())[:2] for index in db.metadata.tables[table].indexes]
        assert [key, order] in indexes, (table, key, order)
