"""What people are told: a sentence for every constraint, and no words of the database anywhere."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app import create_app
from config import Settings
from conftest import Login
from factories import Factory
from models import Base, db, record_types
from models.organisation import Role
from views.base import RecordView
from views.constraint_refusals import constraint_refusal, refusal_of

GENERAL = "The record could not be saved as it is."


# Written by the panel and by jobs: no form holds a value of theirs, and a refusal is an error of the program.
WITHOUT_A_FORM = {
    "access_entry", "attachment", "attachment_content", "audit_entry", "deadline", "delivery", "demo_record",
    "digest", "export_chunk", "export_run", "import_origin", "import_run", "invitation", "login_attempt",
    "login_session", "note",
    "daily_close", "notice", "own_right", "recovery_code", "second_factor", "sent_form",
    "bad_address", "failed_job", "incoming_mail", "sign_of_life", "summary", "told_once",
}  # fmt: skip
# Nobody gives the key of the one row, nor the service of a robot: that is recognised by its address.
BROKEN_BY_NO_FORM = {"ck_centre_one_row", "ck_chat_group_channel_of_group"}
# Rows that stand in the form of the record on which they hang.
FIELDS_OF = {"supplier_alias": "aliases", "subject_department": "departments"}


def test_every_constraint_that_a_form_can_break_has_a_sentence_at_its_field(in_app: Flask) -> None:
    models = {model.__tablename__: model for model in record_types()}
    found = db.session.execute(
        text(
            "SELECT relname, conname, contype::text, NULL FROM pg_constraint"
            " JOIN pg_class c ON c.oid = conrelid WHERE contype IN ('c', 'f', 'u', 'x')"
            " AND connamespace = 'public'::regnamespace"
            " UNION SELECT tablename, indexname, 'u', NULL FROM pg_indexes WHERE schemaname = 'public'"
            " AND indexdef LIKE 'CREATE UNIQUE%' AND indexname NOT LIKE 'pk\\_%'"
            " UNION SELECT relname, '', 'n', attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
            " WHERE attnotnull AND attnum > 0 AND relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    ).all()
    looked_at = dict.fromkeys("cfuxn", 0)
    with in_app.test_request_context(headers={"Accept-Language": "en"}):
        for table, name, kind, column in found:
            if table in WITHOUT_A_FORM | {"alembic_version"} or name in BROKEN_BY_NO_FORM:
                continue
            refusal = constraint_refusal(name) if name else refusal_of(not_null_error(table, column))
            known = set(inspect(models[table]).columns.keys()) if table in models else set(COLUMNS_OF[table])
            expected = {FIELDS_OF[table]} if table in FIELDS_OF else known
            assert refusal.sentence != GENERAL, (table, name, column)
            assert refusal.field in expected, (table, name, column, refusal)
            looked_at[kind] += 1
    assert looked_at["c"] > 60
    assert looked_at["n"] > 100
    assert {table for table, *_rest in found} > WITHOUT_A_FORM | {"position", "centre", *FIELDS_OF}


COLUMNS_OF = {name: table.columns.keys() for name, table in Base.metadata.tables.items()}


def not_null_error(table: str, column: str) -> DBAPIError:
    """Return the error with which PostgreSQL refuses a row that lacks a column."""
    diagnosis = SimpleNamespace(constraint_name=None, table_name=table, column_name=column)
    error = Exception()
    error.diag, error.sqlstate = diagnosis, "23502"
    return DBAPIError("", {}, error)


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
    assert response.headers["X-Request-ID"] == error_id
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
