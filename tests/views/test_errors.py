"""What people are told: a sentence for every constraint, and no words of the database anywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app import create_app
from config import Settings
from conftest import Login
from factories import Factory
from models import db, record_types
from models.organisation import Role
from views.base import RecordView
from views.errors import constraint_refusal

GENERAL = "The record could not be saved as it is."


def test_every_constraint_of_a_record_has_a_sentence_at_one_of_its_fields(in_app: Flask) -> None:
    tables = [model.__tablename__ for model in record_types()]
    names = db.session.execute(
        text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('c', 'f', 'u')"
            " UNION SELECT tablename, indexname FROM pg_indexes WHERE indexdef LIKE 'CREATE UNIQUE%'"
            " AND indexname NOT LIKE 'pk_%'"
        )
    ).all()
    looked_at = 0
    with in_app.test_request_context(headers={"Accept-Language": "en"}):
        for table, name in names:
            if table not in tables:
                continue
            refusal = constraint_refusal(name)
            model = next(m for m in record_types() if m.__tablename__ == table)
            assert refusal.sentence != GENERAL, name
            assert refusal.field in set(inspect(model).columns.keys()), name
            looked_at += 1
    assert looked_at > 100


@pytest.mark.parametrize("raised", [RuntimeError("secret-in-error"), ValueError("secret-in-error")])
def test_an_unforeseen_error_shows_a_number_and_nothing_of_itself(
    raised: Exception, login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_args: object) -> None:
        raise raised

    monkeypatch.setattr("views.base.fetch_page", fail)
    response = login(Role.CLERK).get("/customer/")
    assert response.status_code == 500
    assert "secret-in-error" not in response.text
    assert "Traceback" not in response.text
    error_id = response.text.partition("<code>")[2].partition("</code>")[0]
    assert len(error_id) == 8
    assert error_id in capsys.readouterr().err


def test_an_sql_error_shows_no_sql_and_logs_no_values(
    make: Factory, login: Login, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Put together here: the traceback in the log shows this source line.
    phone = "139" + "12345678"

    def fail(*_args: object) -> None:
        db.session.execute(text("SELECT :phone FROM nothing_here"), {"phone": phone})

    monkeypatch.setattr("views.base.fetch_page", fail)
    response = login(Role.CLERK).get("/customer/")
    assert response.status_code == 500
    assert "nothing_here" not in response.text
    assert phone not in response.text + capsys.readouterr().err


@pytest.mark.parametrize("raised", [OperationalError("SELECT 1", {}, Exception("gone")), PoolTimeoutError()])
def test_a_database_out_of_reach_is_a_503(
    raised: Exception, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise raised

    monkeypatch.setattr("views.base.fetch_page", fail)
    response = login(Role.CLERK).get("/customer/")
    assert response.status_code == 503
    assert "SELECT" not in response.text


def test_the_page_that_says_so_needs_no_database(settings: Settings) -> None:
    application = create_app(replace(settings, database_url="postgresql+psycopg://nobody:x@127.0.0.1:1/none"))
    client: FlaskClient = application.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "somebody"
        session["_fresh"] = True
    for language, words in (("en", "Too busy"), ("zh-CN", "系统繁忙")):
        response = client.get("/customer/", headers={"Accept-Language": language})
        assert response.status_code == 503
        assert words in response.text or language != "en"
    with application.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("address", ["/nothing", "/customer/nothing/", "/customer/edit/?id=1"])
def test_a_missing_page_is_a_page_in_the_frame(address: str, login: Login) -> None:
    response = login(Role.CLERK).get(address)
    assert response.status_code == 404
    assert "Not found" in response.text
    assert 'class="sidebar"' in response.text


def test_a_script_gets_json_instead_of_a_page(login: Login) -> None:
    response = login(Role.CLERK).get("/customer/ajax/lookup/?name=x", headers={"Accept": "application/json"})
    assert response.status_code == 404
    assert response.json is not None
    assert set(response.json) == {"error", "error_id"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_other_methods_are_refused(method: str, login: Login) -> None:
    assert login(Role.CLERK).open("/customer/", method=method).status_code == 405


def test_the_base_screen_opens_nothing_by_itself() -> None:
    assert not any(
        (RecordView.can_create is True and "create_view" not in RecordView.actions, RecordView.form_sections)
    )
    assert set(RecordView.actions) == {name for _url, name, _methods in RecordView._urls}
