"""Which records are invented: marked as such on every page, and removed by one command."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, select
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Record, db


class DemoRecord(Base):
    """A record that the panel made up itself; it goes when the demo data go."""

    __tablename__ = "demo_record"

    table_name: Mapped[str] = mapped_column(String(63), primary_key=True)
    row_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


def has_demo_records() -> bool:
    """Tell whether anything here is invented."""
    return db.session.scalars(select(DemoRecord.row_id).limit(1)).first() is not None


def is_demo_record(row: Record) -> bool:
    """Tell whether this record is invented."""
    return db.session.get(DemoRecord, (row.__tablename__, row.id)) is not None
