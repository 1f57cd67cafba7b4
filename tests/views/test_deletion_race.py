"""Two people delete the same record at the same moment: real commits, on a database of their own."""

from __future__ import annotations

import threading
import time

from flask import Flask
from screens import path
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

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
