"""A statement that takes longer than people wait ends with a sentence, and nothing else is bounded by it."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from conftest import Login, PanelClient
from factories import Factory
from models import Complaint, db
from models.organisation import Role
from models.time_limit import limit_statements, statement_timeout, unlimit_statements
from views import asking, listing


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, login: Login) -> PanelClient:
    """Return a client of whose lists each takes too long."""
    monkeypatch.setattr("views.time_limit.limit_statements", lambda _seconds: limit_statements(0.3))

    def take_long(*_arguments: Any, **_options: Any) -> int:
        db.session.execute(select(func.pg_sleep(9)))
        return 0

    monkeypatch.setattr(listing, "count_rows", take_long)
    return login(Role.SUPERVISOR)


def test_a_slow_list_says_how_to_narrow_it(slow: PanelClient) -> None:
    answer = slow.get("/complaint/?flt_step=registered&search=x")
    assert answer.status_code == 503
    assert "Narrow it: type two signs or more" in answer.text
    # On a page with its menu, from which one goes on; what was searched can be made longer.
    assert 'href="/complaint/' in answer.text
    form = BeautifulSoup(answer.text, "html.parser").select_one("form.search-again")
    assert form is not None
    sent = {field["name"]: field["value"] for field in form.select("input")}
    assert (form["action"], sent) == ("/complaint/", {"search": "x", "flt_step": "registered"})
    assert slow.get("/").status_code == 200
    said = slow.get("/complaint/", headers={"Accept": "application/json"})
    assert said.status_code == 503
    assert "Narrow it" in said.get_json()["error"]


def test_what_could_not_be_saved_in_time_is_kept(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("views.time_limit.limit_statements", lambda _seconds: limit_statements(0.3))
    monkeypatch.setattr(
        "views.customer.CustomerView.check", lambda *_: db.session.execute(select(func.pg_sleep(9)))
    )
    answer = login(Role.SUPERVISOR).post("/customer/new/", data={"name": "张三", "kind": "owner"})
    assert answer.status_code == 503
    assert "nothing was saved" in answer.text
    assert "张三" in answer.text


def test_the_limit_of_a_request_is_taken_back_and_restored(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def note(*_arguments: Any, **_options: Any) -> int:
        seen.append(db.session.scalar(select(func.current_setting("statement_timeout"))))
        assert asking.asked(lambda: 7) == 7
        seen.append(db.session.scalar(select(func.current_setting("statement_timeout"))))
        return 0

    make.complaint()
    monkeypatch.setattr(listing, "count_rows", note)
    login(Role.SUPERVISOR).get("/complaint/")
    assert seen == ["5s", "5s"]
    assert statement_timeout() is None


def test_jobs_and_commands_have_no_limit(in_app: Any) -> None:
    assert in_app
    db.session.scalars(select(Complaint.id)).all()
    assert db.session.scalar(select(func.current_setting("statement_timeout"))) == "0"
    token = limit_statements(1.5)
    assert statement_timeout() == "1500"
    unlimit_statements(token)
