"""Forms that were sent: a second click on one has no second effect."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, now


class SentForm(Base):
    """One form as one person filled it in, with the row that it made or changed, the first of several."""

    __tablename__ = "sent_form"

    # SHA-256 of who sent what in which form; its key lets one of two that come at once through.
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    # None only inside the transaction that the form began.
    record_id: Mapped[int | None] = mapped_column(BigInteger)
