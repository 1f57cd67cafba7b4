"""What open complaints owed when deadlines came: worked out by the migration as by the rules themselves."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text

import models
from factories import Factory
from models import Deadline, db
from models.centre import find_centre
from models.complaint import Step
from models.deadline import start_deadlines
from models.deadline_rule import DeadlineKind


def migration() -> ModuleType:
    path = Path(models.__file__).parent / "migrations" / "versions" / "0018_first_deadlines.py"
    spec = importlib.util.spec_from_file_location("first_deadlines", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored() -> set[Any]:
    columns = (Deadline.complaint_id, Deadline.kind, Deadline.rule_id, Deadline.started_at, Deadline.due_at)
    return {tuple(row) for row in db.session.execute(select(*columns))}


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_open_complaints_owe_what_the_rules_say(in_app: Flask, zone: str | None) -> None:
    make = Factory(db.session())
    find_centre().timezone = zone
    # The second lies over a change of clocks, the last over the end of a year.
    instants = [datetime(2026, month, day, 17, 30, tzinfo=UTC) for month, day in ((3, 2), (10, 23), (12, 30))]
    wanted = []
    for at in instants:
        for step in Step:
            key = make.complaint(step=step, registered_at=at).id
            if step is Step.REGISTERED:
                wanted.append((key, DeadlineKind.FIRST_ANSWER, at))
            if step in (Step.REGISTERED, Step.VERIFIED, Step.ANALYSED):
                wanted.append((key, DeadlineKind.SOLVED, at))
    make.complaint(registered_at=instants[0], deleted_at=instants[1])
    db.session.execute(text(migration().OWED), {"zone": "Asia/Shanghai"})
    found = stored()
    db.session.execute(delete(Deadline))
    start_deadlines(wanted)
    assert found == stored()
    assert len(found) == 12
