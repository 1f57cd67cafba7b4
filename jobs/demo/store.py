"""Putting invented rows into the database, each with its mark."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jobs.demo.days import Days
from models import Base, DemoRecord, Record
from models.sql import insert_rows

Row = dict[str, Any]


class Store:
    """Add rows by the thousand; whatever is added here is marked as invented."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, int], int] = {}

    def add(self, model: type[Base], rows: list[Row]) -> list[int]:
        """Add rows of one table, and return their ids in the same order."""
        for row in rows:
            # Nobody has changed it since.
            if "created_at" in row and issubclass(model, Record):
                row["updated_at"] = row["created_at"]
        ids = insert_rows(model, rows)
        insert_rows(DemoRecord, [{"table_name": model.__tablename__, "row_id": key} for key in ids])
        return ids

    def add_by_year(
        self, model: type[Base], prefix: str, dated: str, rows: list[Row], days: Days
    ) -> list[int]:
        """Add rows whose numbers carry the year of their `dated` column.

        The database draws those of this year, as it does for everybody; nobody draws earlier ones any more.
        """
        for row in rows:
            moment = row[dated]
            year = (days.local(moment) if isinstance(moment, datetime) else moment).year
            if year < days.today.year:
                serial = self._drawn[prefix, year] = self._drawn.get((prefix, year), 0) + 1
                row["number"] = f"{prefix}-{year}-{serial:06}"
        return self.add(model, rows)
