"""Two people delete or enter the same at the same moment: real commits, on a database of their own."""

from __future__ import annotations

import threading
import time

from flask import Flask
from screens import form_of, path
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from conftest import PanelClient
from factories import Factory
from models.organisation import Role


def test_the_second_finds_the_record_gone_and_no_error(fresh_app: Flask) -> None:
    engine = create_engine(fresh_app.extensions["settings"].database_url)
    client = fresh_app.test_client()
    assert isinstance(client, PanelClient)
    with Session(engine) as session:
        make = Factory(session)
        dealer = make.dealer()
        client.log_in(make.staff(Role.SUPERVISOR), session)
        key = dealer.id
    statuses: list[int] = []

    def delete() -> None:
        statuses.append(client.post(path("dealer", "delete"), data={"id": key}).status_code)

    with engine.connect() as first, first.begin():
        first.exec_driver_sql(f"UPDATE dealer SET deleted_at = now(), version = version + 1 WHERE id = {key}")
        second = threading.Thread(target=delete)
        second.start()
        time.sleep(0.5)
        assert not statuses  # it waits for the first
    second.join(10)
    engine.dispose()
    assert statuses == [404]


def test_the_second_to_enter_a_unique_value_keeps_the_draft_and_hears_why(fresh_app: Flask) -> None:
    engine = create_engine(fresh_app.extensions["settings"].database_url)
    client = fresh_app.test_client()
    assert isinstance(client, PanelClient)
    with Session(engine) as session:
        client.log_in(Factory(session).staff(Role.QUALITY_ENGINEER), session)
    page = client.get(path("part", "new"))
    values = form_of(page)
    values["code"], values["name"] = "P1", "控制器"
    answers: list[TestResponse] = []
    second = threading.Thread(target=lambda: answers.append(client.post(path("part", "new"), data=values)))
    with engine.connect() as first, first.begin():
        first.exec_driver_sql("INSERT INTO part (code, name) VALUES ('P1', '电机')")
        second.start()
        time.sleep(0.5)
        assert not answers  # it waits for the first
    second.join(10)
    engine.dispose()
    (answer,) = answers
    assert answer.status_code == 422
    assert answer.text.count('id="code-error"') == 1
    assert 'value="控制器"' in answer.text
