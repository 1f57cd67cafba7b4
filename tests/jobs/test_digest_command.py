"""`flask digest`: what it makes, what it says, what it refuses."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from factories import Factory
from models import Delivery, Digest, db


@pytest.fixture
def panel(fresh_app: Flask) -> Flask:
    with fresh_app.app_context():
        make = Factory(db.session())
        for code in ("quality", "sales"):
            make.digest_recipient(make.department(code, name=f"部门{code}"), email=f"{code}@example.com")
        make.department("warehouse", gets_digest=False)
        db.session.remove()
    return fresh_app


def run(panel: Flask, *arguments: str) -> tuple[int, str]:
    result = panel.test_cli_runner().invoke(args=["digest", *arguments])
    return result.exit_code, result.output


def counts(panel: Flask) -> tuple[int, int]:
    with panel.app_context():
        digests = db.session.scalar(select(func.count(Digest.id)))
        deliveries = db.session.scalar(select(func.count(Delivery.id)))
        return digests or 0, deliveries or 0


def test_it_makes_every_digest_once_and_says_where_it_went(panel: Flask) -> None:
    code, output = run(panel, "--week", "2024-W10")
    assert code == 0
    for said in ("2024-W10 部门quality", "quality@example.com", "sales@example.com", "SMTP_URL"):
        assert said in output
    assert "warehouse" not in output
    assert counts(panel) == (2, 2)
    assert run(panel, "--week", "2024-W10")[0] == 0
    assert counts(panel) == (2, 2)


def test_one_department_may_be_named(panel: Flask) -> None:
    assert run(panel, "--week", "2024W10", "--department", "sales")[0] == 0
    assert counts(panel) == (1, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--week", "2024-W53"),
        ("--week", "x"),
        ("--week", "2190-W10"),
        ("--week", "2024-W10", "--department", "no"),
        (),
    ],
)
def test_what_can_not_be_made_is_refused(panel: Flask, arguments: tuple[str, ...]) -> None:
    code, output = run(panel, *arguments)
    assert code == 2
    assert "Traceback" not in output
    assert counts(panel) == (0, 0)
