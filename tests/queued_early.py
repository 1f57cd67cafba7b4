"""What is queued before its transaction has been committed: a worker would find nothing to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from jobs import queues
from models import db
from models.base import LimitedSession

_WRITTEN = "written_and_not_committed"


@event.listens_for(LimitedSession, "after_flush")
def _note_flush(session: Session, _flush_context: Any) -> None:
    session.info[_WRITTEN] = True


@event.listens_for(LimitedSession, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    if state.is_update or state.is_delete or state.is_insert:
        state.session.info[_WRITTEN] = True


@event.listens_for(LimitedSession, "after_commit")
@event.listens_for(LimitedSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_WRITTEN, None)


@pytest.fixture
def queued_early(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what was queued while something was written and not committed, by the ids of the calls."""
    found: list[str] = []
    put = queues._put

    def look(name: str, arguments: Any, key: str) -> bool:
        # What a person starts again was queued before: nothing that it needs waits for the commit.
        is_new = sys._getframe(1).f_code is not queues.enqueue_again.__code__
        if is_new and (db.session.info.get(_WRITTEN) or db.session.new or db.session.dirty):
            found.append(key)
        return put(name, arguments, key)

    monkeypatch.setattr(queues, "_put", look)
    return found


@pytest.fixture(autouse=True)
def _nothing_is_queued_early(queued_early: list[str]) -> Iterator[None]:
    yield
    assert queued_early == []
